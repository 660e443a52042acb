"""The honest clock: what pauses it, what moves it, what never does; and who is told when it is over."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts import ticket
from contracts.terms import CHINA
from contracts.worktime import Calendar
from services.ticket import desk
from services.ticket.domain import decide
from services.ticket.grid import above, path
from services.ticket.life import evolve
from services.ticket.state import Desk, Ticket
from tests.unit.ticketing import (
    BUILDING,
    DAY,
    NOW,
    RETURNED,
    UNHAPPY,
    after,
    command_of,
    names,
    observe,
    order,
    ring,
    ticket_in,
)

MINUTE = timedelta(minutes=1)
DECEMBER = datetime(2026, 12, 1, tzinfo=CHINA)


def china(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=CHINA)


def plain(state: str, **more: Any) -> Ticket:
    return ticket_in(state, **({"desk": None} | more))


APPROVED = [order(desk.AskSuspension, "assignee"), order(desk.ApproveSuspension, "supervisor")]


@pytest.mark.parametrize(
    ("due", "span", "paused", "resumed", "then"),
    [
        (china(30, 10), "15d", china(23, 16), china(25, 16), china(30, 10) + 2 * DAY),
        # three working days from Monday 23: Tuesday, Wednesday and Thursday; it ends at midnight
        (china(27), "3wd", china(24, 10), china(24, 18), china(27)),  # the same day
        (china(27), "3wd", china(24, 10), china(26, 9), DECEMBER),  # two are left: Friday and Monday
        (china(27), "3wd", china(26, 10), china(28, 9), DECEMBER),  # the last day
        (china(27), "3wd", china(28, 10), china(30, 9), china(27)),  # over before the pause: over after it
    ],
)  # fmt: skip
def test_a_pause_moves_the_deadline_by_what_was_left(
    due: datetime, span: str, paused: datetime, resumed: datetime, then: datetime
) -> None:
    assert Calendar().resumed(due, span, paused, resumed) == then


def test_row_4_the_triage_clock_stands_while_the_requester_is_asked() -> None:
    before = plain("received", clock="triage", span="2h", since=NOW, due_at=NOW + 120 * MINUTE,
                   alarm_at=NOW + 96 * MINUTE)  # fmt: skip
    asked = after(before, order(desk.RequestInformation, "operator", at=NOW + 20 * MINUTE))
    assert (asked.state, asked.due_at) == ("pending_info", before.due_at)
    assert decide(asked, ring(NOW + DAY)) == []
    told = after(asked, order(desk.ProvideInformation, "requester", at=NOW + DAY))
    stood = DAY - 20 * MINUTE
    assert (told.state, told.due_at) == ("received", NOW + 120 * MINUTE + stood)
    assert told.alarm_at == NOW + 96 * MINUTE + stood
    assert told.more.paused == stood.total_seconds()
    assert [remark.words for remark in told.remarks] == ["三楼"]


def test_row_4_who_never_answers_does_not_stop_the_clock_for_ever() -> None:
    asked = after(plain("received"), order(desk.RequestInformation, "operator"))
    assert asked.alarm_at == datetime(2026, 11, 27, tzinfo=CHINA)
    (resumed,) = decide(asked, ring(asked.alarm_at + DAY))
    assert (resumed.reason_code, resumed.at) == ("no_answer", asked.alarm_at)
    assert evolve(asked, resumed).state == "received"


def test_row_12_a_suspension_warns_before_its_review_and_ends_with_it() -> None:
    before = plain("in_progress")
    held = after(before, *APPROVED)
    assert (held.state, held.due_at, held.more.suspension) == ("suspended", before.due_at, None)
    assert decide(held, ring(NOW + 7 * DAY)) == []
    (soon,) = decide(held, ring(NOW + 8 * DAY))
    assert (soon.kind, soon.due_at) == ("review", NOW + 10 * DAY)
    (resumed,) = decide(evolve(held, soon), ring(NOW + 11 * DAY))
    assert (resumed.reason_code, resumed.by) == ("review_due", None)
    then = evolve(evolve(held, soon), resumed)
    assert before.due_at
    assert (then.state, then.due_at) == ("in_progress", before.due_at + 10 * DAY)
    assert then.more.paused == 10 * 86_400


def test_row_12_all_pauses_together_last_at_most_180_days() -> None:
    used = plain("in_progress", desk=Desk(paused=175 * 86_400.0))
    (refusal,) = decide(used, order(desk.AskSuspension, "assignee"))
    assert "180 days together" in refusal.detail


def test_row_13_three_extensions_of_three_working_days_each() -> None:
    state = plain("in_progress", span="3wd", since=NOW, due_at=china(27))
    for number, due_at in ((1, (12, 2)), (2, (12, 5)), (3, (12, 10))):
        state = after(state, order(desk.AskExtension, "assignee", span="3wd"),
                      order(desk.ApproveExtension, "supervisor"))  # fmt: skip
        assert state.more.extensions == number
        assert state.due_at == datetime(2026, *due_at, tzinfo=CHINA)
        assert state.more.extension is None
    (refusal,) = decide(state, order(desk.AskExtension, "assignee"))
    assert "at most 3 times" in refusal.detail


def test_row_13_what_was_extended_warns_by_the_longer_time() -> None:
    state = plain("in_progress", since=NOW, due_at=NOW + 10 * DAY, alarm_at=NOW + 8 * DAY)
    asked = [order(desk.AskExtension, "assignee", span="2d"), order(desk.ApproveExtension, "supervisor")]
    assert after(state, *asked).alarm_at == NOW + 0.8 * (12 * DAY)


@pytest.mark.parametrize(
    "command",
    [
        order(desk.AddComment, "operator"),
        order(desk.RemindTicket, "requester"),
        order(desk.SuperviseTicket, "supervisor"),
        order(desk.EscalateTicket, "supervisor"),
        order(desk.AskExtension, "assignee"),
        order(desk.AskSuspension, "assignee"),
        order(desk.RefuseSuspension, "supervisor"),
        order(desk.RefuseExtension, "supervisor"),
        order(desk.ChangeSeverity, "operator", severity="general", reason_code="calmed"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_no_edit_comment_reminder_or_refusal_touches_a_clock(command: Any) -> None:
    before = ticket_in("in_progress")
    then = after(before, command)
    assert (then.clock, then.since, then.span, then.due_at, then.alarm_at) == (
        before.clock, before.since, before.span, before.due_at, before.alarm_at,
    )  # fmt: skip


def test_a_graver_ticket_is_due_earlier_counted_from_the_same_start() -> None:
    before = plain("in_progress", severity="general", since=NOW - DAY, due_at=NOW + 14 * DAY)
    changed, deadline = decide(before, order(desk.ChangeSeverity, "operator", severity="urgent"))
    assert (changed.before, changed.severity) == ("general", "urgent")
    assert (deadline.since, deadline.span, deadline.due_at) == (before.since, "3wd", china(26))


def test_row_14_the_owner_moves_up_as_long_as_nobody_acts() -> None:
    state = plain("accepted", assignee=None, assignment=None, due_at=NOW, alarm_at=NOW)
    seen, at = [], NOW
    for _ in range(5):
        facts = decide(state, ring(at))
        for fact in facts:
            state = evolve(state, fact)
        seen.append([getattr(fact, "level", type(fact).__name__) for fact in facts])
        at = state.alarm_at or at
    assert seen == [
        ["TicketOverdue", "compound"], ["community"], ["subdistrict"], ["district"], [1],
    ]  # fmt: skip
    assert (state.more.owner, state.alarm_at, state.due_at) == ("990101000000", None, NOW)


def test_row_14_the_former_level_stays_as_co_handler_and_the_next_turn_is_named() -> None:
    _, moved = decide(plain("assigned", due_at=NOW, alarm_at=NOW), ring(NOW))
    assert (moved.former, moved.owner) == (BUILDING, "99010100100101")
    assert moved.next_at == NOW + timedelta(hours=4)


def test_row_14_a_reopened_ticket_fires_no_old_alarm() -> None:
    overdue = after(plain("in_progress", due_at=NOW, alarm_at=NOW), ring(NOW))
    again = after(ticket_in("awaiting_rating", alarm_at=overdue.alarm_at), observe(UNHAPPY, NOW))
    assert overdue.alarm_at
    assert decide(again, ring(overdue.alarm_at)) == []
    assert again.clock == "rework"


@pytest.mark.parametrize(("returns", "follows"), [(1, []), (2, ["TicketSupervised"])])
def test_row_9_the_third_return_is_supervised(returns: int, follows: list[str]) -> None:
    state = plain("dispatching", desk=Desk(returns=returns))
    assert names(decide(state, observe(RETURNED))) == ["AssignmentReturned", *follows]


def test_row_9_a_returned_assignment_leaves_nobody_and_no_wish_of_his() -> None:
    then = after(ticket_in("assigned"), observe(RETURNED))
    assert (then.state, then.assignee, then.more.extension) == ("dispatching", None, None)


def test_row_16_the_third_rework_is_supervised() -> None:
    state = plain("handled", reworks=2)
    facts = decide(state, command_of(desk.RequestRework, "verifier"))
    assert names(facts) == ["ReworkRequested", "DeadlineSet", "TicketSupervised"]


def test_supervision_rises_to_its_third_level() -> None:
    state = plain("assigned")
    for level in (1, 2, 3, 3):
        state = after(state, order(desk.SuperviseTicket, "supervisor"))
        assert state.more.supervision == level


def test_reminders_count_and_wait_ten_minutes() -> None:
    once = after(plain("assigned"), order(desk.RemindTicket, "requester"))
    (refusal,) = decide(once, order(desk.RemindTicket, "supervisor", at=NOW + 9 * MINUTE))
    assert "10min" in refusal.detail
    (second,) = decide(once, order(desk.RemindTicket, "supervisor", at=NOW + 10 * MINUTE))
    assert (second.number, second.assignee) == (2, "li")


def test_row_20_two_people_sign_and_nothing_reopens_it() -> None:
    state = plain("awaiting_rating", reworks=2)
    proposed = after(state, order(desk.ProposeFinalAnswer, "supervisor"))
    (refusal,) = decide(proposed, order(desk.GiveFinalAnswer, "supervisor"))
    assert "another person" in refusal.detail
    given, closed = decide(proposed, order(desk.GiveFinalAnswer, "adjudicator"))
    assert isinstance(given, ticket.FinalAnswerGiven)
    assert closed.final
    (refusal,) = decide(evolve(evolve(proposed, given), closed), order(desk.ReopenTicket, "requester"))
    assert "final answer" in refusal.detail


@pytest.mark.parametrize(
    ("code", "up"),
    [
        (BUILDING, "99010100100101"), ("99010100100101", "990101001001"), ("990101001001", "990101001000"),
        ("990101010000", "990101000000"), ("990110000000", None), ("qinghe.3.2", None), (None, None),
    ],
)  # fmt: skip
def test_the_way_up_is_read_from_the_code(code: str | None, up: str | None) -> None:
    found = above(code)
    assert (found.code if found else None) == up
    assert not path("qinghe.3.2")
