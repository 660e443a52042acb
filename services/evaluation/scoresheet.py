"""What is told of departments that were scored, pure: of three raters or more, and never one score."""

from collections.abc import Iterable

from msgspec import Struct

LEAST_RATERS = 3
"""No policy, so that nobody can lower it for a look."""


class Sums(Struct, frozen=True, kw_only=True):
    """What was said of a department in a month; stays inside."""

    department: str
    raters: int
    scores: int
    total: int


class Row(Struct, frozen=True, kw_only=True):
    """What is told of a department; with too few raters no number."""

    department: str
    raters: int | None = None
    scores: int | None = None
    mean: float | None = None


def told(found: Iterable[Sums]) -> list[Row]:
    """One row for each department; the mean is over all scores, with two decimals."""
    return [_row(each) for each in found]


def _row(sums: Sums) -> Row:
    if sums.raters < LEAST_RATERS:
        return Row(department=sums.department)
    mean = round(sums.total / sums.scores, 2)
    return Row(department=sums.department, raters=sums.raters, scores=sums.scores, mean=mean)
