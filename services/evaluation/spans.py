"""How long requesters wait, pure: spans counted in buckets, each √2 times as wide as the one below.

A median read from the buckets is off by less than 19 % (2 ** (1/4)): it lies in its bucket, and is told as
the geometric middle of it. Beyond the ends of a scale the end is told: at most that, or at least that.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from math import sqrt

INNER = 20
SIZE = INNER + 2
"""Buckets of each scale: one below its first edge, 20 between two edges, one from its last edge on."""


def _edges(first: int) -> tuple[int, ...]:
    return tuple(round(first * 2 ** (step / 2)) for step in range(INNER + 1))


CONTACT = _edges(8 * 60)
"""In seconds, of the span from reception to the first contact: 8 minutes to 5.7 days."""
HANDLING = _edges(60 * 60)
"""In seconds, of the span from reception to the last report of the work: 1 hour to 42.7 days."""


def bucket(edges: Sequence[int], since: datetime, until: datetime) -> int:
    """Which bucket a span falls into: how many edges it has reached; a clock that goes back counts as 0."""
    return bisect_right(edges, (until - since).total_seconds())


def median(edges: Sequence[int], counts: Sequence[int]) -> int | None:
    """The lower median in whole minutes, off by less than 19 %; None of no spans."""
    middle = (sum(counts) + 1) // 2
    if not middle:
        return None
    index, reached = -1, 0
    while reached < middle:
        index += 1
        reached += counts[index]
    if index == 0 or index == len(edges):
        return round(edges[min(index, len(edges) - 1)] / 60)
    return round(sqrt(edges[index - 1] * edges[index]) / 60)
