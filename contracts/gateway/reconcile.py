"""`GET /reconcile` and `POST /reconcile`: what a system has sent, and what is held of it."""

from typing import Annotated

from msgspec import Meta, Struct, field

from contracts.gateway.operation import Operation
from contracts.terms import Instant, Label, Source, Text

LONGEST_DAYS = 31
MOST_LISTED = 10_000
"""Entries in each list; `complete` says whether that was enough."""


class Period(Struct, frozen=True, kw_only=True):
    """Events of a source whose own `time` lies in [from, to), at most 31 days."""

    source: Source
    from_: Instant = field(name="from")
    to: Instant


class Sent(Struct, frozen=True, kw_only=True):
    """The same, with the ids that the system says it has sent."""

    source: Source
    from_: Instant = field(name="from")
    to: Instant
    ids: Annotated[list[Label], Meta(max_length=MOST_LISTED)]


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event, and why it is in its list."""

    id: Text
    type: Text | None = None
    ticket: Text | None = None
    time: Instant | None = None
    reason: Text | None = None
    detail: Text | None = None


class Counts(Struct, frozen=True, kw_only=True):
    """How many there are of each; `sent` are all that reached the door."""

    sent: int
    held: int
    under_way: int
    parked: int
    refused: int
    missing: int


class Reconciliation(Struct, frozen=True, kw_only=True):
    """Every event in exactly one list: `missing` was sent, or kept, and has had no effect; send it again."""

    source: Source
    from_: Instant = field(name="from")
    to: Instant
    complete: bool
    counts: Counts
    held: list[Entry]
    under_way: list[Entry]
    parked: list[Entry]
    refused: list[Entry]
    missing: list[Entry]


LOOK = Operation(
    method="GET", path="/reconcile", name="reconcile",
    summary="What is held of what a source has sent in a period.",
    query=Period, answers={200: Reconciliation}, problems=(401, 403, 405, 422, 429, 503),
)  # fmt: skip
COMPARE = Operation(
    method="POST", path="/reconcile", name="reconcileIds",
    summary="The same, compared with the ids that the system says it has sent.",
    bodies={"application/json": Sent}, answers={200: Reconciliation},
    problems=(400, 401, 403, 405, 413, 415, 422, 429, 503),
)  # fmt: skip
