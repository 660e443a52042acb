"""One ticket, several units at work: children are tickets of their own, and their parent waits for them."""

from typing import Any

from contracts import ticket
from contracts.numbering import ticket_number
from services.ticket import desk, letters
from services.ticket.acceptance import accepted, transferred
from services.ticket.commands import ReadLetters
from services.ticket.guards import children_done
from services.ticket.letters import Letter, written
from services.ticket.life import evolve
from services.ticket.outcome import reported
from services.ticket.state import ChildBegun, Ticket

OURS = "urn:fengge:ticket"
"""The source of a request that is a part of another one."""


def split(state: Ticket, command: desk.SplitTicket) -> list[Any]:
    """Each part becomes a ticket, which reads of it in its own post; its number follows from its parent's."""
    facts: list[Any] = []
    for place, part in enumerate(command.parts, len(state.more.children) + 1):
        name = f"{state.id}/{place}"
        number = ticket_number(OURS, name)
        severity: Any = part.severity or state.severity
        opening = letters.Opening(
            external_id=name, category=part.category, severity=severity, grid=part.grid,
            channel=state.channel, lives_alone=state.lives_alone,  # type: ignore[arg-type]
        )  # fmt: skip
        opened = ticket.ChildOpened(
            child=number, category=part.category, severity=severity, grid=part.grid,
            mandatory=part.mandatory, by=command.actor,
        )  # fmt: skip
        facts += [opened, written(state.id, number, opening)]
    return facts


def waive(state: Ticket, command: desk.WaiveChild) -> list[Any]:
    """The parent waits for one child less, and is handled if that was the last and the lead has reported."""
    waived = ticket.ChildWaived(child=command.child, reason_code=command.reason_code, by=command.actor)
    return [waived, *_handled_at_last(evolve(state, waived), command)]


def opening(state: Ticket, letter: Letter, command: ReadLetters) -> list[Any]:
    """A part begins its own life: received, accepted, with a clock of its own."""
    said: Any = letter.body
    if state.state != "new":
        return []
    begun = ChildBegun(letter.sender, command.at)
    received = ticket.TicketReceived(
        source=OURS, external_id=said.external_id, channel=said.channel, severity=said.severity,
        category=said.category, grid=said.grid, lives_alone=said.lives_alone, parent=letter.sender,
    )  # fmt: skip
    state = evolve(evolve(state, begun), received)
    return [begun, received, *(transferred(said.category, command) or accepted(state, command))]


def progress(state: Ticket, letter: Letter, command: ReadLetters) -> list[Any]:
    """What has become of a child; whoever is waived already stays so."""
    said: Any = letter.body
    child = next((child for child in state.more.children if child.number == letter.sender), None)
    if child is None or child.state in ("waived", said.state):
        return []
    moved = ticket.ChildMoved(child=letter.sender, state=said.state)
    return [moved, *_handled_at_last(evolve(state, moved), command)]


def ended(state: Ticket, letter: Letter, _command: ReadLetters) -> list[Any]:
    """The parent is over; the child goes on, and everybody can see it."""
    said: Any = letter.body
    return [ticket.ParentEnded(parent=letter.sender, state=said.state)] if state.state != "new" else []


def _handled_at_last(state: Ticket, command: Any) -> list[Any]:
    outcome = state.more.outcome
    if outcome is None or children_done(state, command):
        return []
    return reported(state, outcome, command)
