"""What must hold before a ticket follows another: each says why it must not, or None."""

from typing import Any

from services.ticket import grid
from services.ticket.commands import MergeTicket
from services.ticket.guards import GRAVITY, Guard
from services.ticket.state import OPEN, Ticket


def another_ticket(state: Ticket, command: MergeTicket) -> str | None:
    """Nobody follows himself."""
    same = command.primary is not None and command.primary.id == state.id
    return "a ticket cannot follow itself" if same else None


def primary_open(_state: Ticket, command: MergeTicket) -> str | None:
    """The primary is open and follows no other."""
    primary = command.primary
    if primary is None or primary.state == "new":
        return "there is no such ticket to follow"
    if primary.primary:
        return f"{primary.id} follows {primary.primary} itself"
    return None if primary.state in OPEN else f"{primary.id} is {primary.state}: nothing is left to do"


def same_category_and_place(state: Ticket, command: MergeTicket) -> str | None:
    """Same category, and one place lies in the other, as far as both are known."""
    primary = command.primary
    assert primary
    if primary.category and state.category and primary.category != state.category:
        return f"{primary.id} is about {primary.category}, this one about {state.category}"
    apart = primary.grid and state.grid and not grid.together(primary.grid, state.grid)
    return f"{primary.id} is in {primary.grid}, this one in {state.grid}" if apart else None


def close_in_time(state: Ticket, command: MergeTicket) -> str | None:
    """Both came within the policy's days."""
    primary, days = command.primary, int(command.rules["duplicates"].value["days"])
    assert primary
    if primary.received_at is None:
        return None
    apart = abs((state.received_at or command.at) - primary.received_at)
    return f"{primary.id} came more than {days} days apart" if apart.total_seconds() > days * 86_400 else None


def not_graver(state: Ticket, command: MergeTicket) -> str | None:
    """What is graver does not wait behind what is less so."""
    primary = command.primary
    assert primary
    graver = GRAVITY.index(state.severity) > GRAVITY.index(primary.severity)
    return f"it is graver than {primary.id}: let that rise first" if graver else None


def leads_none(state: Ticket, _command: MergeTicket) -> str | None:
    """A ticket that leads others, or has children, does not follow."""
    led = state.more.followers or tuple(child.number for child in state.more.children)
    return f"it leads {', '.join(led)}" if led else None


def follows_another(state: Ticket, _command: Any) -> str | None:
    """It does follow one."""
    return None if state.more.primary else "it follows no ticket"


MERGE: tuple[Guard, ...] = (
    another_ticket, primary_open, same_category_and_place, close_in_time, not_graver, leads_none
)  # fmt: skip
