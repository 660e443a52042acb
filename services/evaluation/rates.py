"""The rates, pure: counts in, shares between 0 and 1 out, None where there is nothing to divide by."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from msgspec import Struct

from services.evaluation.spans import CONTACT, HANDLING, SIZE, median

NO_SPANS = (0,) * (2 * SIZE)


class Counts(Struct, frozen=True, kw_only=True):
    """How many cases of each sort; of a closed case the answers of the last round count, of others none.

    An excluded case counts in `cases` and `excluded` alone. New counts come last, since corrections name them
    by their place.
    """

    cases: int = 0
    contacts_due: int = 0
    contacts_in_time: int = 0
    closed: int = 0
    rated: int = 0
    resolved_yes: int = 0
    resolved_partly: int = 0
    resolved_no: int = 0
    satisfied: int = 0
    handled: int = 0
    handled_on_time: int = 0
    reworked: int = 0
    offered: int = 0
    returned: int = 0
    disputed: int = 0
    overturned: int = 0
    excluded: int = 0
    instant: int = 0
    bursts: int = 0
    """Ratings that deserve a look: top marks as soon as asked; some of many at once for one assignee."""
    spans: tuple[int, ...] = NO_SPANS
    """Cases by how long the first contact took (the first 22 buckets), and the work (the other 22)."""


class Rates(Struct, frozen=True, kw_only=True):
    """Shares between 0 and 1; None says that no case allows an answer, which is neither good nor bad."""

    response_rate: float | None
    resolution_rate: float | None
    satisfaction_rate: float | None
    coverage: float | None
    on_time_rate: float | None
    return_rate: float | None
    rework_rate: float | None
    overturned_rate: float | None
    excluded_rate: float | None
    composite: float | None


SINGLE = Counts.__struct_fields__[:-1]
SPANS = (*(f"contact_{index}" for index in range(SIZE)), *(f"handling_{index}" for index in range(SIZE)))
NAMES = (*SINGLE, *SPANS)
"""What is counted, in the order of corrections; each has a column of the tally."""
Z = 1.959964
"""95 % of the normal distribution lie within so many deviations."""


def rates(counts: Counts, weights: Mapping[str, float]) -> Rates:
    """All rates over `counts`; `weights` has response, resolution and satisfaction (by default 30/35/35)."""
    answers = counts.resolved_yes + counts.resolved_partly + counts.resolved_no
    response = share(counts.contacts_in_time, counts.contacts_due)
    resolution = share(counts.resolved_yes, answers)
    satisfaction = share(counts.satisfied, counts.rated)
    return Rates(
        response_rate=response,
        resolution_rate=resolution,
        satisfaction_rate=satisfaction,
        coverage=share(counts.rated, counts.closed),
        on_time_rate=share(counts.handled_on_time, counts.handled),
        return_rate=share(counts.returned, counts.offered),
        rework_rate=share(counts.reworked, counts.handled),
        overturned_rate=share(counts.overturned, counts.disputed),
        excluded_rate=share(counts.excluded, counts.cases),
        composite=composite(
            {"response": response, "resolution": resolution, "satisfaction": satisfaction}, weights
        ),
    )


def values(counts: Counts) -> list[int]:
    """The counts in the order of NAMES."""
    return [*(getattr(counts, name) for name in SINGLE), *counts.spans]


def fields(row: Sequence[int]) -> dict[str, Any]:
    """The fields of Counts from values in the order of NAMES."""
    return {**dict(zip(SINGLE, row, strict=False)), "spans": tuple(row[len(SINGLE) :])}


def contact_minutes(counts: Counts) -> int | None:
    """The median from reception to the first contact, off by less than 19 %; None of no contacts."""
    return median(CONTACT, counts.spans[:SIZE])


def handling_minutes(counts: Counts) -> int | None:
    """The median from reception to the last report of the work, off by less than 19 %; None of no work."""
    return median(HANDLING, counts.spans[SIZE:])


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`; None of nothing."""
    return part / whole if whole else None


def composite(parts: Mapping[str, float | None], weights: Mapping[str, float]) -> float | None:
    """The weighted mean of the three rates; None if one is missing, since no default may stand in for it."""
    total = 0.0
    for name, value in parts.items():
        if value is None:
            return None
        total += weights[name] * value
    return total / sum(weights[name] for name in parts)


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """Between what the true share lies with 95 % (Wilson's score interval, 1927); None of nothing."""
    if not whole:
        return None
    p, spread = part / whole, Z * Z / whole
    middle = (p + spread / 2) / (1 + spread)
    half = Z * sqrt(p * (1 - p) / whole + spread / (4 * whole)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
