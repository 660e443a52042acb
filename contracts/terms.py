"""The field's terms as types: what a ticket number, a severity or a satisfaction level may look like."""

from datetime import datetime, timedelta, timezone
from typing import Annotated, Literal

from msgspec import Meta

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Where days begin and clocks are read; stored and published is UTC. No summer time since 1992."""

# Every pattern ends with \Z, since Python's $ also matches before a last line feed; the JSON Schemas say $.
NO_NUL = r"^[^\x00]*\Z"

Text = Annotated[str, Meta(pattern=NO_NUL)]
"""Any text but the NUL character, which PostgreSQL's text cannot hold."""

TicketNo = Annotated[
    str,
    Meta(
        pattern=r"^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\Z"
    ),
]
"""The number people say on the phone, four groups of four: see `contracts.numbering`."""

OrderNo = Annotated[
    str,
    Meta(
        pattern=r"^SO-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\Z"
    ),
]
"""The number of a standing order."""

CODE = r"^[0-9A-Za-z\u3400-\u9fff_.:/+@-]+\Z"
Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=CODE)]
"""A code of a list: grid cell, assignee, reason; Latin or Chinese letters, digits and `_.:/+@-`."""
OwnCode = Annotated[str, Meta(min_length=1, max_length=64, extra_json_schema={"pattern": CODE})]
"""A code that one of our own services has let in before: promised to readers, but not matched again.

To match one takes as long as to read eight; an explanation has up to sixty, and four services read it.
"""

Label = Annotated[str, Meta(min_length=1, max_length=128, pattern=NO_NUL)]
"""A short name as other offices write it, e.g. a category of their own tree."""

Source = Annotated[
    str, Meta(min_length=1, max_length=128, pattern=r"^[0-9A-Za-z._~:/?#\[\]@!$&'()*+,;=%-]+\Z")
]
"""The system an event comes from: a URI-reference (CloudEvents `source`), e.g. `urn:hotline:12345`."""

Title = Annotated[str, Meta(min_length=1, max_length=500, pattern=NO_NUL)]
Body = Annotated[str, Meta(max_length=20_000, pattern=NO_NUL)]
"""What the requester said; real hotline records reach 12,220 characters."""

Instant = Annotated[datetime, Meta(tz=True)]
"""A moment with its zone (RFC 3339)."""

YEARS = range(2000, 3000)
UNDATED = f"The year must be from {YEARS[0]} to {YEARS[-1]}."
Dated = Annotated[
    datetime, Meta(tz=True, extra={"years": YEARS}, extra_json_schema={"pattern": "^2[0-9]{3}-"})
]
"""A moment that another office says, of the years 2000 to 2999 as it is written.

Year 1 east of Greenwich and year 9999 west of it are kept by PostgreSQL, and can be read again by nobody. A
struct with such members calls `dated` when it is made, so that every reader agrees.
"""


def dated(*moments: datetime | None) -> None:
    """Raises ValueError unless all of these are of the years of `Dated`."""
    if any(moment and moment.year not in YEARS for moment in moments):
        raise ValueError(UNDATED)


Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z")]
"""A day in China, e.g. `2026-11-23`."""
TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
"""What a clock in China shows, e.g. `09:30`."""
Recurrence = Annotated[
    str, Meta(min_length=10, max_length=200, pattern=r"^FREQ=(DAILY|WEEKLY|MONTHLY)(;[A-Z]+=[0-9A-Z,+-]+)*\Z")
]
"""How often: an RRULE (RFC 5545, 3.3.10) of days; its end and its time of day are told apart."""
Minutes = Annotated[int, Meta(ge=0, le=10_080)]

Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Points = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
"""What a candidate's fitness is counted in; may be negative."""

Microdegrees = Annotated[int, Meta(ge=-180_000_000, le=180_000_000)]
"""Degrees east or north times a million, about 0.1 m: whole numbers mean the same to every reader."""
Datum = Literal["wgs84", "gcj02"]
"""What coordinates refer to: satellites say WGS-84, maps published in China GCJ-02, up to 700 m away."""
PlaceWay = Literal["code", "address", "coordinates"]
"""By what the grid cell of a request is known."""
PlaceDoubt = Literal["not_listed", "ambiguous", "too_wide", "outside", "datum"]
"""Why nobody can tell the cell: no listed name in the address, several places, no more than a district or
subdistrict, coordinates in no cell, or in two of them as the datum is taken for one or the other.
"""
Percent = Annotated[int, Meta(ge=0, le=100)]

Channel = Literal["hotline_12345", "grid_officer", "resident", "sensor", "system"]
Severity = Literal["general", "urgent", "emergency"]
Clock = Literal["triage", "handling", "rework", "verification", "information", "review", "objection"]
"""Which of a ticket's deadlines it is; `information` and `review` end a pause of one of the others.

`objection` is an adjudicator's and runs beside the ticket's own.
"""
EmergencyLine = Literal["110", "119", "120", "122"]
AssigneeKind = Literal[
    "grid_officer", "party_member", "social_organization", "property_company", "department",
    "volunteer_team", "rota", "community_desk",
]  # fmt: skip
ReturnCode = Literal[
    "not_our_area", "not_our_duty", "duplicate", "insufficient_info", "unsafe", "capacity",
    "conflict_of_interest", "outside_contract",
]  # fmt: skip
WhistleCause = Literal["hard_case", "joint_enforcement", "emergency"]
"""Why a subdistrict or a community calls departments to the place (吹哨): 疑难, 联合执法, 应急."""
Resolved = Literal["yes", "partly", "no"]
Satisfaction = Literal[
    "very_satisfied", "satisfied", "basically_satisfied", "dissatisfied", "very_dissatisfied"
]
"""The five levels of GB/T 39735."""

RatingToken = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{43}\Z")]
"""What a link that asks for a rating carries: 256 random bits, base64url (RFC 4648, 5)."""
RatingCode = Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]
"""The six digits of a text message that asks for a rating."""
RatingWay = Literal["trusted", "link", "code", "callback"]
"""How a rating came: a trusted system vouches for it, by link, by the code of a message, by a call."""

ExclusionGround = Literal["emergency", "statutory_path", "malicious", "law_enforcement"]
"""Why a case may count in no rate (DOMAIN.md §3)."""

Score = Annotated[int, Meta(ge=1, le=5)]
"""How good a department's work was: response, cooperation and result together; 5 is the best."""

CallOutcome = Literal["reached_rated", "reached_refused", "no_answer", "call_later", "wrong_number"]
"""What came of a call to who has not rated yet."""

Audience = Literal["requester", "follower", "assignee", "supervisor"]
NotificationChannel = Literal["console", "smtp", "sms", "app", "callback"]
"""`app`: a message in WeChat or a city's app; `callback`: an operator rings."""
ContactKind = Literal["email", "phone"]
"""How the contact of a person can be reached."""

Role = Literal[
    "operator", "grid_officer", "requester", "assignee", "supervisor", "verifier", "adjudicator", "sensor",
]  # fmt: skip
"""In what capacity a person, or a device, speaks; which moves are open to it says the table."""
Missing = Literal["who", "when", "where", "cause", "course"]
"""What a request may leave open (DOMAIN.md §1, row 4)."""
GridLevel = Literal["building", "compound", "community", "subdistrict", "district"]
