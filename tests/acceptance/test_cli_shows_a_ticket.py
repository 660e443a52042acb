"""An operator looks at tickets, sees to what is parked, and imports a directory."""

import json
from pathlib import Path
from uuid import uuid4

import pika
import pytest

from cli.say import width
from contracts.numbering import ticket_number
from tests.acceptance.conftest import Fengge, eventually

HEADER = "external_id,channel,source,title,body,category,grid\n"


@pytest.fixture(scope="module")
def number(fengge: Fengge, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ticket that has been offered to somebody who is in no hurry."""
    external_id = f"CLI-{uuid4()}"
    sheet = tmp_path_factory.mktemp("cli") / "one.csv"
    sheet.write_text(
        HEADER + f"{external_id},resident,/cli/test,楼道灯坏了,三楼,street_light,99010100100201001\n"
    )
    assert fengge.json("publish", str(sheet)) == {"confirmed": 1, "refused": []}
    found = ticket_number("/cli/test", external_id)
    eventually(
        lambda: any(row["id"] == found for row in fengge.json("ticket", "list", "--state", "dispatching"))
    )
    return found


def test_a_ticket_is_shown_with_its_holder_the_reason_and_every_event(fengge: Fengge, number: str) -> None:
    said = fengge("ticket", "show", number.lower().replace("-", ""))
    assert said.startswith(f"{number}  dispatching 派单中")
    parts = ("Who holds it and why", "department", "which stands until", "candidate", "score", "OfferMade")
    for words in parts:
        assert words in said
    document = fengge.json("ticket", "show", number)
    assert document["explanation"]["candidates"][0]["score"] > 0
    assert [event["sequence"] for event in document["history"] if event["source"].endswith(":ticket")] == [
        1,
        2,
        3,
    ]


def test_a_deadline_is_explained_by_policy_days_and_what_is_left(fengge: Fengge, number: str) -> None:
    said = fengge("ticket", "deadline", number)
    for words in (
        "handling 办理: due",
        "policy handling, version 1: 15d",
        "Asia/Shanghai",
        "is running, in time",
    ):
        assert words in said
    (deadline,) = fengge.json("ticket", "deadline", number)["deadlines"]
    assert (deadline["kind"], deadline["span"], deadline["ended_at"]) == ("handling", "15d", None)
    assert -15 * 86400 < deadline["over"] < -14 * 86400


def test_neither_words_nor_contact_of_the_requester_are_shown(fengge: Fengge, number: str) -> None:
    assert "楼道灯坏了" not in fengge("ticket", "show", number) + fengge("ticket", "list")


def test_columns_stand_under_each_other_in_chinese_too(fengge: Fengge, number: str) -> None:
    lines = fengge("ticket", "list", "--category", "street_light").splitlines()
    assert number in lines[2]
    assert width(lines[0][: lines[0].index("state")]) == width(lines[2][: lines[2].index("dispatching")])


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("ticket", "show", "7K3M-9QXR-2B4D-T8WZ"), 1, "There is no ticket 7K3M-9QXR-2B4D-T8WZ"),
        (("parked", "show", "ticket:999999"), 1, "there is no parked record 999999"),
        (("parked", "show", "kitchen:1"), 2, "not like ticket:12"),
        (("parked", "archive", "ticket:1"), 2, "--reason"),
        (("ticket", "list", "--state", "lost"), 2, "lost"),
        (("import", "nowhere.csv"), 2, "nowhere.csv"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_status(
    fengge: Fengge, words: tuple[str, ...], status: int, said: str
) -> None:
    assert said in fengge(*words, status=status)


def test_a_house_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    assert "make up" in Fengge(tmp_path)("ticket", "list", status=1)
    assert "nothing runs" in Fengge(tmp_path)("status", status=1)


def test_an_import_names_file_line_column_and_reason(fengge: Fengge, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("code,kind,name,cell\nX1,grid_officer,李,NOWHERE\n")
    said = fengge("import", str(tmp_path / "people.csv"), status=1)
    assert "people.csv, line 2, column cell (负责网格): unknown grid 'NOWHERE'" in said
    assert fengge.json("import", str(tmp_path), status=1)["ok"] is False


def test_a_file_with_one_bad_event_is_not_published_at_all(fengge: Fengge, tmp_path: Path) -> None:
    lines = tmp_path / "events.jsonl"
    good = {
        "specversion": "1.0",
        "id": "1",
        "source": "/cli/test",
        "type": "cn.fengge.intake.RequestCancelled.v1",
        "time": "2026-11-16T08:00:00Z",
        "data": {"ticket": "7K3M-9QXR-2B4D-T8WZ"},
    }
    lines.write_text(json.dumps(good) + "\n" + json.dumps(good | {"data": {"ticket": "?"}}) + "\n")
    said = fengge("publish", str(lines), status=1)
    assert "events.jsonl, line 2: data: /data/ticket" in said
    assert "Nothing was published." in said


@pytest.fixture
def parked(fengge: Fengge) -> str:
    """A parked record of the ticket service."""
    endpoints = json.loads((fengge.run / "endpoints.json").read_text())
    before = {row["record"] for row in fengge.json("parked", "list")}
    with pika.BlockingConnection(pika.URLParameters(endpoints["broker"]["users"]["intake"])) as connection:
        properties = pika.BasicProperties(
            content_type="application/cloudevents+json", message_id=str(uuid4())
        )
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish("gov.inbound", "request.x", b"not json: 13800001000", properties)
    new = eventually(lambda: {row["record"] for row in fengge.json("parked", "list")} - before)
    return str(new.pop())


def test_a_parked_record_is_shown_masked_retried_and_archived(fengge: Fengge, parked: str) -> None:
    assert "13800001000" not in fengge("parked", "show", parked) + fengge("parked", "list")
    assert "--body needs --purpose" in fengge("parked", "show", parked, "--body", status=2)
    assert "not json: 13800001000" in fengge("parked", "show", parked, "--body", "--purpose", "repair")
    assert fengge.json("parked", "archive", parked, "--reason", "test message")["state"] == "archived"
    shown = fengge.json("parked", "show", parked)
    assert [(entry["what"], entry["reason"]) for entry in shown["history"]] == [
        ("shown", "repair"),
        ("archived", "test message"),
    ]
    assert "already archived" in fengge("parked", "retry", parked, "--reason", "again", status=1)
    assert parked not in {row["record"] for row in fengge.json("parked", "list")}


def test_a_resident_sees_the_steps_and_no_score(fengge: Fengge, number: str) -> None:
    said = fengge("ticket", "show", number, "--view", "resident")
    assert "TicketAccepted" in said
    assert not [word for word in ("candidate", "score", "OfferMade") if word in said]
    document = fengge.json("ticket", "show", number, "--view", "resident")
    assert {"id", "state", "due_at"} <= document["ticket"].keys()


def test_the_table_of_moves_is_printed(fengge: Fengge) -> None:
    assert "ApproveSuspension" in fengge("ticket", "transitions")
    assert fengge("ticket", "transitions", "--format", "mermaid").startswith("stateDiagram-v2")
    assert {row["number"] for row in fengge.json("ticket", "transitions")} >= set(range(1, 22))
