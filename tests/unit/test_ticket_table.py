"""Every row of the table of transitions: its move, what each guard refuses, and whom it refuses."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from contracts.event import Event
from contracts.problem import Refusal
from contracts.terms import Role
from services.ticket import commands, desk
from services.ticket.clock import with_desk
from services.ticket.commands import RegisterRequest, RingAlarm
from services.ticket.domain import decide, evolve
from services.ticket.moves import KNOWN, OF_FOLLOWERS, TABLE, UNASKED, Row, allowed, rows
from services.ticket.state import Child, Desk
from tests.unit.ticketing import (
    ARRIVED,
    BY_DESK,
    CALLED,
    CONTACTED,
    DAY,
    DISPUTED,
    DONE,
    EXPIRED,
    HAPPY,
    MISSED,
    NOW,
    OFFERED,
    ORDER_COMMANDS,
    ORDER_STATES,
    OVER,
    PLAN,
    PRIMARY,
    RETURNED,
    REVOKED,
    RULED,
    STARTED,
    TAKEN,
    UNHAPPY,
    UNRATED,
    by,
    command_of,
    observe,
    order_in,
    ring,
    ticket_in,
)

FACTS = {
    type(fact): fact
    for fact in (
        STARTED, OFFERED, TAKEN, RETURNED, REVOKED, EXPIRED, DISPUTED, RULED, CONTACTED, DONE, HAPPY, UNRATED,
        CALLED, ARRIVED, MISSED,
    )
}  # fmt: skip
BROKEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # guard: what the command says otherwise, and what is otherwise with the ticket
    "emergency_class": ({"category": None, "grid": None}, {}),
    "category_and_grid_known": ({"grid": None}, {}),
    "reason_and_path_told": ({"statutory_path": ""}, {}),
    "first_objection": ({}, {"decline_objected": True}),
    "objection_in_time": ({}, {"declined_at": NOW - 15 * DAY - timedelta(seconds=1)}),
    "something_missing": ({"missing": []}, {}),
    "holds_the_ticket": ({}, {"assignee": "wang"}),
    "requester_told": ({"requester_told": False}, {}),
    "reviewed_in_time": ({"review_at": NOW + 181 * DAY}, {}),
    "review_still_ahead": ({"at": NOW + 10 * DAY}, {}),
    "suspension_asked": ({}, {"desk": Desk()}),
    "extension_asked": ({}, {"desk": Desk()}),
    "other_than_asker": ({"actor": by("supervisor", "li")}, {}),
    "before_due": ({"at": NOW + 12 * DAY}, {}),
    "extensions_left": ({}, {"extensions": 3}),
    "short_enough": ({"span": "4wd"}, {}),
    "ten_minutes_since_last": ({}, {"reminded_at": NOW - timedelta(minutes=9, seconds=59)}),
    "level_above": ({}, {"owner": "990101000000"}),
    "dissatisfied_or_unresolved": ({"resolved": "yes", "satisfaction": "basically_satisfied"}, {}),
    "reworks_left": ({}, {"reworks": 2}),
    "within_15_days": ({}, {"closed_at": NOW - 15 * DAY - timedelta(seconds=1)}),
    "no_final_answer": ({}, {"final_given": True}),
    "reworked_twice": ({}, {"reworks": 0}),
    "not_yet_proposed": ({}, {}),
    "signed_by_two": ({"actor": by("supervisor", "first")}, {}),
    "confirmed_if_safety": ({"confirmed": False}, {"severity": "emergency"}),
    "another_ticket": ({"primary": replace(PRIMARY, id="T")}, {}),
    "primary_open": ({"primary": replace(PRIMARY, state="handled")}, {}),
    "same_category_and_place": ({"primary": replace(PRIMARY, grid="99010100100102")}, {}),
    "close_in_time": ({"primary": replace(PRIMARY, received_at=NOW - 31 * DAY)}, {}),
    "not_graver": ({}, {"severity": "emergency"}),
    "leads_none": ({}, {"followers": ("F",)}),
    "follows_another": ({}, {}),
    "children_done": ({}, {"children": (Child(number="C", mandatory=True),)}),
    "parts_named": ({"parts": []}, {}),
    "no_part_itself": ({}, {"parent": "P"}),
    "child_waited_for": ({"child": "D"}, {"children": (Child(number="C", mandatory=True),)}),
    "another_severity": ({"severity": "urgent"}, {}),
    "reason_for_falling": ({"severity": "general"}, {}),
    "not_on_record_yet": ({}, {"handed_over": ("119/A-1",)}),
    "legible_plan": ({"plan": replace(PLAN, rule="FREQ=WEEKLY;BYDAY=XX")}, {}),
    "a_visit_ahead": ({"plan": OVER}, {"plan": OVER}),
}


def of_people(row: Row) -> Iterator[type]:
    return (on for on in row.on if not issubclass(on, (Event, RegisterRequest, *UNASKED)))


PEOPLE = [(row, on, state) for row in TABLE for on in of_people(row) for state in row.states]
OTHERS = [(row, on, state) for row in TABLE for on in row.on for state in row.states if issubclass(on, Event)]


def named(value: Any) -> str:
    return f"row {value.number}" if isinstance(value, Row) else getattr(value, "__name__", str(value))


def altered(state: str, changes: dict[str, Any], on: type) -> Any:
    if on in ORDER_COMMANDS:
        return order_in(state, **changes)
    ticket = ticket_in(state)
    for name, value in changes.items():
        desk_too = name in Desk.__struct_fields__
        ticket = with_desk(ticket, **{name: value}) if desk_too else replace(ticket, **{name: value})
    return ticket


def legal(row: Row, on: type, state: str, role: str) -> tuple[Any, Any]:
    """A ticket and a command that this row lets through."""
    otherwise: dict[type, dict[str, Any]] = {
        desk.ProposeFinalAnswer: {"final": None},
        desk.UnmergeTicket: {"primary": "P", "category": None},
        desk.WaiveChild: {"children": (Child(number="C", mandatory=True),)},
    }
    line = {"line": "119"} if row.to == "transferred" else {}
    return altered(state, otherwise.get(on, {}), on), command_of(on, role, **line)


def after(state: Any, facts: list[Any]) -> Any:
    for fact in facts:
        state = evolve(state, fact)
    return state


def test_the_table_has_every_row_of_the_domain() -> None:
    assert {row.number for row in TABLE} == set(range(22))
    assert {guard.__name__ for row in TABLE for guard in row.guards} == BROKEN.keys()


@pytest.mark.parametrize(("row", "on", "state"), PEOPLE, ids=named)
def test_everyone_whom_the_row_names_may_do_it(row: Row, on: type, state: str) -> None:
    for role in row.who:
        before, command = legal(row, on, state, role)
        facts = decide(before, command)
        published = [type(fact) for fact in facts if isinstance(fact, Event)]
        assert published, facts
        assert set(published) <= {*row.facts, *row.also}
        assert not row.facts or row.facts[0] in published
        assert after(before, facts).state == (row.to or state)


@pytest.mark.parametrize(("row", "on", "state"), PEOPLE, ids=named)
def test_nobody_else_may(row: Row, on: type, state: str) -> None:
    for role in {*get_args(Role)} - {*row.who}:
        before, command = legal(row, on, state, role)
        (refusal,) = decide(before, command)
        assert isinstance(refusal, Refusal)
        assert f"not for a {role}" in refusal.detail
        assert (refusal.state, refusal.command, refusal.allowed) == (state, on.__name__, allowed(state))


@pytest.mark.parametrize(
    ("row", "on", "state", "guard"),
    [(row, on, state, guard) for row, on, state in PEOPLE for guard in row.guards],
    ids=named,
)
def test_every_guard_refuses_and_says_why(row: Row, on: type, state: str, guard: Any) -> None:
    said, changes = BROKEN[guard.__name__]
    concerned = ["assignee"] if guard.__name__ == "holds_the_ticket" else row.who
    for role in concerned:
        actor = {"actor": replace(said["actor"], role=role)} if "actor" in said else {}
        before = altered(state, changes, on)
        command = command_of(on, role, **(said | actor))
        why = guard(before, command)
        assert why
        refused = decide(before, command)
        assert len(refused) == 1
        assert isinstance(refused[0], Refusal)
        # Where two rows share a command, the last of them says why.
        assert refused[0].detail == why or len(rows(state, on)) > 1


@pytest.mark.parametrize("on", dict.fromkeys(on for row in TABLE for on in of_people(row)), ids=named)
def test_in_any_other_state_the_command_is_refused(on: type) -> None:
    role = next(row.who[0] for row in TABLE if on in row.on)
    for state in ("new", *KNOWN, *ORDER_STATES):
        if not rows(state, on):
            before = order_in(state) if state in ORDER_STATES else ticket_in(state)
            (refusal,) = decide(before, command_of(on, role))
            assert isinstance(refusal, Refusal)
            assert (refusal.state, refusal.command) == (state, on.__name__)
            assert refusal.problem == ("unknown-ticket" if state == "new" else "illegal-move")


@pytest.mark.parametrize(
    ("row", "on", "state"), [one for one in PEOPLE if one[1] not in ORDER_COMMANDS], ids=named
)
def test_to_a_follower_only_its_own_matters_are_said(row: Row, on: type, state: str) -> None:
    before, command = legal(row, on, state, row.who[0])
    before = with_desk(before, primary="P")
    if on not in OF_FOLLOWERS:
        (refusal,) = decide(before, command)
        assert isinstance(refusal, Refusal)
        assert refusal.detail == "it follows P: say it there"


@pytest.mark.parametrize(("row", "on", "state"), OTHERS, ids=named)
def test_what_another_service_publishes_moves_the_ticket(row: Row, on: Any, state: str) -> None:
    if row.number == 17:
        return  # the rule verifies in the same breath as row 15, which the next test tells
    before = ticket_in(state)
    fact = UNHAPPY if row.number == 19 else FACTS[on]
    then = after(before, decide(before, observe(fact, rules=BY_DESK)))
    assert then.state == (row.to or state)


def test_rows_15_and_17_the_rule_verifies_at_once_and_a_verifier_takes_his_time() -> None:
    before = ticket_in("in_progress")
    assert after(before, decide(before, observe(DONE))).state == "awaiting_rating"
    waiting = after(before, decide(before, observe(DONE, rules=BY_DESK)))
    assert (waiting.state, waiting.clock) == ("handled", "verification")
    assert waiting.alarm_at
    assert NOW < waiting.alarm_at < NOW + 2 * DAY


@pytest.mark.parametrize("fact", [*FACTS.values(), UNHAPPY], ids=lambda fact: type(fact).__name__)
def test_in_any_other_state_a_fact_is_on_record_and_moves_nothing(fact: Event) -> None:
    for state in KNOWN:
        if not rows(state, type(fact)):
            before = ticket_in(state)
            assert decide(before, observe(fact)) == [fact]
            assert evolve(before, fact) == before


@pytest.mark.parametrize("number", [4, 12, 14])
def test_only_the_timer_rings_and_only_where_the_table_lets_it(number: int) -> None:
    (row,) = (row for row in TABLE if row.number == number and RingAlarm in row.on)
    for state in row.states:
        before = ticket_in(state)
        facts = decide(before, ring(NOW + 20 * DAY))
        assert facts
        assert {type(fact) for fact in facts} <= {*row.facts, *row.also}
        assert after(before, facts).state == (row.to or state)
    for state in {"new", *KNOWN} - {state for row in TABLE if RingAlarm in row.on for state in row.states}:
        assert decide(ticket_in(state), ring(NOW + 20 * DAY)) == []


def test_the_rating_is_taken_as_it_is_where_nothing_may_be_done_again() -> None:
    for before in (ticket_in("awaiting_rating", reworks=2), ticket_in("awaiting_rating")):
        rating = UNHAPPY if before.reworks == 2 else HAPPY
        closed = decide(before, observe(rating))[1]
        assert (closed.rated, closed.resolved, closed.at) == (True, rating.resolved, NOW)


def test_no_code_of_a_requester_is_published() -> None:
    for command in (
        command_of(desk.RemindTicket, "requester", actor=by("requester", "13800000000")),
        command_of(desk.AddComment, "requester", actor=by("requester", "13800000000")),
    ):
        assert "13800000000" not in repr(decide(ticket_in("assigned"), command))
    assert commands.REQUESTER.id == "requester"
