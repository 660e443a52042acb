"""The honest clock: how deadlines, warnings, pauses and extensions change a ticket."""

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from contracts import ticket
from contracts.actor import Actor
from contracts.terms import Clock
from contracts.worktime import warning
from services.ticket import objection
from services.ticket.state import Desk, Pause, Ticket


def deadline(kind: Clock, state: Ticket, command: Any, since: datetime | None = None) -> ticket.DeadlineSet:
    """What the policy `kind` grants from now on; or from `since` on, and what the clock has stood."""
    rule = command.rules[kind]
    span = rule.span(state.severity, state.category, state.source)
    due_at = command.calendar.due(since or command.at, span)
    if since:
        due_at += timedelta(seconds=state.more.paused)
    return ticket.DeadlineSet(
        kind=kind, since=since or command.at, span=span, due_at=due_at, policy=rule.name,
        policy_version=rule.version,
    )  # fmt: skip


def stricter(state: Ticket, command: Any) -> list[ticket.DeadlineSet]:
    """The deadline by another severity, counted from the same start; only where it is earlier."""
    own = state.clock if state.clock in ("triage", "handling", "rework") else None
    disputed = state.more.objection
    return [
        *(_earlier(own, state, command, state.since, state.due_at, state.more.paused) if own else ()),
        *(_earlier("objection", state, command, disputed.since, disputed.due_at) if disputed else ()),
    ]


def _earlier(
    kind: Clock, state: Ticket, command: Any, since: datetime | None, before: datetime | None,
    paused: float = 0,
) -> list[ticket.DeadlineSet]:  # fmt: skip
    if since is None or before is None:
        return []
    rule = command.rules[kind]
    span = rule.span(command.severity, state.category, state.source)
    due_at = command.calendar.due(since, span) + timedelta(seconds=paused)
    if due_at >= before:
        return []
    return [
        ticket.DeadlineSet(
            kind=kind, since=since, span=span, due_at=due_at, policy=rule.name, policy_version=rule.version
        )
    ]


def pause_over(state: Ticket, command: Any) -> dict[str, datetime]:
    """From when to when the clock stood, and when it is due now; no pause lasts longer than was said."""
    pause = state.more.pause
    assert pause
    assert state.due_at
    at = min(command.at, pause.until)
    due_at = command.calendar.resumed(state.due_at, state.span, pause.since, at)
    return {"paused_at": pause.since, "at": at, "due_at": due_at}


def resumed(state: Ticket, command: Any, reason: str, by: Actor | None = None) -> ticket.TicketResumed:
    """The end of a pause, by a person or by itself."""
    return ticket.TicketResumed(reason_code=reason, by=by, **pause_over(state, command))


def after_deadline(state: Ticket, fact: ticket.DeadlineSet) -> Ticket:
    """A deadline warns, and then it is over; while the clock stands neither is heard."""
    if fact.kind == "objection":
        return objection.opened(state, fact)
    alarm_at = warning(fact.since, fact.due_at) if fact.since else fact.due_at
    state = replace(state, clock=fact.kind, due_at=fact.due_at, since=fact.since, span=fact.span)
    if state.desk and state.desk.pause:
        return with_desk(state, pause=replace(state.desk.pause, alarm_at=alarm_at))
    return objection.own_alarm(state, alarm_at)


def after_information_asked(state: Ticket, fact: ticket.InfoRequested) -> Ticket:
    """The clock stands until there is an answer, or nobody may wait for it any longer."""
    return _paused(state, fact.at, fact.until, fact.until)


def after_suspension(state: Ticket, fact: ticket.TicketSuspended) -> Ticket:
    """The clock stands; the review timer runs, and warns before the date."""
    state = with_desk(state, suspension=None)
    return _paused(state, fact.at, fact.review_at, warning(fact.at, fact.review_at))


def _paused(state: Ticket, at: datetime, until: datetime, alarm_at: datetime) -> Ticket:
    pause = Pause(since=at, until=until, alarm_at=state.alarm_at)
    return replace(with_desk(state, pause=pause), alarm_at=alarm_at)


def after_resumption(state: Ticket, fact: ticket.TicketResumed | ticket.InfoProvided) -> Ticket:
    """The clock runs again."""
    pause = state.more.pause
    if pause is None:
        return state
    stood = fact.at - pause.since
    alarm_at = _alarm_after(pause, state.due_at, fact)
    state = replace(state, due_at=fact.due_at, alarm_at=alarm_at)
    return with_desk(state, pause=None, paused=state.more.paused + stood.total_seconds())


def _alarm_after(
    pause: Pause, due_at: datetime | None, fact: ticket.TicketResumed | ticket.InfoProvided
) -> datetime | None:
    """The alarm moves by the pause; a warning never behind its deadline, an overdue one stays due."""
    if pause.alarm_at is None or due_at is None:
        return None
    moved = pause.alarm_at + (fact.at - pause.since)
    if pause.alarm_at > due_at:
        return moved
    return fact.due_at if pause.alarm_at == due_at else min(moved, fact.due_at)


def after_extension(state: Ticket, fact: ticket.DeadlineExtended) -> Ticket:
    """Who was warned is warned again only where four fifths of the longer time end after the old one."""
    alarm_at = warning(state.since, fact.due_at) if state.since else fact.due_at
    if state.alarm_at == fact.before and alarm_at < fact.before:
        alarm_at = fact.due_at
    state = replace(state, due_at=fact.due_at, alarm_at=alarm_at)
    return with_desk(state, extension=None, extensions=fact.number)


def with_desk(state: Ticket, **changes: Any) -> Ticket:
    """The ticket with more known of it."""
    return replace(state, desk=replace(state.desk or Desk(), **changes))
