"""One ticket with several units at work: children that the lead's ticket waits for, or does not."""

from typing import Literal

from contracts.actor import Actor
from contracts.event import Event
from contracts.terms import AssigneeKind, Code, Label, Resolved, Severity, TicketNo

ChildState = Literal["open", "handled", "closed", "declined", "transferred", "cancelled", "waived"]
"""What a child is to its parent."""


class ChildOpened(Event, frozen=True, kw_only=True):
    """A part of the work is a ticket of its own; while a `mandatory` one is open nothing is handled."""

    child: TicketNo
    category: Label
    severity: Severity
    grid: Code
    mandatory: bool
    by: Actor


class ChildMoved(Event, frozen=True, kw_only=True):
    """What has become of a child; `open` again after a rework."""

    child: TicketNo
    state: ChildState


class ChildWaived(Event, frozen=True, kw_only=True):
    """The parent no longer waits for this child."""

    child: TicketNo
    reason_code: Code
    by: Actor


class ChildReleased(Event, frozen=True, kw_only=True):
    """The parent is over, the child is not: it goes on by itself."""

    child: TicketNo


class ParentEnded(Event, frozen=True, kw_only=True):
    """The ticket that this one is a part of is over; this one goes on until somebody decides otherwise."""

    parent: TicketNo
    state: ChildState


class OutcomeKept(Event, frozen=True, kw_only=True):
    """The lead has reported, and the ticket still waits for children; it is handled with the last of them."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    resolved: Resolved
    waits_for: list[TicketNo]
    unresolved_reason: Code | None = None
