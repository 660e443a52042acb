"""A second clock beside the ticket's own until it is ruled whose it is; and an objection to a decline."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from contracts import dispatch, ticket
from contracts.event import Event, type_of
from services.console.ticket.deadline import explained
from services.ticket import desk
from services.ticket.commands import CancelTicket, DeclineTicket
from services.ticket.domain import decide
from services.ticket.state import Desk, Ticket
from tests.unit.ticketing import (
    BITTER,
    CALENDAR,
    DAY,
    DISPUTED,
    NOW,
    RULED,
    TAKEN,
    after,
    by,
    command_of,
    names,
    observe,
    order,
    ring,
    ticket_in,
)

HOUR = timedelta(hours=1)


def dispatching(**more: Any) -> Ticket:
    """Urgent and due in 12 days; it rings in 9."""
    return ticket_in("dispatching", desk=None, **more)


@pytest.mark.parametrize(
    ("severity", "due_at"),
    [("urgent", NOW + 4 * HOUR), ("general", datetime.fromisoformat("2026-11-25T00:00:00+08:00"))],
)
def test_an_adjudicator_has_four_hours_or_a_working_day_and_the_tickets_clock_runs_on(
    severity: str, due_at: datetime
) -> None:
    before = dispatching(severity=severity)
    facts = decide(before, observe(DISPUTED))
    assert names(facts) == ["ObjectionOpened", "DeadlineSet"]
    assert (facts[1].kind, facts[1].due_at, facts[1].policy) == ("objection", due_at, "objection")
    state = after(before, observe(DISPUTED))
    assert (state.state, state.clock, state.due_at) == ("dispatching", "handling", before.due_at)
    assert state.more.objection
    assert state.more.objection.due_at == due_at
    assert state.alarm_at == NOW + 0.8 * (due_at - NOW)


def test_a_ruling_in_time_leaves_only_the_tickets_own_alarm() -> None:
    before = dispatching()
    for end in (RULED, TAKEN):
        state = after(before, observe(DISPUTED), observe(end))
        assert (state.alarm_at, state.more.objection) == (before.alarm_at, None)
    assert after(before, observe(DISPUTED), observe(RULED), observe(TAKEN)).state == "assigned"


def test_who_does_not_rule_is_warned_and_it_goes_up_level_by_level_until_the_top() -> None:
    state, told = after(dispatching(), observe(DISPUTED)), []
    while state.more.objection and state.more.objection.alarm_at:
        facts = decide(state, ring(state.more.objection.alarm_at))
        told += [(type(fact).__name__, getattr(fact, "owner", None)) for fact in facts]
        state = after(state, ring(state.more.objection.alarm_at))
    assert told == [
        ("TicketDueSoon", None), ("TicketOverdue", None), ("TicketEscalated", "99010100100101"),
        ("TicketEscalated", "990101001001"), ("TicketEscalated", "990101001000"),
        ("TicketEscalated", "990101000000"), ("TicketSupervised", None),
    ]  # fmt: skip
    assert state.alarm_at == dispatching().alarm_at, "the ticket's own clock rings when it would have"
    assert state.more.supervision == 1


def test_a_late_ruling_rings_no_more() -> None:
    late = after(dispatching(), observe(DISPUTED), ring(NOW + 5 * HOUR))
    assert late.more.objection
    assert late.more.objection.alarm_at == NOW + 9 * HOUR
    assert after(late, observe(RULED)).alarm_at == dispatching().alarm_at


def test_the_own_clock_rings_while_it_is_disputed_and_both_keep_their_turn() -> None:
    soon = {"due_at": NOW + HOUR, "alarm_at": NOW + HOUR / 2}
    state = after(dispatching(**soon), observe(DISPUTED))
    assert state.alarm_at == NOW + HOUR / 2
    (warned,) = decide(state, ring(NOW + HOUR / 2))
    assert (type(warned), warned.kind) == (ticket.TicketDueSoon, "handling")
    state = after(state, ring(NOW + HOUR / 2))
    assert state.alarm_at == NOW + HOUR
    over, up = decide(state, ring(NOW + HOUR))
    assert (over.kind, up.reason_code) == ("handling", "overdue")
    state = after(state, ring(NOW + HOUR))
    assert state.alarm_at == NOW + 3.2 * HOUR, "next is the adjudicator's warning"
    own = after(state, observe(RULED)).alarm_at
    assert own == NOW + 5 * HOUR, "and after a ruling the ticket's own next level"


def test_the_highest_hears_of_both_clocks_and_neither_stops_the_other() -> None:
    state = after(dispatching(grid="elsewhere", due_at=NOW + HOUR, alarm_at=NOW + HOUR), observe(DISPUTED))
    state = after(state, ring(NOW + HOUR))
    assert state.alarm_at == NOW + 3.2 * HOUR
    state = after(state, ring(NOW + 5 * HOUR))
    assert (state.alarm_at, state.more.supervision) == (None, 2)


def test_a_graver_ticket_is_ruled_earlier_counted_from_the_same_start() -> None:
    state = after(dispatching(severity="general"), observe(DISPUTED))
    graver = order(desk.ChangeSeverity, "operator", NOW + HOUR, severity="urgent")
    deadlines = [fact for fact in decide(state, graver) if isinstance(fact, ticket.DeadlineSet)]
    assert [(one.kind, one.due_at) for one in deadlines if one.kind == "objection"] == [
        ("objection", NOW + 4 * HOUR)
    ]
    state = after(state, graver)
    assert state.clock == "handling"
    assert after(state, observe(RULED)).more.objection is None


def test_a_cancelled_ticket_is_not_disputed_any_more() -> None:
    state = after(dispatching(), observe(DISPUTED), CancelTicket(reason_code="solved", confirmed=True))
    assert (state.alarm_at, state.more.objection) == (None, None)


def test_an_objection_about_a_ticket_that_has_ended_sets_no_clock() -> None:
    assert decide(ticket_in("cancelled"), observe(DISPUTED)) == [DISPUTED]


def told(fact: Event, at: datetime) -> dict[str, Any]:
    return {"type": type_of(type(fact)), "time": at, "data": msgspec.json.decode(msgspec.json.encode(fact))}


def test_the_clock_of_an_objection_is_explained_like_any_other() -> None:
    _, deadline = decide(dispatching(), observe(DISPUTED))
    ruled = dispatch.ObjectionRuled(
        assignment="a2", assignee="li", kind="grid_officer", hop=2, reason_code="x", by=by("adjudicator")
    )
    history = [told(DISPUTED, NOW), told(deadline, NOW)]
    (running,) = explained(history, CALENDAR, NOW + HOUR)
    assert (running.kind, running.span, running.ended_at) == ("objection", "4h", None)
    assert str(running).startswith("objection 异议审定: due 2026-11-23 20:00")
    (ended,) = explained([*history, told(ruled, NOW + 2 * HOUR)], CALENDAR, NOW + DAY)
    assert (ended.ended_at, ended.over) == (NOW + 2 * HOUR, -2 * HOUR)


def test_row_3_an_objection_to_a_decline_has_it_triaged_anew_by_a_clock_of_its_own() -> None:
    declined = after(ticket_in("received", desk=None), command_of_decline())
    assert (declined.state, declined.alarm_at, declined.more.declined_at) == ("declined", None, NOW)
    later = NOW + 2 * DAY
    facts = decide(declined, order(desk.ObjectToDecline, "requester", later))
    assert names(facts) == ["DeclineObjected", "DeadlineSet"]
    assert (facts[0].by.id, facts[1].kind, facts[1].since) == ("requester", "triage", later)
    again = after(declined, order(desk.ObjectToDecline, "requester", later))
    assert (again.state, again.due_at) == ("received", later + timedelta(minutes=5))
    assert again.alarm_at
    twice = after(again, command_of_decline())
    (refusal,) = decide(twice, order(desk.ObjectToDecline, "operator", later))
    assert refusal.detail == "an objection was made already; one is allowed"
    assert twice.state == "declined"


def command_of_decline() -> Any:
    return command_of(DeclineTicket, "operator")


@pytest.mark.parametrize(("reworks", "then"), [(0, "TicketReopened"), (2, "TicketClosed")])
def test_who_is_very_dissatisfied_is_heard_by_a_supervisor_whatever_else_follows(
    reworks: int, then: str
) -> None:
    before = ticket_in("awaiting_rating", reworks=reworks, desk=None)
    facts = decide(before, observe(BITTER))
    assert names(facts)[1] == then
    supervised = [fact for fact in facts if isinstance(fact, ticket.TicketSupervised)]
    assert [(one.level, one.reason_code) for one in supervised] == [(1, "very_dissatisfied")]


def test_the_third_rework_and_bitterness_are_two_levels() -> None:
    before = ticket_in("awaiting_rating", reworks=1, desk=Desk(sent_back=1))
    facts = decide(before, observe(BITTER))
    supervised = [fact for fact in facts if isinstance(fact, ticket.TicketSupervised)]
    assert [(one.level, one.reason_code) for one in supervised] == [
        (1, "reworks_3"), (2, "very_dissatisfied"),
    ]  # fmt: skip
    asked = order(desk.ReopenTicket, "requester", satisfaction="very_dissatisfied")
    assert [fact.reason_code for fact in decide(before, asked) if isinstance(fact, ticket.TicketSupervised)][
        -1
    ] == "very_dissatisfied"
