"""The drawings of *Flow* as plain numbers: where bars and marks lie in a box of fixed size; pure."""

from collections.abc import Sequence
from math import log10

from msgspec import Struct

from services.console.flow.domain import Kind, Spread

WIDTH = 720
STRIP = 72
"""How high the bars of one strip may be."""
ROW = 26
LEFT = 190
"""Where the names of rows end and the scale begins."""
RIGHT = 20
SHORTEST = 0.001
"""Seconds at which the scale of times begins."""
DECADES = (0.001, 0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 36_000.0, 86_400.0, 864_000.0, 8_640_000.0)


class Bar(Struct, frozen=True):
    """One bar, from its left upper corner."""

    x: float
    y: float
    width: float
    height: float


class Strip(Struct, frozen=True):
    """What happened in one service over time; the highest bar stands for `most`."""

    publisher: str
    total: int
    most: int
    bars: tuple[Bar, ...]


class Span(Struct, frozen=True):
    """How long one thing took: marks at p50, p95 and p99 on one line."""

    of: Spread
    y: float
    p50: float
    p95: float
    p99: float


class Tick(Struct, frozen=True):
    """A line of the scale of times."""

    seconds: float
    x: float


class Spans(Struct, frozen=True):
    """Lines of times over one logarithmic scale."""

    rows: tuple[Span, ...]
    ticks: tuple[Tick, ...]
    height: float


def strip(kind: Kind) -> Strip:
    """Bars for one service; only nothing has no height."""
    most = max(kind.slots, default=0)
    step = WIDTH / max(len(kind.slots), 1)
    bars = [
        Bar(round(at * step + 1, 1), round(STRIP - high, 1), round(step - 2, 1), round(high, 1))
        for at, count in enumerate(kind.slots)
        if (high := max(1.0, STRIP * count / most) if count else 0)
    ]
    return Strip(kind.publisher, kind.total, most, tuple(bars))


def spans(found: Sequence[Spread]) -> Spans:
    """One line for each."""
    longest = max((one.p99 for one in found), default=SHORTEST)
    end = next((decade for decade in DECADES[1:] if decade >= longest), DECADES[-1])

    def x(seconds: float) -> float:
        share = log10(max(seconds, SHORTEST) / SHORTEST) / log10(end / SHORTEST)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(share, 1.0), 1)

    rows = [
        Span(one, ROW * (number + 0.5), x(one.p50), x(one.p95), x(one.p99))
        for number, one in enumerate(found)
    ]
    ticks = [Tick(decade, x(decade)) for decade in DECADES if decade <= end]
    return Spans(tuple(rows), tuple(ticks), ROW * len(rows))
