"""The life of a standing order: given its plan, when its time comes or somebody speaks, then these visits."""

import random
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chassis.fold import fold
from chassis.model import Model, Stimulus
from contracts import ticket
from contracts.event import Event
from contracts.problem import Refusal
from services.ticket import domain, store
from services.ticket.domain import decide, evolve
from services.ticket.moves import KNOWN
from services.ticket.orders import (
    SOURCE,
    ChangeStandingOrder,
    CheckVisit,
    EndStandingOrder,
    OpenStandingOrder,
    PauseStandingOrder,
    PlanVisits,
    ResumeStandingOrder,
    StandingOrder,
    Visit,
)
from services.ticket.recurrence import visits
from services.ticket.state import Intake
from services.ticket.visits import UNANSWERED, UNSEEN, registered
from tests.unit.ticketing import CALENDAR, DAY, NOW, PLAN, RULES, Known, order, order_in, ticket_in

DAILY = replace(PLAN, rule="FREQ=DAILY", at="16:00")
"""At NOW: 16:00 in China on a Monday."""
ALONE = replace(DAILY, lives_alone=True, confirm_within=45)


def plan_at(at: datetime) -> PlanVisits:
    return PlanVisits(at=at, rules=RULES, calendar=CALENDAR)


def after(state: Any, *commands: Any) -> Any:
    for command in commands:
        for fact in decide(state, command):
            assert not isinstance(fact, Refusal), fact
            state = evolve(state, fact)
    return state


def opened(plan: Any = PLAN) -> StandingOrder:
    before = order_in("new")
    order_: StandingOrder = after(before, order(OpenStandingOrder, "operator", NOW - DAY, plan=plan))
    return order_


def published(facts: list[Any]) -> list[Any]:
    return [fact for fact in facts if isinstance(fact, Event)]


def test_an_order_says_when_the_first_visit_is_and_keeps_its_words_to_itself() -> None:
    said = order(OpenStandingOrder, "operator", intake=Intake(title="王奶奶取药", body="电话13800138000"))
    facts = decide(order_in("new"), said)
    (told,) = published(facts)
    assert (told.next_at, told.plan) == (datetime(2026, 11, 30, 1, 30, tzinfo=NOW.tzinfo), PLAN)
    assert "13800138000" not in repr(told)
    assert "王奶奶" not in repr(told)


def test_a_visit_is_due_at_its_time_and_once() -> None:
    before = opened(DAILY)
    assert before.due_at == NOW
    assert published(decide(before, plan_at(NOW - timedelta(seconds=1)))) == []
    (due,) = published(decide(before, plan_at(NOW)))
    assert (due.visit_at, due.confirm_by) == (NOW, None)
    then = after(before, plan_at(NOW))
    assert (then.seen, then.due_at) == (NOW, NOW + DAY)
    assert published(decide(then, plan_at(NOW))) == []


def test_a_ticket_is_opened_as_much_ahead_as_the_plan_says() -> None:
    before = opened(replace(DAILY, ahead=90))
    assert before.due_at == NOW - timedelta(minutes=90)
    (due,) = published(decide(before, plan_at(before.due_at)))
    assert due.visit_at == NOW


def test_after_a_standstill_what_is_not_too_old_is_opened_and_the_rest_told() -> None:
    late = NOW + timedelta(hours=23)
    assert [type(fact) for fact in published(decide(opened(DAILY), plan_at(late)))] == [ticket.VisitDue]
    very_late = NOW + 3 * DAY + timedelta(hours=1)
    told = published(decide(opened(DAILY), plan_at(very_late)))
    assert [type(fact).__name__ for fact in told] == ["VisitSkipped"] * 3 + ["VisitDue"]
    weekly = published(decide(opened(replace(PLAN, at="16:00")), plan_at(very_late)))
    assert [type(fact).__name__ for fact in weekly] == ["VisitSkipped"]


def test_whoever_lives_alone_is_visited_however_late_it_is_and_has_the_whole_time_to_be_found() -> None:
    very_late = NOW + 3 * DAY
    alone = replace(ALONE, rule="FREQ=WEEKLY;BYDAY=MO")
    (due,) = published(decide(opened(alone), plan_at(very_late)))
    assert (due.visit_at, due.confirm_by) == (NOW, very_late + timedelta(minutes=45))
    by_policy = replace(alone, confirm_within=None)
    (due,) = published(decide(opened(by_policy), plan_at(NOW)))
    assert due.confirm_by == NOW + timedelta(minutes=60)


def test_no_visit_of_a_pause_ever_becomes_due() -> None:
    paused = after(opened(DAILY), order(PauseStandingOrder, "operator", NOW - DAY / 2))
    assert (paused.state, paused.due_at) == ("paused", None)
    assert decide(paused, plan_at(NOW + DAY)) == []
    resumed = after(paused, order(ResumeStandingOrder, "grid_officer", NOW + DAY / 2))
    assert (resumed.state, resumed.due_at) == ("active", NOW + DAY)


@pytest.mark.parametrize("kind", [PauseStandingOrder, EndStandingOrder, ChangeStandingOrder])
def test_what_was_due_before_somebody_spoke_is_due_all_the_same(kind: Any) -> None:
    facts = published(decide(opened(DAILY), order(kind, "operator", NOW + timedelta(hours=1), plan=PLAN)))
    assert [type(fact) for fact in facts[:-1]] == [ticket.VisitDue]


def test_another_plan_holds_from_now_on_and_opens_nothing_that_is_over() -> None:
    earlier = order(ChangeStandingOrder, "operator", NOW - DAY / 2, plan=replace(DAILY, at="03:00"))
    then = after(opened(DAILY), earlier)
    assert then.due_at > earlier.at
    paused = after(then, order(PauseStandingOrder, "operator", earlier.at))
    assert after(paused, replace(earlier, plan=PLAN)).due_at is None


def test_a_visit_that_was_opened_ahead_is_not_opened_again_by_another_plan() -> None:
    ahead = after(opened(replace(DAILY, ahead=120)), plan_at(NOW - timedelta(hours=1)))
    then = after(ahead, order(ChangeStandingOrder, "operator", NOW - timedelta(minutes=30), plan=DAILY))
    assert then.due_at == NOW + DAY


def test_with_its_last_visit_an_order_ends_by_itself() -> None:
    facts = published(decide(opened(replace(DAILY, ends_on="2026-11-23")), plan_at(NOW)))
    assert [type(fact).__name__ for fact in facts] == ["VisitDue", "StandingOrderEnded"]
    assert facts[-1].by is None
    assert after(opened(replace(DAILY, ends_on="2026-11-23")), plan_at(NOW)).state == "ended"


def visit(**more: Any) -> Visit:
    told: dict[str, Any] = {"ticket": "T", "kind": "visit", "visit_at": NOW, "confirm_by": NOW + DAY / 24,
                            "opened": True, "order": order_in("active", plan=ALONE)}  # fmt: skip
    return Visit(**(told | more))


def check(at: datetime, **more: Any) -> CheckVisit:
    return CheckVisit(visit=visit(**more), at=at, rules=RULES, calendar=CALENDAR)


@pytest.mark.parametrize("state", UNSEEN)
def test_a_visit_nobody_has_confirmed_in_time_is_missed_and_a_check_follows(state: str) -> None:
    (missed,) = decide(ticket_in(state), check(NOW + DAY / 24))
    assert isinstance(missed, ticket.VisitMissed)
    assert missed.welfare_check != "T"
    assert decide(ticket_in(state), check(NOW)) == []


@pytest.mark.parametrize("state", sorted({*KNOWN} - {*UNSEEN}))
def test_whoever_was_in_touch_is_not_checked_upon(state: str) -> None:
    (confirmed,) = decide(ticket_in(state), check(NOW + DAY / 24))
    assert isinstance(confirmed, ticket.VisitConfirmed)


def test_a_visit_is_a_request_like_any_other_and_its_check_an_urgent_one() -> None:
    said = Intake(title="每周一送药", body="降压药")
    request = registered(visit(opened=False, said=said), Known(NOW)).request
    assert (request.title, request.severity, request.category) == ("每周一送药", "general", PLAN.category)
    checked = registered(visit(kind="welfare_check", opened=False, said=said), Known(NOW))
    assert (checked.source, checked.request.severity) == (SOURCE, "urgent")
    assert (checked.request.category, checked.request.lives_alone) == ("welfare_check", True)
    assert checked.request.title.startswith(UNANSWERED)
    assert checked.request.external_id != request.external_id
    erased = registered(visit(opened=False), Known(NOW)).request
    assert (erased.title, erased.requester) == (PLAN.category, None)


MODEL = Model(ticket, domain, store)


def _said(command: Any, _known: Any) -> Any:
    return command


VISITED = (ticket.VisitDue, ticket.VisitSkipped)
SPOKEN = (ChangeStandingOrder, PauseStandingOrder, ResumeStandingOrder, EndStandingOrder)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 1_000_000), st.booleans())
def test_no_order_of_commands_opens_a_visit_twice_or_loses_one(seed: int, untouched: bool) -> None:
    chance, at = random.Random(seed), NOW - DAY
    state: Any = opened(DAILY)
    told = list[int]()
    visited: list[datetime] = []
    for _ in range(30):
        at += chance.choice([timedelta(0), timedelta(minutes=1), DAY / 2, DAY, 5 * DAY])
        spoken = None if untouched else chance.choice([*SPOKEN[:3], *SPOKEN, *[None] * 6])
        plan = {"plan": chance.choice([DAILY, ALONE, replace(DAILY, ahead=60, at="09:00")])}
        command = order(spoken, "operator", at, **plan) if spoken else plan_at(at)
        folded = fold(MODEL, {"SO-T": state}, [Stimulus("SO-T", partial(_said, command))], Known(at))
        told += [int(event.sequence or 0) for event in folded.published]
        visited += [event.data.visit_at for event in folded.published if isinstance(event.data, VISITED)]
        (state,) = folded.changes.states or (state,)
        assert (state.due_at is not None) == (state.state == "active")
    assert told == list(range(1, len(told) + 1))
    assert visited == sorted(set(visited))
    if untouched:
        assert visited == list(takewhile(lambda moment: moment <= at, visits(DAILY, CALENDAR, NOW - DAY)))
