"""What follows from a ticket's post, letter by letter."""

from collections.abc import Callable, Mapping
from typing import Any

from services.ticket import children, following, letters
from services.ticket.commands import ReadLetters
from services.ticket.kin import told
from services.ticket.letters import Letter
from services.ticket.life import evolve
from services.ticket.state import Ticket


def read(state: Ticket, command: ReadLetters) -> list[Any]:
    """All facts that follow, in the order of the letters; each sees what the ones before have changed."""
    facts: list[Any] = [letters.LettersRead(tuple(letter.no for letter in command.letters))]
    for letter in command.letters:
        found = ANSWERS[type(letter.body)](state, letter, command)
        for fact in found:
            state = evolve(state, fact)
        more = told(state, found)
        for fact in more:
            state = evolve(state, fact)
        facts += [*found, *more]
    return facts


ANSWERS: Mapping[type, Callable[[Ticket, Letter, ReadLetters], list[Any]]] = {
    letters.Joining: following.joining,
    letters.Leaving: following.leaving,
    letters.Unhappy: following.unhappy,
    letters.Moved: following.moved,
    letters.NotTaken: following.not_taken,
    letters.NotReopened: following.not_reopened,
    letters.Opening: children.opening,
    letters.Progress: children.progress,
    letters.Ended: children.ended,
}
