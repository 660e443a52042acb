"""A day of requests: each is closed, open or parked at the end, and the house keeps its own figures."""

from pathlib import Path

from tests.acceptance.conftest import Fengge

DIRTY = """msg_id,title,time,body,level1
A1,水,2019/2/28 11:25:05,楼上漏水,城乡建设
A2,长信,2017-06-08 17:31:20.000001,{long},环境保护
A3,,2019/12/1 9:05:00,没有标题的来信,
A4,{wide},2020/1/2 3:04:05,标题太长,交通运输
"""


def test_every_request_of_a_day_is_accounted_for(fengge: Fengge) -> None:
    before = fengge.json("report", "--by", "all")
    document = fengge.play("--n", "40")
    assert document == fengge.demo
    assert document["accepted"] == 40 == document["closed"] + document["open"] + document["parked"]
    assert (document["lost"], document["doubled"], document["faults"]) == (0, 0, [])
    assert document["states"].get("closed", 0) > 20
    assert document["rated"] + document["unrated"] == document["states"]["closed"]
    assert len(document["by_assignee_kind"]) > 4
    after = fengge.json("report", "--by", "all")
    counted = {
        key: after[0]["counts"][key] - before[0]["counts"][key] for key in ("cases", "closed", "rated")
    }
    assert counted == {"cases": 40, "closed": document["states"]["closed"], "rated": document["rated"]}


def test_real_dirt_is_taken_as_it_comes(fengge: Fengge, tmp_path: Path) -> None:
    sheet = tmp_path / "messages.csv"
    sheet.write_text(DIRTY.format(long="河" * 12_220, wide="长" * 501), encoding="utf-8")
    document = fengge.play("--n", "4", "--data", str(sheet))
    assert document["accepted"] == 3 == document["closed"] + document["open"] + document["parked"]
    assert document["not_sent"] == 1  # a title of 501 characters breaks the contract before it is sent
