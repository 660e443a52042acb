"""A thousand people claim one ticket at once, in a running house: one has it, the others are told."""

import json
from collections import Counter
from pathlib import Path
from uuid import uuid4

from contracts import intake
from contracts.numbering import ticket_number
from contracts.publisher import INSIDE, Publisher
from tests.acceptance.conftest import Fengge, eventually

SOURCE, CELL = "/claims/app", "99010100100201099"
CROWD = 1000


def crowd(fengge: Fengge, folder: Path) -> list[str]:
    """A new compound with a thousand Party members."""
    codes = [f"CLAIM-{n:04}" for n in range(CROWD)]
    (folder / "grids.csv").write_text(f"code,parent,level,name\n{CELL},990101001002,compound,抢单小区\n")
    rows = "".join(f"{code},party_member,某,{CELL},errand\n" for code in codes)
    (folder / "people.csv").write_text("code,kind,name,cell,skills\n" + rows)
    fengge("import", str(folder))
    return codes


def test_exactly_one_has_it_and_everybody_else_gets_a_clear_answer(fengge: Fengge, tmp_path: Path) -> None:
    codes = crowd(fengge, tmp_path)
    url = json.loads((fengge.run / "endpoints.json").read_text())["broker"]["users"]["intake"]
    with Publisher(url, source=SOURCE, exchange=INSIDE) as line:
        external_id = str(uuid4())
        line.submit(
            intake.RequestSubmitted(
                external_id=external_id, channel="resident", title="代买药", category="shopping", grid=CELL
            )
        )
        number = ticket_number(SOURCE, external_id)
        opened = eventually(lambda: facts(fengge, number, "ClaimOpened"))[0]
        said = [
            intake.OfferClaimed(ticket=number, assignment=opened["assignment"], assignee=code)
            for code in codes
        ]
        assert line.submit_many(said) == CROWD
        told: Counter[str] = Counter()
        for reply in line.replies(timeout=40):
            if reply.ticket == number:
                told[reply.detail] += 1
            if told.total() == CROWD - 1:
                break
        assert told == {"somebody was faster": CROWD - 1}
    (taken,) = facts(fengge, number, "AssignmentAccepted")
    assert taken["assignee"] in codes
    assert not facts(fengge, number, "OfferMade")
    assert taken["assignee"] in fengge("ticket", "show", number)


def facts(fengge: Fengge, number: str, name: str) -> list[dict[str, str]]:
    """The facts of this name, once the ticket is known."""
    if not any(row["id"] == number for row in fengge.json("ticket", "list", "--all", "--grid", CELL)):
        return []
    history = fengge.json("ticket", "show", number)["history"]
    return [one["data"] for one in history if one["type"].split(".")[-2] == name]
