"""A hotline's messages become intake events, and what is unclear is told in its own words."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import intake
from contracts.cloudevent import CloudEvent
from contracts.hotline.inward import event_of
from contracts.hotline.reading import read
from contracts.numbering import ticket_number
from contracts.problem import ContractViolation

CITY = read(Path(__file__).parents[2] / "directory" / "hotlines" / "kangning.toml")
NOW = datetime(2026, 11, 21, 1, tzinfo=UTC)
NUMBER = ticket_number(CITY.source, "KN1")
ORDER: dict[str, Any] = {
    "业务类型": "派单",
    "工单编号": "KN1",
    "工单类型": "诉求",
    "一级分类": "城市管理",
    "二级分类": "市政设施",
    "三级分类": "路灯",
    "标题": "路灯不亮",
    "主要内容": "三天了",
    "来电人": "王女士",
    "电话": "139 0000 2001",
    "被反映区": "康宁区",
    "街乡镇": "七里康乐街道",
    "社区": "蜂巢社区",
    "小区点位": "康乐花园",
    "紧急程度": "紧急",
    "办理时限": "2026-11-28 18:00:00",
    "主办": "街道综合行政执法队",
    "协办": "",
    "发送时间": "2026-11-21 08:12:05",
}


def said(kind: str, **more: Any) -> CloudEvent[Any]:
    return event_of(CITY, {"业务类型": kind, "工单编号": "KN1", **more}, NOW)


def refused(raw: dict[str, Any]) -> ContractViolation:
    with pytest.raises(ContractViolation) as found:
        event_of(CITY, raw, NOW)
    return found.value


def test_a_work_order_is_a_request_with_all_that_the_hotline_knows() -> None:
    event = event_of(CITY, ORDER, NOW)
    order: Any = event.data
    assert isinstance(order, intake.RequestSubmitted)
    assert (order.external_id, order.channel, order.title) == ("KN1", "hotline_12345", "路灯不亮")
    assert (order.category, order.severity, order.grid) == ("street_light", "urgent", "99010100100201")
    assert order.address == "康宁区七里康乐街道蜂巢社区康乐花园"
    assert order.requester == intake.Requester(name="王女士", phone="139 0000 2001")
    assert order.body.splitlines() == [
        "三天了", "工单类型：诉求", "办理时限：2026-11-28 18:00:00", "主办：街道综合行政执法队",
    ]  # fmt: skip
    assert (event.source, event.partitionkey) == (CITY.source, NUMBER)
    assert event.time == datetime(2026, 11, 21, 0, 12, 5, tzinfo=UTC)


def test_what_an_order_does_not_say_is_left_to_the_desk() -> None:
    bare = {"业务类型": "派单", "工单编号": 7, "主要内容": "\u00a0请问食堂几点开门？\u3000"}
    order: Any = event_of(CITY, bare, NOW).data
    assert (order.external_id, order.title, order.body) == ("7", "请问食堂几点开门？", "请问食堂几点开门？")
    assert (order.category, order.severity, order.grid) == (None, "general", None)
    assert order.requester is order.address is order.location is None


def test_of_a_category_or_a_place_the_longest_known_beginning_counts() -> None:
    farther = ORDER | {"二级分类": "环境卫生", "三级分类": "小广告", "小区点位": "康乐花园/3栋"}
    order: Any = event_of(CITY, farther, NOW).data
    assert (order.category, order.grid) == ("garbage", "99010100100201")
    elsewhere: Any = event_of(CITY, ORDER | {"一级分类": "其他", "社区": "别处"}, NOW).data
    assert (elsewhere.category, elsewhere.grid) == (None, None)


def test_coordinates_are_those_of_the_citys_maps() -> None:
    order: Any = event_of(CITY, ORDER | {"经度": "117.227239", "纬度": 31.820587}, NOW).data
    assert order.location == intake.Location(lon=117227239, lat=31820587, datum="gcj02")


SAID: list[tuple[str, dict[str, Any], type[Any], dict[str, Any], str | None]] = [
    ("催办", {}, intake.ReminderSent, {}, "operator"),
    (
        "督办",
        {"原因": "群众多次来电"},
        intake.SupervisionOrdered,
        {"reason_code": "repeated_calls", "escalated": False},
        "supervisor",
    ),
    ("提级督办", {}, intake.SupervisionOrdered, {"reason_code": "hotline", "escalated": True}, "supervisor"),
    (
        "改派",
        {"承办单位": "街道城市建设办公室", "原因": "责任已明确"},
        intake.ObjectionRuled,
        {"assignee": "DEP-ZJ", "reason_code": "duty_is_clear"},
        "adjudicator",
    ),
    (
        "撤单",
        {"原因": "群众撤诉"},
        intake.RequestCancelled,
        {"reason_code": "no_longer_needed", "confirmed": True},
        "operator",
    ),
    ("退单退回", {}, intake.DeclineObjected, {}, "operator"),
    (
        "退回重办",
        {"满意度": "不满意"},
        intake.ReopeningAsked,
        {"resolved": "no", "satisfaction": "dissatisfied"},
        "operator",
    ),
    (
        "回访结果",
        {"是否解决": "部分解决", "满意度": "基本满意", "原因": "自由填写"},
        intake.CallbackMade,
        {
            "outcome": "reached_rated",
            "resolved": "partly",
            "satisfaction": "basically_satisfied",
            "reason": "other",
        },
        "operator",
    ),
    (
        "回访结果",
        {"回访情况": "无人接听"},
        intake.CallbackMade,
        {"outcome": "no_answer", "resolved": None},
        "operator",
    ),
    (
        "延期审核",
        {"审核结果": "同意"},
        intake.ExtensionDecided,
        {"approved": True, "reason_code": None},
        "supervisor",
    ),
    (
        "延期审核",
        {"审核结果": "不同意"},
        intake.ExtensionDecided,
        {"approved": False, "reason_code": "hotline"},
        "supervisor",
    ),
    ("补充信息", {"补充内容": "在3栋"}, intake.InformationGiven, {"words": "在3栋"}, "operator"),
    (
        "备注",
        {"补充内容": "已告知市民"},
        intake.CommentAdded,
        {"words": "已告知市民", "internal": True},
        "operator",
    ),
]


@pytest.mark.parametrize(("word", "more", "kind", "members", "role"), SAID)
def test_what_a_hotline_says_of_its_order(
    word: str, more: dict[str, Any], kind: type[Any], members: dict[str, Any], role: str
) -> None:
    event = said(word, **more)
    assert type(event.data) is kind
    assert event.data.ticket == event.partitionkey == NUMBER
    assert {name: getattr(event.data, name) for name in members} == members
    assert (event.data.actor.role, event.data.actor.id) == (role, CITY.speaker)


def test_every_unit_that_is_added_gets_a_part_at_the_place_of_the_order() -> None:
    place = {name: ORDER[name] for name in ("被反映区", "街乡镇", "社区", "小区点位")}
    event = said("加派", 承办单位="街道综合行政执法队、街道城市建设办公室", **place)
    assert [(part.category, part.grid) for part in event.data.parts] == [
        ("street_light", "99010100100201"), ("manhole", "99010100100201"),
    ]  # fmt: skip


def test_the_same_message_is_the_same_event_and_another_is_another() -> None:
    first, again = said("催办", 发送时间="2026-11-21 09:00:00"), said("催办", 发送时间="2026-11-21 09:00:00")
    later = said("催办", 发送时间="2026/11/21 10:00:00")
    assert first.id == again.id != later.id
    assert event_of(CITY, ORDER, NOW).id == event_of(CITY, ORDER | {"标题": "别的"}, NOW).id == "KN1/order"
    assert said("催办", 消息编号="M-77").id == "M-77"


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no number": ({"业务类型": "派单", "标题": "x"}, "/工单编号", "missing"),
    "no kind": ({"工单编号": "KN1"}, "/业务类型", "missing"),
    "an unknown kind": (ORDER | {"业务类型": "抄送"}, "/业务类型", "knows no '抄送'; it knows 派单、催办"),
    "no words at all": (ORDER | {"标题": " ", "主要内容": None}, "/标题", "no words to take its place"),
    "an unknown severity": (ORDER | {"紧急程度": "火急"}, "/紧急程度", "一般、紧急、特急"),
    "a number in the wrong column": (ORDER | {"紧急程度": "13900002001"}, "/紧急程度", "knows no '***'"),
    "a title that is a book": (ORDER | {"标题": "长" * 501}, "/标题", "between 1 and 500"),
    "a phone that is a list": (ORDER | {"电话": ["1"]}, "/电话", "neither text nor a number"),
    "a phone that is too long": (ORDER | {"电话": "1" * 41}, "/电话", "Longer than maximum length 40"),
    "no moment": (ORDER | {"发送时间": "昨天"}, "/发送时间", "%Y-%m-%d %H:%M:%S"),
    "no degrees": (ORDER | {"经度": "nan", "纬度": "31"}, "/经度", "no degrees"),
    "an unknown unit": (
        {"业务类型": "加派", "工单编号": "KN1", "承办单位": "园林局"},
        "/承办单位",
        "no unit '园林局'",
    ),
    "a part nowhere": (
        {"业务类型": "加派", "工单编号": "KN1", "承办单位": "街道综合行政执法队"},
        "/承办单位",
        "no category and grid",
    ),
    "a call of which nothing is said": ({"业务类型": "回访结果", "工单编号": "KN1"}, "/回访情况", "missing"),
    "no decision": ({"业务类型": "延期审核", "工单编号": "KN1"}, "/审核结果", "missing"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_unclear_is_told_by_the_citys_own_field(what: str) -> None:
    raw, pointer, why = WRONG[what]
    wrong = refused(raw)
    assert (wrong.problem, wrong.status, wrong.errors[0].pointer) == ("mapping", 422, pointer)
    assert why in wrong.errors[0].detail
    assert wrong.about["source"] == CITY.source


MORE = (
    "原因",
    "承办单位",
    "经度",
    "纬度",
    "补充内容",
    "审核结果",
    "消息编号",
    "是否解决",
    "满意度",
    "回访情况",
)
FIELDS = sorted({*ORDER, *MORE})
WORDS = sorted({*CITY.messages, *CITY.severity, *CITY.resolved, *CITY.units, "2026-11-21 08:12"})
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False)
    | st.text(max_size=20) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), VALUES, max_size=12))
def test_whatever_comes_is_an_event_or_is_told_why_it_is_none(raw: dict[str, Any]) -> None:
    for message in (raw, {"业务类型": "派单", "工单编号": "KN1", **raw}):
        found = _event_or_why(message)
        if isinstance(found, CloudEvent):
            assert found.source == CITY.source
        else:
            assert (found.problem, found.status, bool(found.errors)) == ("mapping", 422, True)
            assert "\\u0000" not in json.dumps(found.about)


def _event_or_why(message: dict[str, Any]) -> CloudEvent[Any] | ContractViolation:
    try:
        return event_of(CITY, message, NOW)
    except ContractViolation as wrong:
        return wrong


def test_a_message_that_is_too_large_as_an_event_is_told_so() -> None:
    kept = {"工单类型": "长" * 400_000}
    wrong = refused(ORDER | kept)
    assert (wrong.problem, wrong.status) == ("too-large", 413)
    assert refused(ORDER | {"工单编号": "长" * 129}).errors[0].pointer == "/工单编号"
    assert refused(ORDER | {"消息编号": "长" * 129}).errors[0].pointer == "/消息编号"


def test_what_is_refused_can_be_written_down() -> None:
    wrong = refused({"业务类型": "催办", "工单编号": "KN\x001", "发送时间": "2026-11-21 09:00"})
    assert "\x00" not in wrong.about["id"]
