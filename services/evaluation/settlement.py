"""What the ratings of a month say about paying for a contract's work, pure: full, reduced or withheld."""

from typing import Literal

from msgspec import Struct

from services.evaluation.rates import Counts, Rates

Mark = Literal["full", "reduced", "withheld", "not_marked"]


class Marks(Struct, frozen=True, kw_only=True):
    """From which composite (0 to 1) on how much is paid; the policy `settlement_marks` and its version."""

    least_rated: int = 30
    full: float = 0.8
    reduced: float = 0.6
    version: int = 0


def mark(counts: Counts, rates: Rates, marks: Marks) -> Mark:
    """The mark of one contract; with few ratings, or no composite, nothing can be said of its work."""
    if counts.rated < marks.least_rated or rates.composite is None:
        return "not_marked"
    if rates.composite >= marks.full:
        return "full"
    return "reduced" if rates.composite >= marks.reduced else "withheld"
