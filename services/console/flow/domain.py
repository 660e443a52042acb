"""What *Flow* says, as values: rates over time, times by percentile, heat by place and by category; pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.console.flow.buckets import percentile
from services.console.flow.slots import Window

HOTTEST = 10
"""Combinations of place and category that are named."""


class Standing(Struct, frozen=True):
    """How far the counts are: rows still to count, up to when all is counted, since when they are kept.

    What came in the last moments is always still to count; `stale` says that more is missing than that.
    """

    behind: int
    complete_at: datetime
    since: datetime
    stale: bool


class Kind(Struct, frozen=True):
    """One type of event: how often in all, and in each slot of the window."""

    type: str
    publisher: str
    total: int
    slots: tuple[int, ...]


class Events(Struct, frozen=True):
    """Events per type over time, the most frequent first; `publishers` sums them up."""

    slots: tuple[datetime, ...]
    grain: str
    kinds: tuple[Kind, ...]
    publishers: tuple[Kind, ...]


class Days(Struct, frozen=True):
    """Day by day what came in and was done in one part of the grid tree."""

    days: tuple[date, ...]
    received: tuple[int, ...]
    done: tuple[int, ...]


class Spread(Struct, frozen=True):
    """How long something took, in seconds, each at most 9.1 % too high; `taker` is empty for a type."""

    giver: str
    taker: str
    type: str
    events: int
    p50: float
    p95: float
    p99: float


class Times(Struct, frozen=True):
    """Hand-over times by pair of services, and critical times by what came of it."""

    pairs: tuple[Spread, ...]
    types: tuple[Spread, ...]


class Spot(Struct, frozen=True):
    """A place, a category, or both: what came and was done in the period, what waits, how old, how late."""

    cell: str
    category: str
    received: int
    done: int
    waiting: int
    late: int
    mean_days: float
    oldest_days: int


class Heat(Struct, frozen=True):
    """Below one cell (empty: everywhere): the next cells, the categories, and where most is late."""

    cell: str
    since: date
    way: tuple[str, ...]
    places: tuple[Spot, ...]
    categories: tuple[Spot, ...]
    hottest: tuple[Spot, ...]


def short(type_: str) -> str:
    """`cn.fengge.ticket.TicketAccepted.v1` → `TicketAccepted`."""
    return type_.rsplit(".", 2)[-2] if type_.count(".") > 1 else type_


def publisher(type_: str) -> str:
    """`cn.fengge.ticket.TicketAccepted.v1` → `ticket`."""
    return type_.rsplit(".", 3)[-3] if type_.count(".") > 2 else ""


def events(window: Window, rows: Iterable[tuple[datetime, str, int]]) -> Events:
    """Puts the counts into the slots of the window."""
    place = {slot: number for number, slot in enumerate(window.slots)}
    by_type: dict[str, list[int]] = defaultdict(lambda: [0] * len(place))
    by_publisher: dict[str, list[int]] = defaultdict(lambda: [0] * len(place))
    for slot, kind, count in rows:
        by_type[kind][place[slot]] += count
        by_publisher[publisher(kind)][place[slot]] += count
    kinds = [Kind(kind, publisher(kind), sum(counts), tuple(counts)) for kind, counts in by_type.items()]
    sums = [Kind("", who, sum(counts), tuple(counts)) for who, counts in by_publisher.items()]
    return Events(window.slots, window.grain, _most(kinds), _most(sums))


def _most(kinds: Iterable[Kind]) -> tuple[Kind, ...]:
    return tuple(sorted(kinds, key=lambda kind: (-kind.total, kind.type, kind.publisher)))


def times(rows: Iterable[tuple[str, str, int, int]]) -> Times:
    """Sums the buckets up by pair and by type, the slowest first."""
    pairs: dict[tuple[str, str, str], Counter[int]] = defaultdict(Counter)
    types: dict[tuple[str, str, str], Counter[int]] = defaultdict(Counter)
    for giver, kind, bucket, count in rows:
        pairs[giver, publisher(kind), ""][bucket] += count
        types[giver, publisher(kind), kind][bucket] += count
    return Times(_spreads(pairs), _spreads(types))


def _spreads(found: Mapping[tuple[str, str, str], Counter[int]]) -> tuple[Spread, ...]:
    spreads = [Spread(*key, sum(counts.values()), *_percentiles(counts)) for key, counts in found.items()]
    return tuple(sorted(spreads, key=lambda one: (-one.p95, one.giver, one.taker, one.type)))


def _percentiles(counts: Counter[int]) -> tuple[float, float, float]:
    p50, p95, p99 = (percentile(counts, share) or 0.0 for share in (0.5, 0.95, 0.99))
    return p50, p95, p99


def heat(
    cell: str,
    since: date,
    way: Sequence[str],
    moved: Iterable[Mapping[str, Any]],
    waiting: Iterable[Mapping[str, Any]],
    today: date,
) -> Heat:
    """Joins what moved in the period with what waits now."""
    spots: dict[tuple[str | None, str | None], dict[str, Any]] = {}
    for row in [*moved, *waiting]:
        values = {name: value for name, value in row.items() if name not in ("cell", "category")}
        spots.setdefault((row["cell"], row["category"]), {}).update(values)
    found = [_spot(*where, values, today) for where, values in spots.items()]
    return Heat(
        cell,
        since,
        tuple(way),
        _hottest(spot for spot, (_, category) in zip(found, spots, strict=True) if category is None),
        _hottest(spot for spot, (place, _) in zip(found, spots, strict=True) if place is None),
        _hottest(spot for spot, where in zip(found, spots, strict=True) if None not in where)[:HOTTEST],
    )


def _spot(cell: str | None, category: str | None, values: Mapping[str, Any], today: date) -> Spot:
    oldest = values.get("oldest")
    return Spot(
        cell or "", category or "", values.get("received", 0), values.get("done", 0),
        values.get("waiting", 0), values.get("late", 0), values.get("mean", 0.0),
        (today - oldest).days if oldest else 0,
    )  # fmt: skip


def _hottest(spots: Iterable[Spot]) -> tuple[Spot, ...]:
    shown = [spot for spot in spots if spot.waiting or spot.received or spot.done]
    return tuple(sorted(shown, key=lambda s: (-s.late, -s.waiting, -s.received, s.cell, s.category)))


def shade(count: int, most: int) -> int:
    """How dark a number is shown, 0 to 4, by its share of the largest; 0 only for nothing."""
    return 0 if count <= 0 else min(4, 1 + (4 * count - 1) // max(most, 1))
