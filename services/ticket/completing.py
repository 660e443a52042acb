"""What a request left open and was found out as it came, and what of that the desk has set right."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from contracts import ticket
from contracts.intake import RequestSubmitted
from contracts.ticket import Suggested
from services.ticket.commands import TriageTicket
from services.ticket.place.gazetteer import Found
from services.ticket.state import Ticket


def completed(said: RequestSubmitted, found: Found | None, suggested: Suggested | None) -> RequestSubmitted:
    """The request with what was found out about it."""
    changes: dict[str, Any] = {}
    if found and found.cell:
        changes["grid"] = found.cell
    if suggested and suggested.taken:
        changes["category"] = suggested.category
    return replace(said, **changes) if changes else said


def all_completed(
    asked: Mapping[str, RequestSubmitted], found: Mapping[str, Found], suggested: Mapping[str, Suggested]
) -> dict[str, RequestSubmitted]:
    """The same for the requests of a batch, by ticket."""
    return {key: completed(said, found.get(key), suggested.get(key)) for key, said in asked.items()}


def alarmed(found: Found | None) -> Sequence[ticket.PlaceUnknown]:
    """The alarm where nobody can tell the cell from what was told of the place."""
    if found is None or found.doubt is None:
        return ()
    return [ticket.PlaceUnknown(reason=found.doubt, candidates=list(found.candidates))]


def corrected(state: Ticket, command: TriageTicket) -> Sequence[ticket.CategoryCorrected]:
    """Where the desk sets another category than was suggested."""
    guess = state.more.suggested
    if guess is None or command.actor is None or command.category in (None, guess.category):
        return ()
    return [
        ticket.CategoryCorrected(
            category=command.category, suggested=guess.category, confidence=guess.confidence,
            model=guess.model, by=command.actor,
        )
    ]  # fmt: skip
