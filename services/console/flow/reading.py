"""The read model of *Flow*: the page and the command ask here, and get values."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chassis.database import Tx
from contracts.registry import EVENTS
from contracts.terms import CHINA
from services.console.flow import domain, view_store
from services.console.flow.counting import NOWHERE
from services.console.flow.domain import Days, Events, Heat, Standing, Times, short
from services.console.flow.slots import Window

STALE = timedelta(minutes=1)


class UnknownCell(LookupError):
    """No cell of the grid tree has this code."""


class UnknownType(LookupError):
    """No event is called so."""


def standing(tx: Tx, now: datetime) -> Standing:
    """How far the counts are."""
    behind, settled_at, since = view_store.progress(tx)
    complete_at = settled_at if behind else now
    return Standing(behind, complete_at, since, now - complete_at > STALE)


def types_named(words: Sequence[str]) -> list[str] | None:
    """Types of events by short name, publisher, or full name; None for no words; raises UnknownType."""
    found: list[str] = []
    for word in words:
        same = [name for name in EVENTS if word in (name, short(name)) or domain.publisher(name) == word]
        if not same:
            raise UnknownType(word)
        found += same
    return found or None


def events(tx: Tx, window: Window, types: Sequence[str] | None = None) -> Events:
    """Events per type over time."""
    return domain.events(window, view_store.events(tx, window, types))


def days(tx: Tx, window: Window, cell: str) -> Days:
    """Day by day what came in and was done in a cell and below it; whole days, even of a short window."""
    _way(tx, cell)
    first, last = (moment.astimezone(CHINA).date() for moment in (window.slots[0], window.slots[-1]))
    found = view_store.by_day(tx, cell, first, last)
    listed = [first.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]
    came, done = zip(*(found.get(day, (0, 0)) for day in listed), strict=True)
    return Days(tuple(listed), came, done)


def times(tx: Tx, window: Window, types: Sequence[str] | None = None) -> Times:
    """Critical times and hand-over times."""
    return domain.times(view_store.waits(tx, window, types))


def heat(tx: Tx, window: Window, cell: str, now: datetime) -> Heat:
    """What came in and was done since the day on which the window begins, and what waits now; in a cell."""
    way = _way(tx, cell)
    today = now.astimezone(CHINA).date()
    since = window.since.astimezone(CHINA).date()
    moved = view_store.moved(tx, cell, since, today)
    return domain.heat(cell, since, way, moved, view_store.waiting(tx, cell, today), today)


def _way(tx: Tx, cell: str) -> list[str]:
    """The codes from the top down to a cell; raises UnknownCell."""
    if cell in ("", NOWHERE):
        return [cell] if cell else []
    found = view_store.cell(tx, cell)
    if found is None:
        raise UnknownCell(cell)
    return found[2]
