"""`POST /events`: CloudEvents over HTTP, structured, binary or a batch, and what became of each."""

from typing import Any, Literal

from msgspec import Struct

from contracts.cloudevent import BATCH, SINGLE
from contracts.envelope import Envelope
from contracts.gateway.operation import Operation, Problem
from contracts.registry import INBOUND
from contracts.terms import Text

MOST_EVENTS = 500
"""In one batch."""
MOST_BYTES = 4_000_000
"""In one request; a single event may have 1,000,000."""
DEEPEST = 32
"""Levels of JSON inside one another."""

Became = Literal["accepted", "repeated"]


class Taken(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event that is kept and will have its effect once; `repeated`: it was kept before."""

    id: Text
    source: Text
    state: Became
    ticket: Text | None = None
    trace: Text | None = None


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one event of a batch, in the order of the batch."""

    status: int
    taken: Taken | None = None
    problem: Problem | None = None


class Results(Struct, frozen=True, kw_only=True):
    """What became of a batch: an answer for each event, in the order of the batch."""

    trace: Text
    results: list[Result]


EVENT: dict[str, Any] = {
    "allOf": [
        {"$ref": "#/components/schemas/Envelope"},
        {
            "type": "object",
            "required": ["type", "data"],
            "properties": {"type": {"enum": sorted(INBOUND)}, "data": {"type": "object"}},
        },
    ]
}
KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "description": "Names the request: sent again with the same body it gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
}  # fmt: skip

SEND = Operation(
    method="POST", path="/events", name="sendEvents",
    summary="Hands over one event (structured, or binary with ce- headers) or a batch.",
    bodies={
        SINGLE: EVENT,
        BATCH: {"type": "array", "minItems": 1, "maxItems": MOST_EVENTS, "items": EVENT},
        "application/json": {"type": "object", "description": "`data` alone; the envelope is in ce- headers"},
    },
    headers={"Idempotency-Key": KEY},
    answers={202: Taken, 207: Results},
    problems=(400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503),
)  # fmt: skip

PARTS = (Envelope,)
