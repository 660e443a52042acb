"""How a ticket stands, pure: facts of the ticket service folded into what its sender may see."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chassis.model import Outgoing
from chassis.states import Stored
from contracts import ticket
from contracts.event import Event
from contracts.intake import EventRefused

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Standing(Stored, frozen=True, kw_only=True):
    """One ticket, or one standing order, as the gateway has heard of it; `before` a pause, where it was."""

    source: str = ""
    external_id: str = ""
    state: str = ""
    before: str = ""
    severity: str = "general"
    category: str | None = None
    due_at: datetime | None = None
    resolved: str | None = None
    satisfaction: str | None = None
    primary: str | None = None
    received_at: datetime = EPOCH
    updated_at: datetime = EPOCH


class Follow(Struct, frozen=True, kw_only=True):
    """The ticket service has published a fact."""

    fact: Event
    at: datetime
    post: Outgoing | None = None


class PassOn(Struct, frozen=True, kw_only=True):
    """A service has published a fact that somebody outside hears."""

    post: Outgoing


class NoteRefusal(Struct, frozen=True, kw_only=True):
    """A service has refused an event that was taken in here."""

    fact: EventRefused
    post: Outgoing | None = None


class Moved(Struct, frozen=True, kw_only=True):
    """A fact and when it happened; private."""

    fact: Event
    at: datetime


BORN = (ticket.TicketReceived, ticket.StandingOrderOpened)
"""Facts with which something begins that has an owner."""
ENTERS: Mapping[type[Event], str] = {
    ticket.TicketReceived: "received",
    ticket.StandingOrderOpened: "accepted",
    ticket.TicketAccepted: "accepted",
    ticket.InfoRequested: "pending_info",
    ticket.TicketSuspended: "suspended",
    ticket.TicketHandled: "handled",
    ticket.TicketVerified: "awaiting_rating",
    ticket.ReworkRequested: "accepted",
    ticket.TicketReopened: "accepted",
    ticket.DeclineObjected: "received",
    ticket.TicketClosed: "closed",
    ticket.FinalAnswerGiven: "closed",
    ticket.TicketDeclined: "declined",
    ticket.TicketTransferred: "transferred",
    ticket.TicketMerged: "merged",
    ticket.TicketCancelled: "cancelled",
}
"""Into which state a fact brings a ticket."""
RETURNS = (ticket.InfoProvided, ticket.TicketResumed, ticket.TicketUnmerged)
"""Facts after which a ticket is again what it was before."""
FOLLOWED: tuple[type[Event], ...] = (
    *ENTERS, *RETURNS, ticket.DeadlineSet, ticket.DeadlineExtended, ticket.SeverityChanged,
)  # fmt: skip


def initial(key: str) -> Standing:
    """A ticket nobody has heard of yet."""
    return Standing(id=key)


def decide(state: Standing, command: Follow | PassOn | NoteRefusal) -> list[Any]:
    """Facts of others are taken as they are, and noted; of a ticket whose beginning was not heard, none."""
    match command:
        case NoteRefusal():
            return [command.fact, command.post] if command.post else [command.fact]
        case PassOn():
            return [command.post]
    known = state.source or isinstance(command.fact, BORN)
    moved = [Moved(fact=command.fact, at=command.at), command.fact] if known else []
    return [*moved, command.post] if command.post else moved


def evolve(state: Standing, fact: Any) -> Standing:
    """The ticket after a fact."""
    if not isinstance(fact, Moved):
        return state
    told, kind = fact.fact, type(fact.fact)
    if kind in BORN:
        state = replace(state, received_at=fact.at)
    if kind in ENTERS:
        state = replace(state, state=ENTERS[kind], before=state.state)
    elif kind in RETURNS:
        state = replace(state, state=state.before or state.state)
    return replace(LEARNS.get(kind, _nothing)(state, told), updated_at=max(fact.at, state.updated_at))


def _nothing(state: Standing, told: Any) -> Standing:  # noqa: ARG001 (one signature for all)
    return state


def _received(state: Standing, told: ticket.TicketReceived) -> Standing:
    return replace(
        state,
        source=told.source,
        external_id=told.external_id,
        severity=told.severity,
        category=told.category,
    )


def _accepted(state: Standing, told: ticket.TicketAccepted) -> Standing:
    return replace(state, category=told.category, severity=told.severity)


def _due(state: Standing, told: ticket.DeadlineSet) -> Standing:
    return replace(state, due_at=told.due_at) if told.kind in ("handling", "rework") else state


def _moved_on(state: Standing, told: Any) -> Standing:
    return replace(state, due_at=told.due_at)


def _closed(state: Standing, told: ticket.TicketClosed) -> Standing:
    return replace(state, resolved=told.resolved or state.resolved, satisfaction=told.satisfaction)


LEARNS: Mapping[type[Event], Callable[[Standing, Any], Standing]] = {
    ticket.TicketReceived: _received,
    ticket.StandingOrderOpened: lambda state, told: replace(
        state, source=told.source, external_id=told.external_id
    ),
    ticket.TicketAccepted: _accepted,
    ticket.SeverityChanged: lambda state, told: replace(state, severity=told.severity),
    ticket.DeadlineSet: _due,
    ticket.DeadlineExtended: _moved_on,
    ticket.InfoProvided: _moved_on,
    ticket.TicketResumed: _moved_on,
    ticket.TicketHandled: lambda state, told: replace(state, resolved=told.resolved),
    ticket.TicketReopened: lambda state, told: replace(state, resolved=None, satisfaction=None),
    ticket.TicketClosed: _closed,
    ticket.TicketMerged: lambda state, told: replace(state, primary=told.primary),
    ticket.TicketUnmerged: lambda state, told: replace(state, primary=None),
}
"""What else a fact says of its ticket."""
