"""A request and what follows it from outside: triage, work, rating; or why it was not taken."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, field

from contracts.actor import Actor
from contracts.event import Event
from contracts.terms import (
    NO_NUL,
    Body,
    Channel,
    Code,
    Dated,
    Datum,
    Label,
    Microdegrees,
    RatingCode,
    RatingToken,
    Resolved,
    ReturnCode,
    Satisfaction,
    Severity,
    Text,
    TicketNo,
    Title,
    dated,
)

Area = Literal["request", "assignment", "rating"]
Evidence = Annotated[list[Label], Meta(max_length=20)]
Words = Annotated[str, Meta(max_length=2000, pattern=NO_NUL)]
"""Reasons as people write them; kept by the service that hears them and never published."""


class Requester(Struct, frozen=True, kw_only=True):
    """Who asked and how to reach them; stripped at the door and never published."""

    name: Annotated[str, Meta(max_length=100, pattern=NO_NUL)] | None = None
    phone: Annotated[str, Meta(max_length=40, pattern=NO_NUL)] | None = None
    email: Annotated[str, Meta(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\Z")] | None = None
    language: Literal["zh", "en"] = "zh"


class Location(Struct, frozen=True, kw_only=True):
    """Where it is, as a telephone or a map says; stripped at the door like the address.

    Without `datum` a cell follows only if it is the same by either.
    """

    lon: Microdegrees
    lat: Microdegrees
    datum: Datum | None = None


class FromOutside(Event, frozen=True, kw_only=True):
    """An event of an outside system; AREA is the first word of its routing key."""

    AREA: ClassVar[Area]


class Inbound(FromOutside, frozen=True, kw_only=True):
    """An event of an outside system about one ticket."""

    ticket: TicketNo


class RequestSubmitted(FromOutside, frozen=True, kw_only=True):
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
    location: Location | None = None
    occurred_at: Dated | None = None
    requester: Requester | None = None
    lives_alone: bool = False

    def __post_init__(self) -> None:
        dated(self.occurred_at)


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
    """An assignee accepts an offer or returns it (rows 8, 9).

    A return needs `return_code`; "not ours" and "outside the contract" need a basis as well, in words that
    stay inside or as the code of a list, law or clause; "not ours" also the unit whose it is.
    """

    AREA: ClassVar[Area] = "assignment"
    assignment: Code
    assignee: Code
    answer: Literal["accept", "return"]
    return_code: ReturnCode | None = None
    basis: Words | None = None
    proposed_unit: Code | None = None
    basis_code: Code | None = None


class OfferClaimed(Inbound, frozen=True, kw_only=True):
    """An assignee claims what all may claim; the first valid claim has it (抢单)."""

    AREA: ClassVar[Area] = "assignment"
    assignment: Code
    assignee: Code


class FirstContactLogged(Inbound, frozen=True, kw_only=True):
    """The assignee has reached the requester for the first time (row 11)."""

    AREA: ClassVar[Area] = "assignment"
    assignment: Code
    assignee: Code


class WorkReported(Inbound, frozen=True, kw_only=True):
    """The lead reports the outcome of the work (row 15); volunteers may say how many `minutes` it took."""

    AREA: ClassVar[Area] = "assignment"
    assignment: Code
    assignee: Code
    resolved: Resolved
    unresolved_reason: Code | None = None
    outcome: Body = ""
    evidence: Evidence = field(default_factory=list)
    minutes: Annotated[int, Meta(ge=1, le=1440)] | None = None


class RatingGiven(Inbound, frozen=True, kw_only=True):
    """The requester answers both questions: resolved, and how satisfied (row 18).

    `token` is that of the link, `code` that of the text message; who is trusted with it may send neither.
    """

    AREA: ClassVar[Area] = "rating"
    resolved: Resolved
    satisfaction: Satisfaction
    reason: Code | None = None
    token: RatingToken | None = None
    code: RatingCode | None = None


class EventRefused(Event, frozen=True, kw_only=True):
    """Why the event `instance` of `source` was not taken (RFC 9457); sent to `gov.replies.<publisher>`."""

    problem: Text
    title: Text
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Text
    instance: Text | None = None
    ticket: Text | None = None
    source: Text | None = None
    errors: list[dict[Text, Text]] = field(default_factory=list)
    parked: bool = False
