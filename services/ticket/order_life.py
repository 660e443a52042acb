"""The life of a standing order, pure: what follows from a command, and how facts change it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from msgspec.structs import replace

from contracts import ticket
from contracts.plan import Plan
from services.ticket.moves import MOVES
from services.ticket.orders import (
    ChangeStandingOrder,
    EndStandingOrder,
    OpenStandingOrder,
    PauseStandingOrder,
    PlanVisits,
    ResumeStandingOrder,
    StandingOrder,
    VisitsPlanned,
    ticket_of,
)
from services.ticket.recurrence import visits
from services.ticket.state import RequestRecorded


def _open(state: StandingOrder, command: OpenStandingOrder) -> list[Any]:
    planned = _planned(command.plan, command, command.at)
    opened = ticket.StandingOrderOpened(
        source=command.source, external_id=command.external_id, plan=command.plan, by=command.actor,
        next_at=_next(command.plan, command, command.at) or command.at,
        requester_ref=state.id if command.intake.requester else None,
    )  # fmt: skip
    return [RequestRecorded(command.intake, command.at), opened, planned]


def _change(state: StandingOrder, command: ChangeStandingOrder) -> list[Any]:
    """What the old plan has made due comes first."""
    before = _due(state, command)
    assert state.plan
    plan, after = command.plan or state.plan, _after(before, state, command)
    running = state.state == "active"
    changed = ticket.StandingOrderChanged(
        plan=plan, by=command.actor, next_at=_next(plan, command, after) if running else None
    )
    words = [RequestRecorded(command.intake, command.at)] if command.intake else []
    return [*before, *words, changed, *([_planned(plan, command, after)] if running else [])]


def _pause(state: StandingOrder, command: PauseStandingOrder) -> list[Any]:
    before = _due(state, command)
    paused = ticket.StandingOrderPaused(reason_code=command.reason_code, by=command.actor)
    return [*before, paused, VisitsPlanned(_after(before, state, command), None)]


def _resume(state: StandingOrder, command: ResumeStandingOrder) -> list[Any]:
    """The visits of the pause are no longer due."""
    assert state.plan
    after = _after([], state, command)
    resumed = ticket.StandingOrderResumed(
        by=command.actor, next_at=_next(state.plan, command, after) or command.at
    )
    return [resumed, _planned(state.plan, command, after)]


def _end(state: StandingOrder, command: EndStandingOrder) -> list[Any]:
    before = _due(state, command)
    ended = ticket.StandingOrderEnded(reason_code=command.reason_code, by=command.actor)
    return [*before, ended, VisitsPlanned(_after(before, state, command), None)]


def plan_visits(state: StandingOrder, command: PlanVisits) -> list[Any]:
    """Nothing follows where another process was quicker, or the order has been paused or ended."""
    if state.state != "active" or state.plan is None or state.seen is None:
        return []
    due = _due(state, command)
    seen = due[-1].visit_at if due else state.seen
    planned = _planned(state.plan, command, seen)
    over = [] if planned.due_at else [ticket.StandingOrderEnded(reason_code="over")]
    return [*due, *over, planned]


def _due(state: StandingOrder, command: Any) -> list[Any]:
    """The visits whose time to become a ticket has come, each opened, or told as too late.

    Whoever lives alone is visited however late it is, but once.
    """
    if state.state != "active" or state.plan is None or state.seen is None:
        return []
    plan, at = state.plan, command.at
    until = at + timedelta(minutes=plan.ahead)
    found = list(takewhile(lambda moment: moment <= until, visits(plan, command.calendar, state.seen)))
    rule = command.rules["visits"].value
    for_sure = found[-1:] if plan.lives_alone else []
    return [
        _opened(state.id, plan, moment, command)
        if moment in for_sure or at <= command.calendar.due(moment, str(rule["late"]))
        else ticket.VisitSkipped(visit_at=moment, reason_code="too_late")
        for moment in found
    ]


def _opened(order: str, plan: Plan, visit_at: datetime, command: Any) -> ticket.VisitDue:
    confirm_by = None
    if plan.lives_alone:
        minutes = plan.confirm_within or int(command.rules["visits"].value["confirm_within"])
        confirm_by = max(visit_at, command.at) + timedelta(minutes=minutes)
    number = ticket_of(order, visit_at, "visit")
    return ticket.VisitDue(visit_at=visit_at, ticket=number, confirm_by=confirm_by)


def _after(before: list[Any], state: StandingOrder, command: Any) -> datetime:
    """From when on visits are still ahead: now, or after one that was opened before its time."""
    moments: list[datetime] = [command.at, state.seen or command.at, *(fact.visit_at for fact in before)]
    return max(moments)


def _next(plan: Plan, command: Any, after: datetime) -> datetime | None:
    return next(visits(plan, command.calendar, after), None)


def _planned(plan: Plan, command: Any, seen: datetime) -> VisitsPlanned:
    following = _next(plan, command, seen)
    return VisitsPlanned(seen, following - timedelta(minutes=plan.ahead) if following else None)


def _after_opening(state: StandingOrder, fact: ticket.StandingOrderOpened) -> StandingOrder:
    return replace(
        state, source=fact.source, external_id=fact.external_id, plan=fact.plan,
        requester_ref=fact.requester_ref,
    )  # fmt: skip


def _after_words(state: StandingOrder, fact: RequestRecorded) -> StandingOrder:
    return replace(
        state, intake=fact.intake, requester_ref=state.id if fact.intake.requester else state.requester_ref
    )


def evolve(state: StandingOrder, fact: Any) -> StandingOrder:
    """The order after `fact`."""
    state = replace(state, state=MOVES.get((state.state, type(fact)), state.state))
    change = CHANGES.get(type(fact))
    return change(state, fact) if change else state


DECISIONS: Mapping[type, Callable[[Any, Any], list[Any]]] = {
    OpenStandingOrder: _open,
    ChangeStandingOrder: _change,
    PauseStandingOrder: _pause,
    ResumeStandingOrder: _resume,
    EndStandingOrder: _end,
}
CHANGES: Mapping[type, Callable[[StandingOrder, Any], StandingOrder]] = {
    RequestRecorded: _after_words,
    ticket.StandingOrderOpened: _after_opening,
    ticket.StandingOrderChanged: lambda state, fact: replace(state, plan=fact.plan),
    VisitsPlanned: lambda state, fact: replace(state, seen=fact.seen, due_at=fact.due_at),
}


def upcoming(order: StandingOrder, calendar: Any, at: datetime) -> Iterator[datetime]:
    """The visits to come by the plan as it is, for those who ask."""
    if order.state == "active" and order.plan:
        yield from visits(order.plan, calendar, max(order.seen or at, at))
