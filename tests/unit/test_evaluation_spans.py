"""How long requesters wait, against spans and medians worked out by hand."""

from datetime import UTC, datetime, timedelta
from statistics import median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.rates import Counts, contact_minutes, handling_minutes
from services.evaluation.spans import CONTACT, HANDLING, SIZE, bucket, median

NOON = datetime(2026, 10, 16, 4, tzinfo=UTC)


def counts(edges: tuple[int, ...], *minutes: float) -> list[int]:
    found = [0] * SIZE
    for each in minutes:
        found[bucket(edges, NOON, NOON + timedelta(minutes=each))] += 1
    return found


def test_the_scales_go_from_minutes_to_weeks_in_steps_of_the_root_of_two() -> None:
    assert CONTACT[:5] == (480, 679, 960, 1358, 1920)  # 8, 11.3, 16, 22.6, 32 minutes
    assert CONTACT[-1] == 480 * 1024
    assert (HANDLING[0], HANDLING[2], HANDLING[-1]) == (3600, 7200, 3600 * 1024)
    assert len(CONTACT) + 1 == len(HANDLING) + 1 == SIZE


@pytest.mark.parametrize(
    ("minutes", "expected"), [(-5, 0), (7.99, 0), (8, 1), (11, 1), (12, 2), (16, 3), (8191, 20), (8192, 21)]
)
def test_a_span_falls_into_the_bucket_whose_edges_are_around_it(minutes: float, expected: int) -> None:
    assert counts(CONTACT, minutes)[expected] == 1


def test_a_median_worked_out_by_hand() -> None:
    # the third of five is 20 minutes, between 16 and 22.63: √(16 × 22.63) = 19.03
    assert median(CONTACT, counts(CONTACT, 5, 9, 20, 90, 4000)) == 19
    # the lower of the two in the middle is 3 h, between 169.7 and 240 minutes: √(169.7 × 240) = 201.8
    assert median(HANDLING, counts(HANDLING, 30, 180, 3000, 99_999)) == 202


def test_of_nothing_there_is_no_median_and_beyond_the_scale_its_end_is_told() -> None:
    assert median(CONTACT, counts(CONTACT)) is None
    assert median(CONTACT, counts(CONTACT, 1, 2, 3)) == 8
    assert median(CONTACT, counts(CONTACT, 9000, 9000, 3)) == 8192


def test_both_medians_are_of_their_own_buckets() -> None:
    spans = Counts(spans=(*counts(CONTACT, 20), *counts(HANDLING, 180, 180)))
    assert (contact_minutes(spans), handling_minutes(spans)) == (19, 202)


@given(st.lists(st.floats(60, 61_000), min_size=1, max_size=30))
def test_the_median_is_off_by_less_than_19_percent(minutes: list[float]) -> None:
    found = median(HANDLING, counts(HANDLING, *minutes))
    assert found
    half = 0.5  # whole minutes are told
    assert (found - half) / 1.1893 <= median_low(minutes) <= (found + half) * 1.1893
