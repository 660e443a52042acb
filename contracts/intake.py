"""What outside systems, assignees' apps and residents tell us through the exchange `gov.inbound`."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, field

from contracts.actor import Actor
from contracts.event import Event
from contracts.numbering import ticket_number
from contracts.terms import (
    NO_NUL,
    Body,
    Channel,
    Code,
    Instant,
    Label,
    Missing,
    Resolved,
    ReturnCode,
    Satisfaction,
    Severity,
    Text,
    TicketNo,
    Title,
)

Area = Literal["request", "assignment", "rating"]
Evidence = Annotated[list[Label], Meta(max_length=20)]


class Requester(Struct, frozen=True, kw_only=True):
    """Who asked and how to reach them; stripped at the door and never published."""

    name: Annotated[str, Meta(max_length=100, pattern=NO_NUL)] | None = None
    phone: Annotated[str, Meta(max_length=40, pattern=NO_NUL)] | None = None
    email: Annotated[str, Meta(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\Z")] | None = None
    language: Literal["zh", "en"] = "zh"


class Inbound(Event, frozen=True, kw_only=True):
    """An event of an outside system about one ticket; AREA is the first word of its routing key."""

    AREA: ClassVar[Area]
    ticket: TicketNo


class RequestSubmitted(Event, frozen=True, kw_only=True):
    """A resident's request arrives (DOMAIN.md §1 row 1); `external_id` is the sender's own number."""

    AREA: ClassVar[Area] = "request"
    external_id: Label
    channel: Channel
    title: Title
    body: Body = ""
    category: Label | None = None
    severity: Severity = "general"
    grid: Code | None = None
    address: Annotated[str, Meta(max_length=500, pattern=NO_NUL)] | None = None
    occurred_at: Instant | None = None
    requester: Requester | None = None
    lives_alone: bool = False


class RequestTriaged(Inbound, frozen=True, kw_only=True):
    """The desk has found out category, severity and grid of a received request (row 6)."""

    AREA: ClassVar[Area] = "request"
    category: Label
    severity: Severity
    grid: Code
    operator: Code
    actor: Actor | None = None


class RequestDeclined(Inbound, frozen=True, kw_only=True):
    """The desk does not accept a request and has told the statutory path (row 3)."""

    AREA: ClassVar[Area] = "request"
    reason_code: Code
    statutory_path: Label
    operator: Code
    actor: Actor | None = None


class RequestCancelled(Inbound, frozen=True, kw_only=True):
    """The requester takes the request back (row 21); safety matters need `confirmed`."""

    AREA: ClassVar[Area] = "request"
    reason_code: Code = "no_longer_needed"
    confirmed: bool = False
    actor: Actor | None = None


class OfferAnswered(Inbound, frozen=True, kw_only=True):
    """An assignee accepts an offer or returns it with a reason (rows 8, 9)."""

    AREA: ClassVar[Area] = "assignment"
    assignment: Code
    assignee: Code
    answer: Literal["accept", "return"]
    return_code: ReturnCode | None = None
    basis: Annotated[str, Meta(max_length=2000, pattern=NO_NUL)] | None = None
    proposed_unit: Code | None = None


class FirstContactLogged(Inbound, frozen=True, kw_only=True):
    """The assignee has reached the requester for the first time (row 11)."""

    AREA: ClassVar[Area] = "assignment"
    assignment: Code
    assignee: Code


class WorkReported(Inbound, frozen=True, kw_only=True):
    """The lead reports the outcome of the work (row 15)."""

    AREA: ClassVar[Area] = "assignment"
    assignment: Code
    assignee: Code
    resolved: Resolved
    unresolved_reason: Code | None = None
    outcome: Body = ""
    evidence: Evidence = field(default_factory=list)


class RatingGiven(Inbound, frozen=True, kw_only=True):
    """The requester answers both questions: resolved, and how satisfied (row 18)."""

    AREA: ClassVar[Area] = "rating"
    resolved: Resolved
    satisfaction: Satisfaction
    reason: Code | None = None


class Said(Inbound, frozen=True, kw_only=True):
    """What a person says about a ticket, and in which role."""

    AREA: ClassVar[Area] = "request"
    actor: Actor


class InformationAsked(Said, frozen=True, kw_only=True):
    """The desk asks the requester for what is missing; the clock pauses (row 4)."""

    missing: Annotated[list[Missing], Meta(max_length=5)]


class InformationGiven(Said, frozen=True, kw_only=True):
    """What was missing is there; `words` stay inside, the clock runs again (row 4)."""

    words: Body


class SuspensionAsked(Said, frozen=True, kw_only=True):
    """The assignee asks for a pause by a plan, until `review_at` (row 12)."""

    plan: Code
    review_at: Instant
    requester_told: bool


class SuspensionDecided(Said, frozen=True, kw_only=True):
    """A supervisor approves the pause that was asked for, or does not (row 12)."""

    approved: bool
    reason_code: Code | None = None


class SuspensionEnded(Said, frozen=True, kw_only=True):
    """The work goes on before the review date (row 12)."""

    reason_code: Code


class ExtensionAsked(Said, frozen=True, kw_only=True):
    """The assignee asks for more time, e.g. `3wd`, before the deadline (row 13)."""

    span: Code
    reason_code: Code


class ExtensionDecided(Said, frozen=True, kw_only=True):
    """A supervisor grants the time that was asked for, or does not (row 13)."""

    approved: bool
    reason_code: Code | None = None


class ReminderSent(Said, frozen=True, kw_only=True):
    """Somebody urges (催办); no clock is touched."""


class SupervisionOrdered(Said, frozen=True, kw_only=True):
    """A supervisor takes the ticket under supervision (督办), `escalated` one level up as well (row 14)."""

    reason_code: Code
    escalated: bool = False


class OutcomeVerified(Said, frozen=True, kw_only=True):
    """The verifier has checked the outcome: passed, or sent back with a reason (rows 16, 17)."""

    passed: bool
    reason_code: Code | None = None


class ReopeningAsked(Said, frozen=True, kw_only=True):
    """The requester is not satisfied with an outcome, also after closing (row 19)."""

    resolved: Resolved
    satisfaction: Satisfaction


class FinalAnswerProposed(Said, frozen=True, kw_only=True):
    """A supervisor signs a final answer as the first (row 20)."""

    answer_code: Code


class FinalAnswerSigned(Said, frozen=True, kw_only=True):
    """Another person signs the answer that was proposed; with that it is given (row 20)."""

    answer_code: Code


class SeverityCorrected(Said, frozen=True, kw_only=True):
    """The severity is another: it may rise at any time and falls only with a reason."""

    severity: Severity
    reason_code: Code | None = None


class CommentAdded(Said, frozen=True, kw_only=True):
    """A note on the ticket; the requester sees it unless it is `internal`. No clock is touched."""

    words: Annotated[Body, Meta(min_length=1)]
    internal: bool = True


def ticket_of(source: str, event: Event) -> str:
    """The ticket an inbound event of `source` is about: named by it, or to be born from it."""
    if isinstance(event, RequestSubmitted):
        return ticket_number(source, event.external_id)
    assert isinstance(event, Inbound)
    return event.ticket


def routing_key(source: str, event: Event) -> str:
    """`<area>.<ticket>`: which service hears the event, and what keeps one ticket's events in order."""
    assert isinstance(event, Inbound | RequestSubmitted)
    return f"{event.AREA}.{ticket_of(source, event)}"


class EventRefused(Event, frozen=True, kw_only=True):
    """Why the event with the id `instance` was not taken (RFC 9457); sent to `gov.replies.<publisher>`."""

    problem: Text
    title: Text
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Text
    instance: Text | None = None
    ticket: Text | None = None
    errors: list[dict[Text, Text]] = field(default_factory=list)
    parked: bool = False
