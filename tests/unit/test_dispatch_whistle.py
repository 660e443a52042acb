"""Departments are called to the place, arrive or are missed, and are scored afterwards; told as cases."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contracts import dispatch
from contracts.actor import Actor
from contracts.problem import Refusal
from services.dispatch import commands, desk
from services.dispatch.case import Case
from services.dispatch.desk_guards import ARRIVING, MOST_DEPARTMENTS, WHISTLING
from services.dispatch.domain import decide
from services.dispatch.records import CallsDropped, WhistleRecorded
from tests.unit.test_dispatch_domain import (
    NOON,
    OFFICER,
    TICKET,
    accept,
    contact,
    given,
    names,
    option,
    report,
    start,
)
from tests.unit.test_dispatch_objection import TWICE

STREET = Actor(role="supervisor", id="street-1")
FIRE, LAW = (
    replace(option(code, "department"), unit=unit) for code, unit in (("FIRE-1", "fire"), ("LAW-1", "law"))
)
KNOWN = {"fire": FIRE, "law": LAW, "FIRE-1": FIRE, "GO-1": OFFICER}
HOUR = timedelta(hours=1)
BY = NOON + 2 * HOUR


def blow(*departments: str, **said: Any) -> desk.BlowWhistle:
    codes = departments or ("fire", "law")
    told: dict[str, Any] = {
        "actor": STREET, "reason_code": "blocked_exit", "cause": "joint_enforcement", "departments": codes,
        "named": {code: KNOWN[code] for code in codes if code in KNOWN}, "arrive_by": BY,
        "basis": "", "at": NOON,
    }  # fmt: skip
    return desk.BlowWhistle(**told | said)


def arrive(department: str = "fire", at: Any = NOON + HOUR, **said: Any) -> desk.ReportArrival:
    told = {"actor": STREET, "department": department, "arrived_at": at, "at": at} | said
    return desk.ReportArrival(**told)


def miss(at: Any = BY) -> desk.MissArrivals:
    return desk.MissArrivals(at=at)


def test_every_department_is_told_where_and_by_when_and_the_lead_keeps_the_work() -> None:
    state = given(start(), accept(1, "SO-1"))
    facts = decide(state, blow(basis="消防通道被占"))
    assert names(facts) == ["WhistleRecorded", "DepartmentCalled", "DepartmentCalled"]
    assert facts[1] == dispatch.DepartmentCalled(
        whistle=1, assignee="FIRE-1", unit="fire", cause="joint_enforcement", arrive_by=BY,
        reason_code="blocked_exit", by=STREET,
    )  # fmt: skip
    assert "消防" not in repr([fact for fact in facts if not isinstance(fact, WhistleRecorded)])
    called = given(start(), accept(1, "SO-1"), blow())
    assert (called.state, called.assignee, called.arrive_by) == ("accepted", "SO-1", BY)


@pytest.mark.parametrize(
    "happened", [(start(),), (start(), accept(1, "SO-1"), contact(1, "SO-1")), TWICE], ids=len
)
def test_a_whistle_is_blown_in_whatever_state_the_work_is(happened: Any) -> None:
    assert names(decide(given(*happened), blow("fire"))) == ["DepartmentCalled"]


def test_who_arrives_is_there_in_time_or_late_and_is_not_missed() -> None:
    (there,) = decide(given(start(), blow()), arrive())
    assert (there.assignee, there.in_time, there.at, there.by) == ("FIRE-1", True, NOON + HOUR, STREET)
    state = given(start(), blow(), arrive())
    assert names(decide(state, miss())) == ["DepartmentMissed"]
    assert decide(state, miss())[0].assignee == "LAW-1"
    (late,) = decide(given(start(), blow(), miss()), arrive("law", at=BY + HOUR))
    assert not late.in_time


def test_who_is_missing_is_missed_once_and_nobody_before_the_time() -> None:
    state = given(start(), blow())
    assert decide(state, miss(NOON)) == []
    missed = given(start(), blow(), miss())
    assert missed.arrive_by is None
    assert decide(missed, miss(BY + HOUR)) == []


def test_a_department_says_itself_that_it_is_there_by_its_own_code_or_its_unit_s() -> None:
    state = given(start(), blow())
    for own in ("FIRE-1", "fire"):
        (there,) = decide(state, arrive(actor=Actor(role="assignee", id=own)))
        assert there.by.id == own


def test_a_second_whistle_calls_again_whoever_came_to_the_first() -> None:
    state = given(start(), blow("fire"), arrive(), blow("fire", arrive_by=BY + HOUR))
    assert [one.whistle for one in state.calls] == [1, 2]
    (there,) = decide(state, arrive(at=NOON + 2 * HOUR))
    assert there.whistle == 2


def test_nobody_is_missed_where_the_work_is_done_or_the_ticket_over() -> None:
    done = (start(), accept(1, "SO-1"), contact(1, "SO-1"), blow(), report(1, "SO-1"))
    gone = (start(), blow(), commands.WithdrawAssignment(reason="ticket_cancelled"))
    for happened in (done, gone):
        assert decide(given(*happened), miss()) == [CallsDropped()]
        assert given(*happened, miss()).arrive_by is None
        (refusal,) = decide(given(*happened), blow("law"))
        assert isinstance(refusal, Refusal)


def test_who_comes_after_the_work_is_done_did_come() -> None:
    done = given(start(), accept(1, "SO-1"), contact(1, "SO-1"), blow(), report(1, "SO-1"))
    assert names(decide(done, arrive())) == ["DepartmentArrived"]


REFUSED: dict[str, Any] = {
    # guard: the command that it refuses
    "a_desk_speaks": blow(actor=Actor(role="verifier", id="v")),
    "departments_named": blow(departments=[], named={}),
    "departments_known": blow("fire", "GO-1", "nobody"),
    "time_to_arrive": blow("fire", arrive_by=NOON),
    "not_awaited_yet": blow("law"),
    "an_onlooker_speaks": arrive("law", actor=Actor(role="requester", id="r")),
    "awaited": arrive("fire"),
    "itself": arrive("law", actor=Actor(role="assignee", id="fire")),
    "has_happened": arrive("law", arrived_at=NOON + 2 * HOUR),
}
GUARDS = {guard.__name__: guard for guard in (*WHISTLING, *ARRIVING)}


@pytest.mark.parametrize("name", GUARDS)
def test_every_guard_refuses_says_why_and_what_is_allowed(name: str) -> None:
    state = given(start(), blow("law"), blow("fire"), arrive("fire"))
    (refusal,) = decide(state, REFUSED[name])
    assert isinstance(refusal, Refusal)
    assert refusal.detail == GUARDS[name](state, REFUSED[name])
    assert {"BlowWhistle", "ReportArrival"} <= set(refusal.allowed)


def test_a_refusal_names_departments_that_are_none_and_who_is_awaited() -> None:
    state = given(start(), blow("law"))
    assert decide(state, blow("GO-1", "nobody"))[0].detail == "the directory has no department GO-1, nobody"
    assert decide(state, blow("fire", "FIRE-1"))[0].detail == "a department is named twice"
    assert decide(state, blow("law", "fire"))[0].detail == "LAW-1 was called already and is awaited"


def test_only_so_many_departments_are_awaited_at_once() -> None:
    many = {f"d{n}": option(f"D-{n}", "department") for n in range(MOST_DEPARTMENTS + 1)}
    full = blow(*list(many)[:-1], named=dict(list(many.items())[:-1]))
    assert len(decide(given(start()), full)) == MOST_DEPARTMENTS
    (refusal,) = decide(given(start(), full), blow("fire"))
    assert "at most 10 departments" in refusal.detail


def test_a_whistle_for_a_ticket_that_nobody_knows_is_refused() -> None:
    for command in (blow(), arrive()):
        (refusal,) = decide(Case(id=TICKET), command)
        assert (refusal.status, refusal.problem) == (404, "unknown-ticket")
