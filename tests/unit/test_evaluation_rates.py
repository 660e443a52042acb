"""The rates against tables worked out by hand: unrated is not satisfied, nothing is divided by nothing."""

from typing import Any

import pytest

from services.evaluation.rates import Counts, composite, rates, share

WEIGHTS = {"response": 30, "resolution": 35, "satisfaction": 35}


def rates_of(**counts: Any) -> dict[str, Any]:
    found = rates(Counts(**counts), WEIGHTS)
    return {name: getattr(found, name) for name in found.__struct_fields__}


def test_of_no_cases_nothing_is_known() -> None:
    assert set(rates_of().values()) == {None}


def test_unrated_cases_lower_the_coverage_and_nothing_else() -> None:
    # ten closed: four rated (all satisfied and resolved), six never answered
    found = rates_of(cases=10, closed=10, rated=4, resolved_yes=4, satisfied=4)
    assert found["coverage"] == pytest.approx(0.4)
    assert found["satisfaction_rate"] == 1.0
    assert found["resolution_rate"] == 1.0


def test_where_nobody_rated_there_is_no_satisfaction_instead_of_a_full_one() -> None:
    found = rates_of(cases=6, closed=6, contacts_due=6, contacts_in_time=6)
    assert found["coverage"] == 0.0
    assert (found["satisfaction_rate"], found["resolution_rate"], found["composite"]) == (None, None, None)


def test_partly_resolved_is_not_resolved() -> None:
    # yes 5, partly 3, no 2
    found = rates_of(closed=10, rated=10, resolved_yes=5, resolved_partly=3, resolved_no=2, satisfied=8)
    assert found["resolution_rate"] == pytest.approx(0.5)
    assert found["satisfaction_rate"] == pytest.approx(0.8)


def test_the_composite_weighs_30_35_35() -> None:
    # response 18/20 = 0.9, resolution 5/10 = 0.5, satisfaction 8/10 = 0.8: 0.27 + 0.175 + 0.28
    found = rates_of(
        contacts_due=20, contacts_in_time=18, closed=12, rated=10, resolved_yes=5, resolved_partly=3,
        resolved_no=2, satisfied=8,
    )  # fmt: skip
    assert found["composite"] == pytest.approx(0.725)
    assert found["coverage"] == pytest.approx(10 / 12)


def test_a_composite_with_a_missing_part_is_missing() -> None:
    assert composite({"response": 1.0, "resolution": None, "satisfaction": 1.0}, WEIGHTS) is None


def test_reworked_returned_and_late_cases_have_rates_of_their_own() -> None:
    # 8 offered, 2 of them came back; 5 handled: 4 in time, 1 reworked
    found = rates_of(cases=9, offered=8, returned=2, handled=5, handled_on_time=4, reworked=1)
    assert found["return_rate"] == pytest.approx(0.25)
    assert found["on_time_rate"] == pytest.approx(0.8)
    assert found["rework_rate"] == pytest.approx(0.2)


def test_a_share_of_nothing_is_none_and_not_zero() -> None:
    assert share(0, 0) is None
    assert share(0, 3) == 0.0
