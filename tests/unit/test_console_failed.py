"""What is said of parked messages: masked bodies, differences, what may be edited, dry runs, progress."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts import dispatch
from contracts.cloudevent import CloudEvent, encode
from contracts.event import type_of
from contracts.problem import ContractViolation
from services.console.failed import bodies
from services.console.failed.domain import Group, Plan, Progress, Share, in_vain, step
from services.console.failed.telling import lasting, plan_lines, progress_line

THEN = datetime(2026, 11, 21, 8, tzinfo=UTC)
TICKET = "7K3M-9QXR-2B4D-T8WZ"
INBOUND: dict[str, Any] = {
    "specversion": "1.0", "id": "event-1", "source": "urn:test:hotline",
    "type": "cn.fengge.intake.RequestSubmitted.v1", "time": "2026-11-21T08:00:00Z",
    "data": {
        "external_id": "77", "channel": "hotline_12345", "title": "王小明 13800138000",
        "requester": {"name": "王小明", "phone": "13800138000"}, "category": "noise",
    },
}  # fmt: skip
UNREAD = {"exchange": "gov.inbound", "publisher": "intake", "partitionkey": None, "sequence": 0}


def fact(**said: Any) -> bytes:
    """A fact of dispatch as it is parked."""
    data = {"assignment": "a", "assignee": "zhang", "kind": "grid_officer", "hop": 1} | said
    event: CloudEvent[Any] = CloudEvent(
        specversion="1.0", id=f"{TICKET}.dispatch.1", source="urn:fengge:dispatch",
        type=type_of(dispatch.OfferExpired), time=THEN, data=data, partitionkey=TICKET, sequence="1",
        sequencetype="Integer",
    )  # fmt: skip
    return encode([event])[1]


ORDERED = {
    "exchange": "dispatch.events", "publisher": None, "partitionkey": TICKET, "sequence": 1,
    "source": "urn:fengge:dispatch", "id": f"{TICKET}.dispatch.1",
}  # fmt: skip


def test_a_masked_body_shows_codes_and_moments_and_nobody() -> None:
    shown = bodies.hidden(json.dumps(INBOUND).encode())
    assert all(word in shown for word in ("hotline_12345", "noise", "2026-11-21T08:00:00Z", '"title": "***"'))
    assert not any(word in shown for word in ("王小明", "13800138000"))
    assert TICKET in bodies.hidden(fact())
    assert "zhang" not in bodies.hidden(fact())


@pytest.mark.parametrize("body", [b"\xff\x00{", b"[1, 2", b""])
def test_of_what_is_no_json_only_the_size_is_told(body: bytes) -> None:
    assert f"{len(body)} bytes" in bodies.hidden(body)


NONSENSE = (
    "[13800138000]",
    '{"13800138000": "王小明"}',
    '"王小明"',
    '{"type": 1, "data": []}',
    '{"王小明": 1}',
)


@pytest.mark.parametrize("body", NONSENSE)
def test_nonsense_that_is_json_names_nobody(body: str) -> None:
    shown = bodies.hidden(body.encode())
    assert "王小明" not in shown
    assert "13800138000" not in shown


def test_what_differs_is_named_and_what_a_person_said_is_not_shown() -> None:
    other = json.dumps(INBOUND | {"data": {**INBOUND["data"], "title": "灯", "category": "light"}}).encode()
    found = bodies.difference(json.dumps(INBOUND).encode(), other)
    assert [(each.pointer, each.hidden) for each in found] == [
        ("/data/title", True),
        ("/data/category", False),
    ]
    assert (found[1].before, found[1].after) == ('"noise"', '"light"')
    assert "王小明" not in str(found)
    (title, _) = bodies.difference(json.dumps(INBOUND).encode(), other, open_=True)
    assert (title.before, title.after, title.hidden) == ('"王小明 13800138000"', '"灯"', False)


def test_a_member_that_is_taken_out_is_told_apart_from_one_that_is_null() -> None:
    null = json.dumps(INBOUND | {"data": {**INBOUND["data"], "category": None}}).encode()
    out = json.dumps(
        INBOUND | {"data": {k: v for k, v in INBOUND["data"].items() if k != "category"}}
    ).encode()
    assert [(each.before, each.after) for each in bodies.difference(null, out)] == [("null", bodies.GONE)]


def test_an_edited_body_passes_the_gate_of_its_exchange() -> None:
    assert bodies.passed(UNREAD, json.dumps(INBOUND).encode()) == INBOUND["type"]
    for wrong in (b"{", json.dumps(INBOUND | {"type": "cn.fengge.intake.Nothing.v1"}).encode()):
        with pytest.raises(ContractViolation):
            bodies.passed(UNREAD, wrong)
    assert bodies.passed(ORDERED, fact(hop=2)) == type_of(dispatch.OfferExpired)
    with pytest.raises(ContractViolation):
        bodies.passed(ORDERED, fact(hop="two"))


@pytest.mark.parametrize("member", ["id", "source", "partitionkey", "sequence"])
def test_an_edited_body_stays_the_same_event(member: str) -> None:
    other = json.loads(fact()) | {member: "2"}
    with pytest.raises(ContractViolation, match="stay as they are"):
        bodies.passed(ORDERED, json.dumps(other).encode())


def test_a_group_is_called_the_same_as_long_as_its_cause_is() -> None:
    def group(**more: Any) -> str:
        said: dict[str, Any] = {
            "service": "ticket", "type": "T", "reason": "failing", "cause": "c", "records": 1, "oldest": THEN,
            "newest": THEN, "holds_back": 0, "tickets": 1, "urgent": 0, "some": [],
        }  # fmt: skip
        return Group(**said | more).key

    assert group() == group(records=9, urgent=2)
    assert len({group(), group(cause="d"), group(type="U"), group(service="dispatch")}) == 4


def plan(kind: str, records: int = 40, able: int = 40) -> Plan:
    """A dry run."""
    share = Share(service="ticket", type="T", records=records, able=able, tickets=30, urgent=2, holds_back=12)
    return Plan(kind=kind, rate=10, shares=[share] if records else [], some=[TICKET])


def test_a_dry_run_says_what_would_happen_in_both_languages() -> None:
    zh, en = ("\n".join(each) for each in zip(*plan_lines(plan("retry")), strict=True))
    assert all(word in zh for word in ("重试 40 条", "工单 30 件", "紧急 2 件", TICKET, "约需 4 秒"))
    assert all(word in en for word in ("40 records of 30 tickets (2 urgent)", "12 events", "about 4 s"))
    assert "nothing would happen" in next(plan_lines(plan("retry", 0)))[1]


def test_a_dry_run_of_an_opening_says_what_cannot_be_opened() -> None:
    said = "\n".join(en for _, en in plan_lines(plan("restore", able=33)))
    assert "7 cannot be opened: their tickets have gone on" in said
    assert "cannot" not in "\n".join(en for _, en in plan_lines(plan("restore")))


def progress(**more: Any) -> Progress:
    """A job that runs."""
    said: dict[str, Any] = {
        "id": 3, "kind": "retry", "rate": 10.0, "who": "li", "reason": "r", "undoes": None,
        "state": "running", "trouble": None, "made_at": THEN, "ended_at": None,
        "total": 2000, "done": 500, "left_as_is": 0,
        "came_back": 0, "services": ["ticket"],
    }  # fmt: skip
    return Progress(**said | more)


def test_progress_is_told_in_one_line() -> None:
    assert progress_line(progress()) == (
        "任务 3 重试 进行中：500/2000（25%），还需 2 分钟",
        "job 3 retry running: 500/2000 (25 %), 2 min left",
    )  # fmt: skip
    stopped = progress_line(progress(state="stopped", trouble="in vain", came_back=400, left_as_is=1))[1]
    assert all(word in stopped for word in ("400 parked anew", "mend the cause", "1 left as they were"))
    assert "left" not in progress_line(progress(state="done", done=2000))[1]


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "1 s"), (89, "89 s"), (600, "10 min"), (9000, "2.5 h")])
def test_times_are_told_in_the_unit_that_fits(seconds: float, said: str) -> None:
    assert lasting(seconds)[1] == said


@pytest.mark.parametrize(
    ("done", "came_back", "stops"), [(10, 10, False), (20, 9, False), (20, 10, True), (500, 249, False)]
)
def test_a_retry_in_vain_is_known_by_what_comes_back(done: int, came_back: int, stops: bool) -> None:
    assert in_vain(done, came_back) is stops


def test_a_step_is_small_and_never_nothing() -> None:
    assert (step(0.5), step(50), step(100_000)) == (1, 10, 500)
