"""How a case counts, against tables worked out by hand; what is added comes to what a recount finds."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.evaluation.case import Aside, Case
from services.evaluation.rates import NAMES, Counts, rates, wilson
from services.evaluation.standing import Ranking, stood
from services.evaluation.tally import Cell, Counted, changes, counted, deltas, indices

WEIGHTS = {"response": 30, "resolution": 35, "satisfaction": 35}
CASE = Case(
    id="T", received_at=datetime(2026, 10, 31, 16, tzinfo=UTC), assignee="officer",
    assignee_kind="grid_officer", unit="U1", source="s", severity="general", hops=1,
    contacted_in_time=True, on_time=True, round=1,
)  # fmt: skip
RATED = replace(CASE, ended="closed", state="closed", resolved="yes", satisfaction="satisfied")
PARTLY = replace(RATED, resolved="partly", satisfaction="dissatisfied")


def names(case: Case | None) -> set[str]:
    return {NAMES[index] for index in indices(counted(case).bits)}


@pytest.mark.parametrize(
    ("case", "beyond"),
    [
        (
            replace(RATED, aside=Aside(instant=True, burst=True)),
            {"closed", "rated", "resolved_yes", "satisfied", "instant", "bursts"},
        ),
        (replace(CASE, aside=Aside(instant=True)), set()),
        (CASE, set()),
        (RATED, {"closed", "rated", "resolved_yes", "satisfied"}),
        (PARTLY, {"closed", "rated", "resolved_partly"}),
        (replace(RATED, resolved="no", satisfaction="very_dissatisfied"), {"closed", "rated", "resolved_no"}),
        (replace(RATED, resolved=None, satisfaction=None), {"closed"}),
        (replace(RATED, ended="cancelled"), set()),
        (replace(RATED, state="none", ended=None, resolved=None, satisfaction=None, reworks=1), {"reworked"}),
        (replace(RATED, reworks=1), {"closed", "rated", "resolved_yes", "satisfied", "reworked"}),
        (replace(CASE, returns=2), {"returned"}),
        (replace(CASE, aside=Aside(objector="officer")), {"disputed"}),
        (replace(CASE, aside=Aside(objector="officer", overturned=True)), {"disputed", "overturned"}),
        (replace(RATED, round=0, resolved=None, satisfaction=None), set()),
    ],
    ids=[
        "flagged", "flagged and reopened",
        "open", "rated", "partly", "not resolved", "unrated", "cancelled", "reopened", "reworked and rated",
        "returned", "disputed", "overturned", "follower that is not asked",
    ],
)  # fmt: skip
def test_a_case_counts_as(case: Case, beyond: set[str]) -> None:
    always = {"cases", "contacts_due", "contacts_in_time", "handled", "handled_on_time", "offered"}
    assert names(case) == always | beyond


def test_an_excluded_case_counts_as_that_alone() -> None:
    assert names(replace(RATED, aside=Aside(excluded="malicious"))) == {"cases", "excluded"}


def test_a_contact_that_was_missed_is_due_and_not_in_time() -> None:
    missed = replace(CASE, contacted_in_time=None, contact_missed=True)
    assert {"contacts_due"} == names(missed) & {"contacts_due", "contacts_in_time"}
    assert not names(replace(missed, contact_missed=False)) & {"contacts_due", "contacts_in_time"}


def test_what_nobody_has_received_or_judged_counts_nowhere() -> None:
    open_ = replace(CASE, on_time=None)
    assert counted(replace(CASE, received_at=None)) == counted(None) == counted(open_) == Counted()


def test_the_month_is_the_requesters() -> None:
    assert counted(CASE).month == "2026-11"


def test_a_case_that_changes_hands_moves_from_one_row_to_another() -> None:
    cells = deltas(changes([(CASE, replace(CASE, assignee="other", unit="U2"))]))
    moved = {cell[2]: dict(zip(NAMES, row, strict=True))["cases"] for cell, row in cells.items()}
    assert moved == {"officer": -1, "other": 1, "U1": -1, "U2": 1}


CASES = st.builds(
    Case,
    id=st.sampled_from(["A", "B", "C"]),
    received_at=st.sampled_from([None, datetime(2026, 10, 3, tzinfo=UTC)]),
    source=st.sampled_from([None, "s"]), category=st.sampled_from([None, "c1", "c2"]),
    grid=st.sampled_from([None, "g"]),
    severity=st.sampled_from([None, "general", "urgent"]), assignee=st.sampled_from([None, "a", "b"]),
    assignee_kind=st.sampled_from([None, "rota", "department"]), unit=st.sampled_from([None, "u"]),
    contract=st.sampled_from([None, "HT-1", "HT-2"]),
    contacted_at=st.sampled_from([None, datetime(2026, 10, 3, 1, tzinfo=UTC)]),
    handled_at=st.sampled_from([None, datetime(2026, 10, 4, tzinfo=UTC), datetime(2026, 10, 9, tzinfo=UTC)]),
    contacted_in_time=st.sampled_from([None, True, False]), contact_missed=st.booleans(),
    hops=st.integers(0, 2),
    returns=st.integers(0, 1), on_time=st.sampled_from([None, True, False]), reworks=st.integers(0, 1),
    round=st.integers(0, 2), resolved=st.sampled_from([None, "yes", "partly", "no"]),
    satisfaction=st.sampled_from([None, "satisfied", "dissatisfied"]),
    ended=st.sampled_from([None, "closed", "cancelled"]),
    aside=st.sampled_from(
        [None, Aside(excluded="malicious"), Aside(objector="a", overturned=True), Aside(instant=True)]
    ),
)  # fmt: skip


@given(st.lists(st.lists(CASES, min_size=1, max_size=4, unique_by=lambda case: case.id), max_size=8))
def test_whatever_happens_the_sum_of_what_is_added_is_what_a_recount_finds(batches: list[list[Case]]) -> None:
    present: dict[str, Case] = {}
    added: dict[Cell, Counter[str]] = {}
    for batch in batches:
        # nobody unlearns when a case was received
        kept = [_still_received(present.get(case.id), case) for case in batch]
        for cell, row in deltas(changes((present.get(case.id), case) for case in kept)).items():
            counts = added.setdefault(cell, Counter())
            counts.update(dict(zip(NAMES, row, strict=True)))
        present |= {case.id: case for case in kept}
    found: dict[Cell, Counter[str]] = {}
    for case in present.values():
        for cell in deltas(changes([(None, case)])):
            found.setdefault(cell, Counter()).update(names(case))
    assert {cell: +row for cell, row in added.items() if +row} == found
    assert all(value >= 0 for row in added.values() for value in row.values())


def _still_received(before: Case | None, case: Case) -> Case:
    received = before.received_at if before else None
    return replace(case, received_at=received or case.received_at)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_band_is_wilsons(part: int, whole: int, low: float, high: float) -> None:
    assert wilson(part, whole) == pytest.approx((low, high), abs=5e-5)
    assert wilson(0, 0) is None


def test_only_like_are_compared_and_only_with_thirty_answers() -> None:
    def group(rated: int, satisfied: int) -> Counts:
        return Counts(cases=rated, closed=rated, rated=rated, satisfied=satisfied)

    groups = {
        ("good", "rota"): group(90, 89), ("fair", "rota"): group(90, 75), ("poor", "rota"): group(90, 50),
        ("large", "rota"): group(400, 100), ("alone", "department"): group(90, 5),
        ("few", "rota"): group(29, 29),
        ("", ""): group(1, 1),
    }  # fmt: skip
    rows = stood(groups, WEIGHTS, Ranking())
    assert [(row.key, row.standing) for row in rows] == [
        ("alone", "not_ranked"), ("fair", "level"), ("few", "not_ranked"), ("good", "above"),
        ("large", "not_ranked"), ("poor", "below"), (None, "not_ranked"),
    ]  # fmt: skip


def test_a_unit_with_more_than_one_in_twenty_excluded_is_flagged() -> None:
    rows = stood(
        {("a", ""): Counts(cases=20, excluded=1), ("b", ""): Counts(cases=20, excluded=2)}, WEIGHTS, Ranking()
    )
    assert [row.flags for row in rows] == [[], ["excluded"]]


def test_a_table_worked_out_by_hand() -> None:
    """4 resolved, 1 partly, 1 not (reopened and closed), 2 unrated, 1 excluded, 1 only called, late."""
    good = [RATED] * 4
    partly = replace(RATED, resolved="partly", satisfaction="basically_satisfied", contacted_in_time=False)
    again = replace(RATED, resolved="no", satisfaction="dissatisfied", reworks=1, on_time=False)
    unrated = [replace(RATED, resolved=None, satisfaction=None)] * 2
    excluded = replace(
        RATED, resolved="no", satisfaction="very_dissatisfied", aside=Aside(excluded="malicious")
    )
    waiting = replace(CASE, contacted_in_time=False, on_time=None)
    cases = [*good, partly, again, *unrated, excluded, waiting]
    total: Counter[str] = Counter()
    for case in cases:
        total.update(names(case))
    counts: dict[str, Any] = dict(total)
    found: Any = rates(Counts(**counts), WEIGHTS)
    assert found.response_rate == pytest.approx(7 / 9)
    assert found.resolution_rate == pytest.approx(4 / 6)
    assert found.satisfaction_rate == pytest.approx(5 / 6)
    assert found.coverage == pytest.approx(6 / 8)
    assert found.on_time_rate == pytest.approx(7 / 8)
    assert found.rework_rate == pytest.approx(1 / 8)
    assert found.excluded_rate == pytest.approx(1 / 10)
    assert found.composite == pytest.approx(0.30 * 7 / 9 + 0.35 * 4 / 6 + 0.35 * 5 / 6)
