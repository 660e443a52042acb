"""What a desk, an assignee or a supervisor does to a ticket on the way."""

from contracts.actor import Actor
from contracts.event import Event
from contracts.terms import (
    Clock,
    Code,
    Count,
    GridLevel,
    Instant,
    Missing,
    Severity,
)


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
