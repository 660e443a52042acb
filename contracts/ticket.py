"""Facts of the ticket service: the life of a request as the resident sees it."""

from typing import Literal

from contracts.actor import Actor
from contracts.event import Event
from contracts.terms import (
    AssigneeKind,
    Channel,
    Clock,
    Code,
    Count,
    EmergencyLine,
    GridLevel,
    Instant,
    Label,
    Missing,
    Resolved,
    Satisfaction,
    Severity,
    Source,
)


class TicketReceived(Event, frozen=True, kw_only=True):
    """A request has become a ticket; `requester_ref` stands for a person whose contact stays in the vault."""

    source: Source
    external_id: Label
    channel: Channel
    severity: Severity
    category: Label | None = None
    grid: Code | None = None
    requester_ref: Code | None = None
    language: Literal["zh", "en"] = "zh"
    lives_alone: bool = False


class TicketTransferred(Event, frozen=True, kw_only=True):
    """An emergency line (110, 119, 120, 122) takes over at once."""

    line: EmergencyLine
    reason_code: Code


class TicketDeclined(Event, frozen=True, kw_only=True):
    """Not accepted, with the reason and the statutory path the requester was told."""

    reason_code: Code
    statutory_path: Label
    by: Code


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
    """The outcome was checked; the requester may now be asked."""

    by: Code
    reworks: Count = 0


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


class InfoRequested(Event, frozen=True, kw_only=True):
    """The requester is asked for what is missing; the clock pauses, at the latest until `until`."""

    missing: list[Missing]
    by: Actor
    at: Instant
    until: Instant


class InfoProvided(Event, frozen=True, kw_only=True):
    """What was missing is there; the clock runs again and is due at `due_at`."""

    by: Actor
    paused_at: Instant
    at: Instant
    due_at: Instant


class SuspensionRequested(Event, frozen=True, kw_only=True):
    """The assignee asks for a pause by a plan; the clock runs on until it is approved."""

    plan: Code
    review_at: Instant
    by: Actor


class SuspensionRefused(Event, frozen=True, kw_only=True):
    """No pause: the clock runs on as it did."""

    by: Actor
    reason_code: Code


class TicketSuspended(Event, frozen=True, kw_only=True):
    """The clock pauses, at the latest until `review_at`."""

    plan: Code
    review_at: Instant
    asked_by: Actor
    by: Actor
    at: Instant


class TicketResumed(Event, frozen=True, kw_only=True):
    """A pause has ended, by a person or because its time was over; the clock is due at `due_at`."""

    reason_code: Code
    paused_at: Instant
    at: Instant
    due_at: Instant
    by: Actor | None = None


class ExtensionRequested(Event, frozen=True, kw_only=True):
    """The assignee asks for more time; the deadline stays until it is granted."""

    span: Code
    reason_code: Code
    by: Actor


class ExtensionRefused(Event, frozen=True, kw_only=True):
    """No more time: the deadline stays."""

    by: Actor
    reason_code: Code


class DeadlineExtended(Event, frozen=True, kw_only=True):
    """Extension `number` of the ticket moves the deadline from `before` to `due_at`."""

    kind: Clock
    span: Code
    before: Instant
    due_at: Instant
    number: Count
    reason_code: Code
    asked_by: Actor
    by: Actor


class TicketEscalated(Event, frozen=True, kw_only=True):
    """The owner moves up from cell `former`, which stays co-handler, to `owner`; again at `next_at`."""

    owner: Code
    level: GridLevel
    former: Code
    reason_code: Code
    next_at: Instant | None = None
    by: Actor | None = None


class TicketSupervised(Event, frozen=True, kw_only=True):
    """A supervisor watches the ticket (督办), at `level` 1 to 3."""

    level: Count
    reason_code: Code
    by: Actor | None = None


class TicketReminded(Event, frozen=True, kw_only=True):
    """Somebody has urged; who holds the ticket is told."""

    by: Actor
    at: Instant
    number: Count
    assignee: Code | None = None


class ReworkRequested(Event, frozen=True, kw_only=True):
    """The verifier finds the evidence insufficient: the lead works again, for the `number`th time so."""

    by: Actor
    reason_code: Code
    number: Count


class FinalAnswerProposed(Event, frozen=True, kw_only=True):
    """The first of two signatures under a final answer."""

    answer_code: Code
    by: Actor


class FinalAnswerGiven(Event, frozen=True, kw_only=True):
    """Two people have signed that this is the last answer."""

    answer_code: Code
    proposed_by: Actor
    by: Actor


class SeverityChanged(Event, frozen=True, kw_only=True):
    """The severity has risen, or has fallen for a named reason."""

    before: Severity
    severity: Severity
    by: Actor
    reason_code: Code | None = None


class TicketCommented(Event, frozen=True, kw_only=True):
    """A note was added; its words stay inside."""

    by: Actor
    internal: bool
