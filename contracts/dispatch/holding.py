"""Who has the work, and what becomes of it: accepted, returned, ruled on, done."""

from typing import Literal

from contracts.actor import Actor
from contracts.event import Event
from contracts.terms import AssigneeKind, Code, Count, Instant, Resolved, ReturnCode, Severity


class AssignmentAccepted(Event, frozen=True, kw_only=True):
    """The assignee took the work and must contact the requester by `contact_due_at`."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    hop: Count
    contact_due_at: Instant
    unit: Code | None = None


class AssignmentReturned(Event, frozen=True, kw_only=True):
    """The assignee gave the offer back with a reason; the words of its basis stay inside."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    hop: Count
    code: ReturnCode
    proposed_unit: Code | None = None
    basis_code: Code | None = None


class ObjectionOpened(Event, frozen=True, kw_only=True):
    """Whose it is, is disputed: nobody else is asked until an adjudicator has ruled."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    cause: Literal["second_return", "dispute"]
    code: ReturnCode
    unit: Code | None = None
    proposed_unit: Code | None = None
    basis_code: Code | None = None


class ObjectionRuled(Event, frozen=True, kw_only=True):
    """The adjudicator has ruled: the assignee has it, and does not give it back as not his."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    hop: Count
    reason_code: Code
    by: Actor
    unit: Code | None = None


class ResponseHastened(Event, frozen=True, kw_only=True):
    """The severity has risen: the offer stands until `expires_at`, or the first contact is due earlier."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    severity: Severity
    expires_at: Instant | None = None
    contact_due_at: Instant | None = None


class AssignmentRevoked(Event, frozen=True, kw_only=True):
    """It is taken from who was asked or had it, and somebody else gets it; `by` a person, or else a rule."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    hop: Count
    reason_code: Code
    by: Actor | None = None


class AssignmentWithdrawn(Event, frozen=True, kw_only=True):
    """The offer or assignment ends because the ticket does, or because somebody else leads."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    reason: Code


class FirstContactMade(Event, frozen=True, kw_only=True):
    """The requester was reached."""

    assignment: Code
    assignee: Code
    in_time: bool


class AssignmentDone(Event, frozen=True, kw_only=True):
    """The lead reported the outcome; `contract` is whose unit it used up, which a rework does not again."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    resolved: Resolved
    unit: Code | None = None
    unresolved_reason: Code | None = None
    contract: Code | None = None


class AssignmentReopened(Event, frozen=True, kw_only=True):
    """The same lead takes the rework."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    hop: Count
    contact_due_at: Instant
