"""The read model of one ticket, and of a search: what pages and the command show, from one connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.database import Tx
from contracts.numbering import ticket_number
from services.console.ticket import domain, search_store, store, trace_store
from services.console.ticket.deadline import Explained, explained
from services.console.ticket.domain import Delivery
from services.console.ticket.moments import Moment, line
from services.console.ticket.offers import Offer, offers
from services.console.ticket.stuck import Stuck, stuck
from services.console.ticket.trace_store import Trace
from services.console.words import Pair

ROWS = 50


@dataclass(frozen=True)
class Story:
    """All that is known of one ticket's life, without who asked and what they said."""

    ticket: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    line: Sequence[Moment]
    stuck: Sequence[Stuck]
    offers: Sequence[Offer]
    deadlines: Sequence[Explained]
    deliveries: Sequence[Delivery]
    rating: Mapping[str, Any] | None
    kin: Sequence[tuple[str, str]]
    trace: Trace | None
    category: Pair | None
    """What its category is called."""
    place: Sequence[str]
    """The names of its cell and those above, the widest first."""


def story(tx: Tx, number: str, now: datetime) -> Story | None:
    """The ticket of this number; None where there is none."""
    ticket = store.ticket(tx, number)
    if ticket is None:
        return None
    history = store.history(tx, number)
    return Story(
        ticket=ticket,
        history=history,
        line=line(history, store.taken_in(tx, number)),
        stuck=what_is_stuck(tx, ticket),
        offers=offers(history),
        deadlines=list(explained(history, store.calendar(tx), now)),
        deliveries=store.deliveries(tx, number),
        rating=store.rating(tx, number),
        kin=domain.kin(ticket),
        category=store.category(tx, ticket["category"]),
        place=store.place(tx, ticket["grid"]),
        trace=trace_store.trace(tx, number, history[0]["time"]) if history else None,
    )  # fmt: skip


def what_is_stuck(tx: Tx, ticket: Mapping[str, Any]) -> list[Stuck]:
    """What of a ticket waits, is parked, or has not been taken in, in all services."""
    number, sources = ticket["id"], [ticket["source"]]
    return stuck(
        store.waiting(tx, number, sources), store.parked(tx, number, sources),
        store.published(tx, number), store.positions(tx, number),
    )  # fmt: skip


def search(tx: Tx, query: str) -> list[dict[str, Any]]:
    """Tickets that a query may mean: a number, another system's number, or a grid cell and those below."""
    if number := domain.as_number(query):
        return search_store.by_numbers(tx, [number])
    numbers = [ticket_number(source, query) for source in sorted(search_store.sources(tx))]
    found = search_store.by_numbers(tx, numbers) if numbers else []
    if not found and domain.GRID.fullmatch(query.upper()):
        found = search_store.by_grid(tx, query.upper(), ROWS)
    return found
