"""Tickets about the same: one leads, the others follow it, and what happens to it happens to them."""

from datetime import datetime
from typing import Any

from contracts import ticket
from contracts.actor import Actor
from contracts.problem import Refusal
from contracts.terms import Clock
from services.ticket import desk, letters
from services.ticket.acceptance import accepted
from services.ticket.clock import deadline
from services.ticket.commands import REQUESTER, MergeTicket, ReadLetters
from services.ticket.deskwork import reopened
from services.ticket.letters import Letter, written
from services.ticket.life import evolve
from services.ticket.moves import FOLLOWING, MOVES, permitted
from services.ticket.outcome import verified
from services.ticket.state import OPEN, Ticket

ENDS = (ticket.TicketTransferred, ticket.TicketDeclined, ticket.TicketClosed, ticket.TicketCancelled)
CONTENT = ("very_satisfied", "satisfied", "basically_satisfied")


def merge(state: Ticket, command: MergeTicket) -> list[Any]:
    """The ticket follows its primary, if that will have it."""
    assert command.primary
    to = command.primary.id
    merged = ticket.TicketMerged(
        primary=to, reason_code=command.reason_code, repeat=command.repeat, by=command.actor
    )
    return [merged, written(state.id, to, letters.Joining(command.repeat))]


def unmerge(state: Ticket, command: desk.UnmergeTicket) -> list[Any]:
    """The ticket stands for itself again, and the one it followed is told."""
    primary = state.more.primary
    assert primary
    leaving = written(state.id, primary, letters.Leaving(command.reason_code))
    return [*_parted(state, command, command.reason_code, command.actor), leaving]


def cancelled(state: Ticket, command: Any) -> list[Any]:
    """The requester takes it back; who leads it is told."""
    facts: list[Any] = [ticket.TicketCancelled(reason_code=command.reason_code)]
    primary = state.more.primary
    return [*facts, written(state.id, primary, letters.Leaving("cancelled"))] if primary else facts


def joining(state: Ticket, letter: Letter, _command: ReadLetters) -> list[Any]:
    """Another ticket wants to follow; whoever is over, or follows another, takes none."""
    if state.state not in OPEN or state.more.primary:
        return [written(state.id, letter.sender, letters.NotTaken())]
    return [ticket.FollowerJoined(follower=letter.sender, repeat=letter.body.repeat)]  # type: ignore[union-attr]


def leaving(state: Ticket, letter: Letter, _command: ReadLetters) -> list[Any]:
    """A follower is none any more."""
    if letter.sender not in state.more.followers:
        return []
    return [ticket.FollowerLeft(follower=letter.sender, reason_code=letter.body.reason_code)]  # type: ignore[union-attr]


def unhappy(state: Ticket, letter: Letter, command: ReadLetters) -> list[Any]:
    """Done again where row 19 allows it; who is at it again already needs no second word."""
    if letter.sender in state.more.followers and state.state in (*OPEN, "handled"):
        return []
    said: Any = letter.body
    order = desk.ReopenTicket(
        actor=REQUESTER, at=command.at, rules=command.rules, calendar=command.calendar,
        resolved=said.resolved, satisfaction=said.satisfaction,
    )  # fmt: skip
    if letter.sender not in state.more.followers or isinstance(permitted(state, order), Refusal):
        return [written(state.id, letter.sender, letters.NotReopened(said.resolved, said.satisfaction))]
    return reopened(state, order, command)


def moved(state: Ticket, letter: Letter, command: ReadLetters) -> list[Any]:
    """What has happened to the primary happens here, as far as it is a move; what others want goes on."""
    if letter.sender != state.more.primary:
        return []
    fact: Any = letter.body.fact  # type: ignore[union-attr]
    if isinstance(fact, ticket.TicketCancelled) and not state.more.repeat:
        if state.state not in FOLLOWING:
            return []
        leaving = written(state.id, letter.sender, letters.Leaving("primary_cancelled"))
        return [*_parted(state, command, "primary_cancelled"), leaving]
    if isinstance(fact, ticket.TicketVerified) and not state.more.repeat:
        return verified(state, fact.by, command) if state.state == "handled" else []
    if isinstance(fact, ticket.FinalAnswerGiven):
        return [fact] if state.state == "awaiting_rating" else []
    return [fact] if _concerns(state, fact) and (state.state, type(fact)) in MOVES else []


def _concerns(state: Ticket, fact: Any) -> bool:
    """A repeat only ends with its primary; any other follower is asked itself, and closes by what it says."""
    if state.more.repeat:
        return isinstance(fact, ENDS)
    if isinstance(fact, ticket.TicketClosed):
        return fact.final
    settled = state.state == "closed" and state.resolved == "yes" and state.satisfaction in CONTENT
    return not (isinstance(fact, ticket.TicketReopened) and settled and not state.more.unhappy)


def not_taken(state: Ticket, letter: Letter, command: ReadLetters) -> list[Any]:
    """The ticket cannot follow, and stands for itself."""
    here = letter.sender == state.more.primary and state.state in FOLLOWING
    return _parted(state, command, "primary_ended") if here else []


def not_reopened(state: Ticket, letter: Letter, command: ReadLetters) -> list[Any]:
    """The rating stands, and closes what it was about."""
    if letter.sender != state.more.primary:
        return []
    said: Any = letter.body
    refused = ticket.ReopeningRefused(
        primary=letter.sender, resolved=said.resolved, satisfaction=said.satisfaction
    )
    if state.state != "awaiting_rating":
        return [refused]
    closed = ticket.TicketClosed(
        rated=True, resolved=said.resolved, satisfaction=said.satisfaction, at=command.at
    )
    return [refused, closed]


def _parted(state: Ticket, command: Any, reason: str, by: Actor | None = None) -> list[Any]:
    """Received again, or accepted where all is known, with the clock of its own beginning."""
    assert state.more.primary
    parted = ticket.TicketUnmerged(primary=state.more.primary, reason_code=reason, by=by)
    state = evolve(state, parted)
    if not (state.category and state.grid):
        return [parted, deadline("triage", state, command, _begun(state, "triage", command))]
    return [parted, *accepted(state, command, _begun(state, "handling", command))]


def _begun(state: Ticket, kind: Clock, command: Any) -> datetime:
    """When the clock began, or would have begun had nobody merged it: no moment of waiting is taken back."""
    since = state.since if state.clock == kind else state.received_at
    return since or command.at
