"""An operator finds, joins and parts tickets about the same; the running house plays them to the end."""

from uuid import uuid4

import pytest

from contracts.numbering import ticket_number
from tests.acceptance.conftest import Fengge, eventually

HEADER = "external_id,channel,source,title,body,category,grid,requester_phone\n"
BODY = "楼道三层的灯坏了一个多星期，晚上老人上下楼看不清台阶，请尽快安排人来看一看"


@pytest.fixture(scope="module")
def numbers(fengge: Fengge, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A ticket, a copy by somebody else, and one with nearly the same words."""
    tag = str(uuid4())
    bodies = [f"{BODY} {tag}", f"{BODY}。{tag}", f"{BODY} {tag} 谢谢"]
    folder = tmp_path_factory.mktemp("cli")
    found = [ticket_number("/cli/same", f"{tag}-{n}") for n in range(3)]
    for n, body in enumerate(bodies):
        sheet = folder / f"{n}.csv"
        said = f"{tag}-{n},resident,/cli/same,楼道灯,{body},street_light,99010100100201001,1380013800{n}\n"
        sheet.write_text(HEADER + said)
        fengge("publish", str(sheet))
        eventually(lambda n=n: found[n] in fengge("ticket", "list", "--all"))  # type: ignore[misc]
    eventually(lambda: fengge.json("ticket", "show", found[0])["followers"] == [found[1]])
    return found


def test_a_copy_follows_and_both_are_shown(fengge: Fengge, numbers: list[str]) -> None:
    first, copy, _ = numbers
    said = fengge("ticket", "show", copy)
    assert "merged 已并单" in said
    assert f"whoever holds {first}, which it follows" in said
    assert f"followed by     {copy}" in fengge("ticket", "show", first)
    assert fengge.json("ticket", "show", copy)["primary"] == first


def test_what_sounds_alike_is_listed_merged_and_parted_by_a_person(
    fengge: Fengge, numbers: list[str]
) -> None:
    first, _, alike = numbers
    eventually(lambda: alike in fengge("ticket", "duplicates"))
    (row,) = [row for row in fengge.json("ticket", "duplicates") if row["id"] == alike]
    assert first in [each["ticket"] for each in row["data"]["alike"]]
    assert (
        fengge("ticket", "merge", alike, "--into", first, "--by", "desk-07") == f"{alike} follows {first}\n"
    )
    assert "already" in fengge("ticket", "merge", alike, "--into", first, "--by", "desk-07", status=1)
    eventually(lambda: alike in fengge.json("ticket", "show", first)["followers"])
    fengge("ticket", "unmerge", alike, "--by", "desk-07")
    eventually(lambda: alike not in fengge.json("ticket", "show", first)["followers"])
    eventually(lambda: fengge.json("ticket", "show", alike)["ticket"]["state"] == "dispatching")
    fengge("audit")
