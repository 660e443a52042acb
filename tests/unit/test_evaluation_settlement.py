"""Marks for the settlement against a table worked out by hand."""

import pytest

from services.evaluation.rates import Counts, rates
from services.evaluation.settlement import Mark, Marks, mark

WEIGHTS = {"response": 30, "resolution": 35, "satisfaction": 35}


@pytest.mark.parametrize(
    ("in_time", "yes", "satisfied", "rated", "expected"),
    [
        # 0.30 × 40/40 + 0.35 × 30/40 + 0.35 × 30/40 = 0.825
        (40, 30, 30, 40, "full"),
        # 0.30 × 30/40 + 0.35 × 24/40 + 0.35 × 28/40 = 0.68
        (30, 24, 28, 40, "reduced"),
        # 0.30 × 20/40 + 0.35 × 20/40 + 0.35 × 20/40 = 0.5
        (20, 20, 20, 40, "withheld"),
        (40, 29, 29, 29, "not_marked"),
    ],
)
def test_a_contract_is_marked_by_its_composite(
    in_time: int, yes: int, satisfied: int, rated: int, expected: Mark
) -> None:
    counts = Counts(
        contacts_due=40, contacts_in_time=in_time, closed=40, rated=rated, resolved_yes=yes,
        resolved_no=rated - yes, satisfied=satisfied,
    )  # fmt: skip
    assert mark(counts, rates(counts, WEIGHTS), Marks()) == expected


def test_a_contract_without_a_composite_has_no_mark() -> None:
    counts = Counts(closed=40, rated=40, resolved_yes=40, satisfied=40)
    assert mark(counts, rates(counts, WEIGHTS), Marks()) == "not_marked"


def test_the_policy_says_what_is_full() -> None:
    # composite 1
    counts = Counts(contacts_due=5, contacts_in_time=5, closed=5, rated=5, resolved_yes=5, satisfied=5)
    found = rates(counts, WEIGHTS)
    assert mark(counts, found, Marks(least_rated=5, full=1.0)) == "full"
    assert mark(counts, found, Marks(least_rated=5, full=1.1, reduced=1.0)) == "reduced"
