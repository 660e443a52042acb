"""What rings, and what moves up: row 14, and the causes of supervision (督办)."""

from datetime import datetime
from typing import Any

from contracts import ticket
from contracts.actor import Actor
from services.ticket import grid
from services.ticket.clock import resumed
from services.ticket.commands import RingAlarm
from services.ticket.moves import rows
from services.ticket.objection import OVERDUE, rings_now
from services.ticket.state import Objection, Ticket

HIGHEST = 3
"""The levels of supervision."""


def ring(state: Ticket, command: RingAlarm) -> list[Any]:
    """Nothing follows where somebody was quicker: the ticket has moved on, or has another deadline."""
    early = state.alarm_at is None or command.at < state.alarm_at
    if early or state.due_at is None or state.clock is None or not rows(state.state, RingAlarm):
        return []
    if state.more.pause:
        return _pause_ends(state, command)
    disputed = rings_now(state, command.at)
    if disputed:
        return _ruling_is_late(state, command, disputed)
    if command.at < state.due_at:
        return [ticket.TicketDueSoon(kind=state.clock, due_at=state.due_at, assignee=state.assignee)]
    over = ticket.TicketOverdue(kind=state.clock, due_at=state.due_at, assignee=state.assignee)
    return [*([] if _known_overdue(state) else [over]), *_up(state, command, "overdue")]


def _known_overdue(state: Ticket) -> bool:
    """The first alarm after the deadline is the deadline itself, or a warning nobody was there to give."""
    return bool(state.alarm_at and state.due_at and state.alarm_at > state.due_at)


def _pause_ends(state: Ticket, command: RingAlarm) -> list[Any]:
    pause = state.more.pause
    assert pause
    if command.at < pause.until:
        return [ticket.TicketDueSoon(kind="review", due_at=pause.until, assignee=state.assignee)]
    return [resumed(state, command, "no_answer" if state.state == "pending_info" else "review_due")]


def _ruling_is_late(state: Ticket, command: RingAlarm, disputed: Objection) -> list[Any]:
    """As with the ticket's own clock: a warning, then up level by level until somebody rules."""
    due_at = disputed.due_at
    if command.at < due_at:
        return [ticket.TicketDueSoon(kind="objection", due_at=due_at)]
    known = disputed.alarm_at is not None and disputed.alarm_at > due_at
    over = [] if known else [ticket.TicketOverdue(kind="objection", due_at=due_at)]
    return [*over, *_up(state, command, OVERDUE)]


def _up(state: Ticket, command: RingAlarm, reason: str) -> list[Any]:
    """One level up, and again after a while; at the top, or where no cell is known, it is supervised."""
    rule = command.rules["escalation"]
    span = rule.span(state.severity, state.category, state.source)
    moved = escalated(state, reason, next_at=command.calendar.due(command.at, span))
    return moved or supervised(state, reason)


def escalated(
    state: Ticket, reason: str, by: Actor | None = None, next_at: datetime | None = None
) -> list[Any]:
    """The owner moves to the cell above, where there is one."""
    former = state.more.owner or state.grid
    up = grid.above(former)
    if up is None or former is None:
        return []
    return [
        ticket.TicketEscalated(
            owner=up.code, level=up.level, former=former, reason_code=reason, next_at=next_at, by=by
        )
    ]


def supervised(state: Ticket, reason: str, by: Actor | None = None, already: int = 0) -> list[Any]:
    """One level of supervision more, up to the highest; `already` so many in the same breath."""
    level = min(state.more.supervision + already + 1, HIGHEST)
    return [ticket.TicketSupervised(level=level, reason_code=reason, by=by)]


def too_often(state: Ticket, command: Any, what: str, times: int) -> list[Any]:
    """Supervision at the third return or the third rework, and at each one after it."""
    most = int(command.rules["supervision"].value[what])
    return supervised(state, f"{what}_{most}") if times >= most else []


def embittered(state: Ticket, said: Any, already: int = 0) -> list[Any]:
    """Who is very dissatisfied is heard by a supervisor (DOMAIN.md §3)."""
    worst = said.satisfaction == "very_dissatisfied"
    return supervised(state, "very_dissatisfied", already=already) if worst else []
