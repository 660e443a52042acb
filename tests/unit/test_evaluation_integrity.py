"""Ratings that deserve a look, worked out by hand; nothing else follows from them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest

from contracts import evaluation, ticket
from contracts.intake import RatingGiven
from services.evaluation.case import Aside, Case, Proof
from services.evaluation.domain import RequesterAsked, decide, evolve
from services.evaluation.integrity import RatingSeen, Seen, Watch, look
from services.evaluation.rating import Limits, TakeRating

NOON = datetime(2026, 10, 16, 4, tzinfo=UTC)
CASE = Case(id="T", state="asked", round=1, assignee="a", received_at=NOON, asked_at=NOON)
WATCH = Watch(instant_seconds=20, burst_ratings=3, burst_seconds=60)


def seen(satisfaction: Any, after: float, *others: float, case: Case = CASE) -> RatingSeen:
    """What is seen in a rating so many seconds after the question, others having come at those seconds."""
    said = RatingGiven(ticket="0000-0000-0000-0000", resolved="yes", satisfaction=satisfaction)
    return look(case, said, told(after, others))


def told(after: float, others: Sequence[float] = ()) -> Seen:
    lately = {"a": [NOON + timedelta(seconds=each) for each in others]}
    return Seen(at=NOON + timedelta(seconds=after), watch=WATCH, lately=lately)


@pytest.mark.parametrize(
    ("satisfaction", "after", "instant"),
    [
        ("very_satisfied", 19, True), ("very_satisfied", 20, False), ("satisfied", 1, False),
        ("very_dissatisfied", 1, False),
    ],
)  # fmt: skip
def test_only_a_top_mark_as_soon_as_asked_is_instant(satisfaction: str, after: float, instant: bool) -> None:
    assert seen(satisfaction, after).instant == instant


def test_where_nobody_knows_when_it_was_asked_nothing_is_instant() -> None:
    assert not seen("very_satisfied", 1, case=Case(id="T", state="asked", assignee="a")).instant


@pytest.mark.parametrize(
    ("others", "burst"),
    [((), False), ((90,), False), ((90, 95), True), ((40, 95), False), ((41, 95), True), ((101, 102), False)],
)
def test_the_third_rating_within_a_minute_is_a_burst(others: tuple[float, ...], burst: bool) -> None:
    assert seen("satisfied", 100, *others).burst == burst


def test_ratings_of_earlier_batches_count_as_those_of_the_same_do() -> None:
    at = NOON + timedelta(seconds=100)
    before = Seen(at=at, watch=WATCH, lately={"a": [at]}, earlier={("a", at): 1, ("b", at): 7})
    said = RatingGiven(ticket="0000-0000-0000-0000", resolved="yes", satisfaction="satisfied")
    assert look(CASE, said, before).burst
    assert not look(CASE, said, Seen(at=at, watch=WATCH, lately={}, earlier={("a", at): 1})).burst


def test_of_work_that_is_nobodys_there_is_no_burst() -> None:
    assert not seen("satisfied", 100, 99, 98, 97, case=Case(id="T", state="asked")).burst


def test_a_flagged_rating_is_taken_as_any_other_and_forgotten_with_the_next_round() -> None:
    said = RatingGiven(ticket="0000-0000-0000-0000", resolved="no", satisfaction="very_satisfied")
    command = TakeRating(
        said=said, at=NOON, limits=Limits(attempts=5, seconds=60, locks=3), proof=Proof(way="link", round=1),
        seen=told(5),
    )  # fmt: skip
    flag, rating = decide(CASE, command)
    assert isinstance(rating, evaluation.RatingSubmitted)
    case = evolve(evolve(CASE, flag), rating)
    assert (case.state, case.aside, case.rated_at) == ("rated", Aside(instant=True), flag.at)
    reopened = ticket.TicketReopened(reworks=1, resolved="no", satisfaction="very_satisfied")
    again = evaluation.RatingRequested(round=2, window_ends_at=NOON)
    asked = reduce(evolve, [reopened, RequesterAsked(flag.at), again], case)
    assert (asked.state, asked.asked_at, asked.aside) == ("asked", flag.at, Aside())
