"""Requests by Open311: asking, what became of it, the list, and the number that belongs to a token."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from contracts.gateway.events import KEY
from contracts.gateway.open311.words import FORM, FORMAT, ROOT, SenderNo, ServiceCode
from contracts.gateway.operation import Operation
from contracts.terms import NO_NUL, Code, Instant, Severity, Source, Text, TicketNo

MOST_DAYS = 90
MOST_REQUESTS = 1000
"""In one answer, and over so many days (GeoReport v2, GET Service Requests)."""
FORM_ENCODED = "application/x-www-form-urlencoded"

Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Status = Literal["open", "closed"]
Numbers = Annotated[str, Meta(min_length=1, max_length=24_000, pattern=NO_NUL)]
"""One or more, with commas between them."""


class NewRequest(Struct, frozen=True, kw_only=True):
    """What a request says; a location is `lat` and `long`, `address_string` or `address_id` (a grid cell)."""

    service_code: ServiceCode
    jurisdiction_id: Source | None = None
    api_key: Text | None = None
    lat: Latitude | None = None
    long: Longitude | None = None
    address_string: Annotated[str, Meta(max_length=500, pattern=NO_NUL)] | None = None
    address_id: Code | None = None
    first_name: Annotated[str, Meta(max_length=49, pattern=NO_NUL)] | None = None
    last_name: Annotated[str, Meta(max_length=50, pattern=NO_NUL)] | None = None
    phone: Annotated[str, Meta(max_length=40, pattern=NO_NUL)] | None = None
    email: Annotated[str, Meta(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\Z")] | None = None
    description: Annotated[str, Meta(max_length=4000, pattern=NO_NUL)] = ""
    media_url: Annotated[str, Meta(max_length=2000, pattern=r"^https?://[!-~]+\Z")] | None = None
    external_id: SenderNo | None = field(name="attribute[external_id]", default=None)
    requested_datetime: Instant | None = field(name="attribute[requested_datetime]", default=None)
    severity: Severity | None = field(name="attribute[severity]", default=None)


class Receipt(Struct, frozen=True, kw_only=True):
    """A request that is kept: the number of its ticket, and the sender's own number as its token."""

    service_request_id: TicketNo
    token: Text
    service_notice: Text
    account_id: Text | None = None


class Token(Struct, frozen=True, kw_only=True):
    """The ticket of the request that its sender calls so."""

    service_request_id: TicketNo
    token: SenderNo


class Note(Struct, frozen=True, kw_only=True):
    """One step in the history of a request; no words of anybody."""

    datetime: Instant
    type: Text
    summary: Text


class Extended(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known besides (`extensions=true`)."""

    external_id: SenderNo
    source: Source
    state: Text
    severity: Severity | None = None
    resolved: Text | None = None


class ServiceRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a request stands; what residents wrote is not told again, only where it is."""

    service_request_id: TicketNo
    status: Status
    status_notes: Text
    service_code: ServiceCode
    requested_datetime: Instant
    updated_datetime: Instant
    service_name: Text | None = None
    expected_datetime: Instant | None = None
    lat: Latitude | None = None
    long: Longitude | None = None
    extended_attributes: Extended | None = None
    notes: list[Note] | None = None


class Wanted(Struct, frozen=True, kw_only=True):
    """Which requests: of a span of at most 90 days, the newest first, at most 1,000 at once.

    `service_request_id` overrides all else. Without dates it is the last 90 days.
    """

    service_request_id: Numbers | None = None
    service_code: Numbers | None = None
    start_date: Instant | None = None
    end_date: Instant | None = None
    status: Annotated[str, Meta(pattern=r"^(open|closed)(,(open|closed))*\Z")] | None = None
    jurisdiction_id: Source | None = None
    extensions: Literal["true", "false"] = "false"
    page: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,5}\Z")] = "1"
    page_size: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,2}\Z|^1000\Z")] = str(MOST_REQUESTS)


class Which(Struct, frozen=True, kw_only=True):
    """Whose, where a system has more than one source; and whether its history is told."""

    jurisdiction_id: Source | None = None
    extensions: Literal["true", "false"] = "false"


REFUSALS = (400, 403, 404, 405, 413, 429, 503)
_under: dict[str, Any] = {"form": FORM, "steps": FORMAT}

LIST = Operation(
    method="GET", path=ROOT + "/requests.{format}", name="open311Requests",
    summary="How requests stand that their sender asks for.",
    query=Wanted, answers={200: list[ServiceRequest]}, problems=REFUSALS, **_under,
)  # fmt: skip
ASK = Operation(
    method="POST", path=ROOT + "/requests.{format}", name="open311Ask",
    summary="Asks for a service; the same number with the same words again changes nothing.",
    bodies={FORM_ENCODED: NewRequest}, headers={"Idempotency-Key": KEY}, answers={200: list[Receipt]},
    problems=(*REFUSALS, 409, 415), **_under,
)  # fmt: skip
SHOW = Operation(
    method="GET", path=ROOT + "/requests/{service_request_id}.{format}", name="open311Request",
    summary="How a request stands; 404 for whoever has not sent it.",
    query=Which, answers={200: list[ServiceRequest]}, problems=REFUSALS, **_under,
)  # fmt: skip
ANSWER_TOKEN = Operation(
    method="GET", path=ROOT + "/tokens/{token}.{format}", name="open311Token",
    summary="The number of the ticket of a request that its sender calls so.",
    query=Which, answers={200: list[Token]}, problems=REFUSALS, **_under,
)  # fmt: skip
