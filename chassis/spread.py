"""How values are spread: a histogram that takes one note for a whole batch, without locks and objects."""

from bisect import bisect_left
from collections.abc import Sequence


class Spread:
    """Counts values up to each bound; `weight` events with one value cost as much as one."""

    __slots__ = ("_bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds, self.counts, self.sum = bounds, [0] * (len(bounds) + 1), 0.0

    def note(self, value: float, weight: int = 1) -> None:
        """Counts a value."""
        self.counts[bisect_left(self._bounds, value)] += weight
        self.sum += value * weight

    def plus(self, other: "Spread") -> "Spread":
        """Both together; they have the same bounds."""
        both = Spread(self._bounds)
        both.counts = [one + two for one, two in zip(self.counts, other.counts, strict=True)]
        both.sum = self.sum + other.sum
        return both

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)

    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus wants it: each bound, and how many values were not above it."""
        total, found = 0, []
        for bound, count in zip((*map(repr, map(float, self._bounds)), "+Inf"), self.counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found
