"""The clock of an objection, which an adjudicator keeps: it runs beside the ticket's own (row 10).

The one alarm of a ticket rings for whichever is earlier; the other is kept with the objection.
"""

from datetime import datetime

from msgspec.structs import replace

from contracts import ticket
from contracts.worktime import warning
from services.ticket.state import Desk, Objection, Ticket

OVERDUE = "objection_overdue"
"""Why a ticket is escalated whose objection nobody rules."""


def opened(state: Ticket, fact: ticket.DeadlineSet) -> Ticket:
    """An objection is to be ruled by then, or by another time than was said first."""
    assert fact.since
    before = state.more.objection
    objection = Objection(
        since=fact.since,
        due_at=fact.due_at,
        alarm_at=warning(fact.since, fact.due_at),
        ticket_alarm_at=before.ticket_alarm_at if before else state.alarm_at,
    )
    return _rings_first(state, objection)


def settled(state: Ticket) -> Ticket:
    """Nothing is disputed any more: only the ticket's own clock rings."""
    objection = state.more.objection
    if objection is None:
        return state
    return _with(replace(state, alarm_at=objection.ticket_alarm_at), None)


def own_alarm(state: Ticket, at: datetime | None) -> Ticket:
    """The ticket's own clock rings next at `at`."""
    objection = state.more.objection
    if objection is None:
        return replace(state, alarm_at=at)
    return _rings_first(state, replace(objection, ticket_alarm_at=at))


def objection_alarm(state: Ticket, at: datetime | None) -> Ticket:
    """The clock of the objection rings next at `at`."""
    objection = state.more.objection
    return _rings_first(state, replace(objection, alarm_at=at)) if objection else state


def rings_now(state: Ticket, at: datetime) -> Objection | None:
    """The objection whose alarm it is, if it is not the ticket's own."""
    objection = state.more.objection
    return objection if objection and objection.alarm_at and objection.alarm_at <= at else None


def _rings_first(state: Ticket, objection: Objection) -> Ticket:
    alarms = [at for at in (objection.alarm_at, objection.ticket_alarm_at) if at]
    return _with(replace(state, alarm_at=min(alarms, default=None)), objection)


def _with(state: Ticket, objection: Objection | None) -> Ticket:
    return replace(state, desk=replace(state.desk or Desk(), objection=objection))
