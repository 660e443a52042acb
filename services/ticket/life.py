"""The life of a ticket as a value: its state, the one table of its moves, and how facts change it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import dispatch, ticket
from contracts.event import Event
from contracts.intake import Requester


class Intake(Struct, frozen=True, kw_only=True):
    """What was said and by whom; kept apart from the ticket and never published."""

    title: str
    body: str
    address: str | None = None
    occurred_at: datetime | None = None
    requester: Requester | None = None


class Ticket(Struct, frozen=True, kw_only=True):
    """The state of one ticket; `intake` is present only in the transaction that receives it."""

    id: str
    sequence: int = 0
    state: str = "new"
    source: str = ""
    external_id: str = ""
    channel: str = ""
    severity: str = "general"
    category: str | None = None
    grid: str | None = None
    requester_ref: str | None = None
    lives_alone: bool = False
    received_at: datetime | None = None
    due_at: datetime | None = None
    assignment: str | None = None
    assignee: str | None = None
    assignee_kind: str | None = None
    reworks: int = 0
    resolved: str | None = None
    satisfaction: str | None = None
    intake: Intake | None = None


class RequestRecorded(Struct, frozen=True):
    """What was said, for the vault only."""

    intake: Intake
    at: datetime


OPEN = ("received", "accepted", "dispatching", "assigned", "in_progress")
LIVE = (*OPEN, "handled", "awaiting_rating")

MOVES: dict[tuple[str, type[Event]], str] = {
    ("new", ticket.TicketReceived): "received",
    ("received", ticket.TicketTransferred): "transferred",
    ("received", ticket.TicketDeclined): "declined",
    ("received", ticket.TicketAccepted): "accepted",
    ("accepted", dispatch.DispatchStarted): "dispatching",
    ("accepted", dispatch.OfferMade): "dispatching",
    ("dispatching", dispatch.AssignmentAccepted): "assigned",
    ("assigned", dispatch.FirstContactMade): "in_progress",
    ("in_progress", ticket.TicketHandled): "handled",
    ("handled", ticket.TicketVerified): "awaiting_rating",
    ("awaiting_rating", ticket.TicketClosed): "closed",
    ("awaiting_rating", ticket.TicketReopened): "in_progress",
    **{(state, ticket.TicketCancelled): "cancelled" for state in OPEN},
}
"""Every legal move (DOMAIN.md §1): state and fact → next state."""


def initial(key: str) -> Ticket:
    """A ticket nobody has heard of yet."""
    return Ticket(id=key)


def evolve(state: Ticket, fact: Any) -> Ticket:
    """The ticket after `fact`; a fact that is no legal move is on record but moves nothing."""
    change = CHANGES.get(type(fact))
    moved = MOVES.get((state.state, type(fact)))
    if moved is not None:
        state = replace(state, state=moved)
    elif type(fact) in MOVING:
        return state
    return change(state, fact) if change else state


def _after_received(state: Ticket, fact: ticket.TicketReceived) -> Ticket:
    return replace(
        state, source=fact.source, external_id=fact.external_id, channel=fact.channel, severity=fact.severity,
        category=fact.category, grid=fact.grid, requester_ref=fact.requester_ref,
        lives_alone=fact.lives_alone,
    )  # fmt: skip


def _after_assigned(state: Ticket, fact: dispatch.AssignmentAccepted) -> Ticket:
    return replace(state, assignment=fact.assignment, assignee=fact.assignee, assignee_kind=fact.kind)


CHANGES: dict[type, Callable[[Ticket, Any], Ticket]] = {
    RequestRecorded: lambda state, fact: replace(state, intake=fact.intake, received_at=fact.at),
    ticket.TicketReceived: _after_received,
    ticket.TicketAccepted: lambda state, fact: replace(
        state, category=fact.category, severity=fact.severity, grid=fact.grid
    ),
    ticket.DeadlineSet: lambda state, fact: replace(state, due_at=fact.due_at),
    dispatch.AssignmentAccepted: _after_assigned,
    ticket.TicketReopened: lambda state, fact: replace(state, reworks=fact.reworks),
    ticket.TicketClosed: lambda state, fact: replace(
        state, resolved=fact.resolved, satisfaction=fact.satisfaction
    ),
}
MOVING = frozenset(fact for _, fact in MOVES)
