"""Row 6: a ticket whose category, severity and grid are known is accepted, and all clocks start."""

from datetime import datetime
from typing import Any

from contracts import ticket
from services.ticket.clock import deadline
from services.ticket.life import evolve
from services.ticket.state import Ticket


def accepted(state: Ticket, command: Any, since: datetime | None = None) -> list[Any]:
    """The ticket as it is is accepted, its clock counted from now on, or from `since` on."""
    known: Any = state
    fact = ticket.TicketAccepted(
        category=known.category, severity=known.severity, grid=known.grid, channel=known.channel,
        source=known.source, lives_alone=known.lives_alone,
    )  # fmt: skip
    return [fact, deadline("handling", evolve(state, fact), command, since)]


def transferred(category: str | None, command: Any) -> list[Any]:
    """Row 2: an emergency line takes over, where the category is one's."""
    line = command.rules["emergency_lines"].value.get(category or "")
    return [ticket.TicketTransferred(line=line, reason_code=category or "")] if line else []
