"""`GET /tickets/{no}`: how a ticket stands, for the system that sent it."""

from typing import Literal

from msgspec import Struct

from contracts.gateway.operation import Operation
from contracts.terms import Instant, Label, Resolved, Satisfaction, Severity, Source, TicketNo

TicketState = Literal[
    "received", "pending_info", "accepted", "suspended", "handled", "awaiting_rating", "closed", "declined",
    "transferred", "merged", "cancelled",
]  # fmt: skip


class TicketStatus(Struct, frozen=True, kw_only=True):
    """How a ticket stands as far as the gateway has heard; nothing about persons."""

    ticket: TicketNo
    source: Source
    external_id: Label
    state: TicketState
    severity: Severity
    received_at: Instant
    updated_at: Instant
    category: Label | None = None
    due_at: Instant | None = None
    resolved: Resolved | None = None
    satisfaction: Satisfaction | None = None
    primary: TicketNo | None = None


SHOW = Operation(
    method="GET", path="/tickets/{no}", name="showTicket",
    summary="How a ticket stands; 404 for whoever has not sent it.",
    answers={200: TicketStatus}, problems=(401, 404, 405, 429, 503),
)  # fmt: skip
