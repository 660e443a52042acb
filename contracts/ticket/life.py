"""The straight way of a ticket: received, accepted, handled, verified, closed; its deadlines."""

from typing import Literal

from contracts.event import Event
from contracts.terms import (
    AssigneeKind,
    Channel,
    Clock,
    Code,
    ContactKind,
    Count,
    EmergencyLine,
    Instant,
    Label,
    PlaceWay,
    Resolved,
    Satisfaction,
    Severity,
    Source,
    TicketNo,
)
from contracts.ticket.knowing import Suggested


class TicketReceived(Event, frozen=True, kw_only=True):
    """A request has become a ticket; `requester_ref` stands for a person whose contact stays in the vault.

    With `parent` it is a part of that ticket's work, and nobody has asked for it but the desk. Where the
    request did not name them, `grid_by` tells how the cell was found, `suggested` the category of a model.
    `reachable_by` names the kinds of address that the contact has; without it nobody knows before asking.
    """

    source: Source
    external_id: Label
    channel: Channel
    severity: Severity
    category: Label | None = None
    grid: Code | None = None
    requester_ref: Code | None = None
    reachable_by: list[ContactKind] | None = None
    parent: TicketNo | None = None
    language: Literal["zh", "en"] = "zh"
    lives_alone: bool = False
    grid_by: PlaceWay | None = None
    suggested: Suggested | None = None


class TicketTransferred(Event, frozen=True, kw_only=True):
    """An emergency line (110, 119, 120, 122) takes over at once."""

    line: EmergencyLine
    reason_code: Code


class TicketDeclined(Event, frozen=True, kw_only=True):
    """Not accepted, with the reason and the statutory path the requester was told."""

    reason_code: Code
    statutory_path: Label
    by: Code
    at: Instant | None = None


class TicketAccepted(Event, frozen=True, kw_only=True):
    """Accepted for handling: all clocks start here."""

    category: Label
    severity: Severity
    grid: Code
    channel: Channel
    source: Source
    lives_alone: bool = False


class DeadlineSet(Event, frozen=True, kw_only=True):
    """By when the ticket must be handled, and the policy (name, version) that says so.

    `span` is what the policy grants, from `since` on: 5min, 2h, 15d or 3wd (working days).
    """

    kind: Clock
    due_at: Instant
    policy: Code
    policy_version: Count
    since: Instant | None = None
    span: Code | None = None


class TicketDueSoon(Event, frozen=True, kw_only=True):
    """Four fifths of the time are over, and nobody has done it yet."""

    kind: Clock
    due_at: Instant
    assignee: Code | None = None


class TicketOverdue(Event, frozen=True, kw_only=True):
    """The time is over; the ticket stays open and its clock is not set back."""

    kind: Clock
    due_at: Instant
    assignee: Code | None = None


class TicketHandled(Event, frozen=True, kw_only=True):
    """The lead has done the work."""

    assignment: Code
    assignee: Code
    assignee_kind: AssigneeKind
    resolved: Resolved
    on_time: bool
    unresolved_reason: Code | None = None
    reworks: Count = 0


class TicketVerified(Event, frozen=True, kw_only=True):
    """The outcome was checked; the requester may now be asked, where there is one (`asked`)."""

    by: Code
    reworks: Count = 0
    asked: bool = True


class TicketClosed(Event, frozen=True, kw_only=True):
    """Closed, rated or (window over) unrated, or by a `final` answer, which cannot be reopened."""

    rated: bool
    resolved: Resolved | None = None
    satisfaction: Satisfaction | None = None
    at: Instant | None = None
    final: bool = False


class TicketReopened(Event, frozen=True, kw_only=True):
    """The requester was not satisfied: rework `reworks` begins."""

    reworks: Count
    resolved: Resolved
    satisfaction: Satisfaction


class TicketCancelled(Event, frozen=True, kw_only=True):
    """The requester took the request back."""

    reason_code: Code
