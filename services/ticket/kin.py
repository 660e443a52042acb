"""Who is told of what happens to a ticket: those that follow it, its children, its parent."""

from collections.abc import Mapping
from typing import Any

from contracts import ticket
from contracts.event import Event
from contracts.ticket import ChildState
from services.ticket import letters
from services.ticket.letters import LetterWritten, written
from services.ticket.state import Ticket

PASSED_ON: frozenset[type[Event]] = frozenset({
    ticket.TicketTransferred, ticket.TicketDeclined, ticket.TicketHandled, ticket.ReworkRequested,
    ticket.TicketVerified, ticket.TicketReopened, ticket.FinalAnswerGiven, ticket.TicketClosed,
    ticket.TicketCancelled,
})  # fmt: skip
"""What followers are told of the ticket they follow."""

ENDS: Mapping[type[Event], ChildState] = {
    ticket.TicketClosed: "closed",
    ticket.TicketDeclined: "declined",
    ticket.TicketTransferred: "transferred",
    ticket.TicketCancelled: "cancelled",
}
REPORTED: Mapping[type[Event], ChildState] = {
    **ENDS, ticket.TicketHandled: "handled", ticket.ReworkRequested: "open", ticket.TicketReopened: "open"
}  # fmt: skip
"""What a parent is told of its child, and what the child is to it then."""


def told(state: Ticket, facts: list[Any]) -> list[Any]:
    """Letters to all concerned, and what the ticket says of children that go on without it."""
    if not (state.more.followers or state.more.children or state.more.parent):
        return []
    return [letter for fact in facts for letter in (*_to_followers(state, fact), *_to_family(state, fact))]


def _to_followers(state: Ticket, fact: Any) -> list[LetterWritten]:
    if type(fact) not in PASSED_ON:
        return []
    return [written(state.id, follower, letters.moved(fact)) for follower in state.more.followers]


def _to_family(state: Ticket, fact: Any) -> list[Any]:
    found: list[Any] = []
    if state.more.parent and type(fact) in REPORTED:
        found.append(written(state.id, state.more.parent, letters.Progress(REPORTED[type(fact)])))
    if type(fact) in ENDS:
        for child in state.more.children:
            if child.state in ("open", "waived"):
                found.append(ticket.ChildReleased(child=child.number))
                found.append(written(state.id, child.number, letters.Ended(ENDS[type(fact)])))
    return found
