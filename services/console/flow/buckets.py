"""Times as histograms: eight buckets to each doubling, so a percentile is at most 9.1 % too high."""

from collections.abc import Mapping
from math import ceil, log2

PER_DOUBLING = 8
LAST = 255
"""2 ^ (255 / 8) ms are 45 days; whatever takes longer counts as that."""
RESOLUTION = 2 ** (1 / PER_DOUBLING) - 1


def bucket_of(seconds: float) -> int:
    """The bucket of a time; what clocks that differ make negative took no time."""
    milliseconds = seconds * 1000
    return min(LAST, ceil(PER_DOUBLING * log2(milliseconds))) if milliseconds > 1 else 0


def ceiling(bucket: int) -> float:
    """The longest time of a bucket, in seconds."""
    return float(2 ** (bucket / PER_DOUBLING)) / 1000


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """Seconds within which at least `share` of all happened; None where nothing did."""
    rank = ceil(share * sum(counts.values()))
    for bucket in sorted(counts):
        rank -= counts[bucket]
        if rank <= 0 < counts[bucket]:
            return ceiling(bucket)
    return None
