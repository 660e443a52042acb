"""Facts become a hotline's messages in its own fields and words; nothing personal has a way into them."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.event import type_of
from contracts.hotline.members import EVENTS, OUT
from contracts.hotline.outward import message_of
from contracts.hotline.reading import read
from contracts.public import PERSONAL

CITY = read(Path(__file__).parents[2] / "directory" / "hotlines" / "kangning.toml")
NO = "7K3M-9QXR-2B4D-T8WZ"
ALWAYS = {"ticket": NO, "number": "KN1", "time": "2026-11-21T00:12:05Z"}


def told(fact: str, **members: Any) -> dict[str, str]:
    event = EVENTS[fact]  # type: ignore[index]
    found = message_of(CITY, type_of(event), ALWAYS | members)
    assert found
    assert found.pop("工单编号") == "KN1"
    assert (found.pop("承办编号"), found.pop("发送时间")) == (NO, "2026-11-21 08:12:05")
    return found


TOLD: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("TicketAccepted", {"severity": "urgent", "category": "x"}, {"业务类型": "签收", "紧急程度": "紧急"}),
    ("TicketDeclined", {"reason_code": "not_our_duty", "statutory_path": "请向仲裁委申请"},
     {"业务类型": "退单申请", "退单原因": "职责不符", "政策依据": "请向仲裁委申请"}),
    ("TicketTransferred", {"reason_code": "of_their_own", "line": "119"},
     {"业务类型": "退单申请", "退单原因": "of_their_own", "移交专线": "119"}),
    ("ExtensionRequested", {"span": "3wd", "reason_code": "joint_work"},
     {"业务类型": "延期申请", "延期时长": "3wd", "延期原因": "需多部门配合"}),
    ("TicketHandled",
     {"resolved": "partly", "unresolved_reason": "long_works", "answer": "已更换灯泡", "on_time": False,
      "contacted_at": "2026-11-21T01:00:00Z"},
     {"业务类型": "办理结果", "是否解决": "部分解决", "未解决原因": "施工周期长",
      "公开答复内容": "已更换灯泡",
      "联系时间": "2026-11-21 09:00:00", "是否按时": "否"}),
    ("TicketClosed", {"resolved": None, "satisfaction": None}, {"业务类型": "结案"}),
    ("RatingSubmitted", {"resolved": "yes", "satisfaction": "basically_satisfied", "reason": None},
     {"业务类型": "评价", "是否解决": "已解决", "满意度": "基本满意"}),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "members", "message"), TOLD)
def test_a_fact_is_told_in_the_citys_words(
    fact: str, members: dict[str, Any], message: dict[str, str]
) -> None:
    assert told(fact, **members) == message


def test_what_a_city_does_not_ask_for_is_not_told() -> None:
    assert message_of(CITY, type_of(EVENTS["FirstContactMade"]), ALWAYS) is None
    assert message_of(CITY, "cn.fengge.webhook.Test.v1", ALWAYS) is None
    silent = msgspec.structs.replace(CITY, out=None)
    assert message_of(silent, type_of(EVENTS["TicketClosed"]), ALWAYS) is None


@pytest.mark.parametrize("fact", OUT)
def test_no_message_can_name_a_person(fact: str) -> None:
    members = set(OUT[fact])  # type: ignore[index]
    assert not members & PERSONAL
    ours = {field.name for field in msgspec.structs.fields(EVENTS[fact])}  # type: ignore[index]
    assert members - ours <= {"ticket", "number", "time", "answer", "contacted_at"}
