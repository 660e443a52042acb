"""Departments called to a place (街乡吹哨): called, arrived, missed."""

from contracts.actor import Actor
from contracts.event import Event
from contracts.terms import Code, Count, Instant, WhistleCause


class DepartmentCalled(Event, frozen=True, kw_only=True):
    """A department has to be at the place by `arrive_by`; `whistle` counts whistles of the ticket from 1."""

    whistle: Count
    assignee: Code
    cause: WhistleCause
    arrive_by: Instant
    reason_code: Code
    by: Actor
    unit: Code | None = None


class DepartmentArrived(Event, frozen=True, kw_only=True):
    """A department that was called is there; it may be scored from now on."""

    whistle: Count
    assignee: Code
    at: Instant
    in_time: bool
    by: Actor
    unit: Code | None = None


class DepartmentMissed(Event, frozen=True, kw_only=True):
    """A department that was called was not there by `arrive_by`; it may still come."""

    whistle: Count
    assignee: Code
    arrive_by: Instant
    unit: Code | None = None
