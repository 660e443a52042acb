"""Who can rate: the receiver of a key and nobody who guesses; only fingerprints of keys are kept."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest

from contracts import evaluation
from contracts.intake import RatingGiven
from contracts.problem import Refusal
from services.evaluation.case import Case, Proof
from services.evaluation.domain import decide, evolve
from services.evaluation.keyring import Key, drawn, printed, shown
from services.evaluation.rating import Limits, TakeRating

NO = "7K3M-9QXR-2B4D-T8WZ"
NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
WEEK = timedelta(days=7)
SECRET = "s" * 40
LIMITS = Limits(attempts=5, seconds=3600, locks=3)
EARLIER = Key(ticket=NO, round=1, token="t" * 43, code="123456", until=NOON)
ASKED = Case(id=NO, state="asked", received_at=NOON, round=2, window_ends_at=NOON + WEEK)
KEY = Key(ticket=NO, round=2, token="t" * 43, code="123456", until=NOON + WEEK)


def said(token: str | None = None, code: str | None = None) -> RatingGiven:
    return RatingGiven(ticket=NO, resolved="yes", satisfaction="satisfied", token=token, code=code)


def given(
    key: Key | None = KEY, at: datetime = NOON, token: str | None = None, code: str | None = None
) -> TakeRating:
    """A rating as the service takes it while `key` is kept."""
    rating = said(token=token, code=code)
    proof = shown(SECRET, rating, [printed(SECRET, key)] if key else [])
    return TakeRating(said=rating, at=at, limits=LIMITS, proof=proof)


def after(case: Case, command: TakeRating) -> Case:
    return reduce(evolve, (fact for fact in decide(case, command) if not isinstance(fact, Refusal)), case)


def status(case: Case, command: TakeRating) -> int:
    last = decide(case, command)[-1]
    return last.status if isinstance(last, Refusal) else 200


def guessed(times: int, at: datetime = NOON, case: Case = ASKED) -> Case:
    return reduce(after, [given(code="000000", at=at)] * times, case)


@pytest.mark.parametrize(
    ("command", "way"), [(given(token=KEY.token), "link"), (given(code=KEY.code), "code")]
)
def test_the_key_of_a_message_rates_and_the_fact_says_by_which_way(command: TakeRating, way: str) -> None:
    (fact,) = decide(ASKED, command)
    assert isinstance(fact, evaluation.RatingSubmitted)
    assert (fact.round, fact.way) == (2, way)


def test_a_key_holds_once() -> None:
    assert status(after(ASKED, given(token=KEY.token)), given(token=KEY.token)) == 409


@pytest.mark.parametrize(
    "command",
    [
        given(None, token=KEY.token), given(token="u" * 43), given(token="u" * 43, code=KEY.code),
        given(code="123457"), given(), given(EARLIER, token=KEY.token),
    ],
    ids=["none made", "another token", "wrong token, right code", "wrong code", "nothing", "earlier round"],
)  # fmt: skip
def test_whatever_proves_nothing_is_refused(command: TakeRating) -> None:
    assert status(ASKED, command) == 403


def test_a_key_of_another_ticket_is_none() -> None:
    other = Key(ticket="0000-0000-0000-0000", round=2, token=KEY.token, code=KEY.code, until=NOON)
    assert shown(SECRET, said(code=KEY.code), [printed(SECRET, other)]) is None


def test_who_is_trusted_needs_no_key() -> None:
    rating = TakeRating(said=said(), at=NOON, limits=LIMITS, proof=Proof(way="trusted"))
    assert status(ASKED, rating) == 200


def test_after_five_wrong_codes_the_right_one_is_not_looked_at_for_an_hour_but_the_link_is() -> None:
    *_, locked, refusal = decide(guessed(4), given(code="000000"))
    assert locked == evaluation.RatingLocked(round=2, until=NOON + timedelta(hours=1))
    assert refusal.status == 403
    shut = guessed(5)
    assert status(shut, given(code=KEY.code)) == 429
    assert status(shut, given(token=KEY.token)) == 200
    assert status(shut, given(code=KEY.code, at=NOON + timedelta(hours=1))) == 200


def test_after_the_third_lock_no_code_holds_any_more() -> None:
    case = ASKED
    for hour in range(3):
        case = guessed(5, NOON + timedelta(hours=hour), case)
    assert case.more.locked_until == ASKED.window_ends_at
    assert status(case, given(code=KEY.code, at=NOON + timedelta(days=6))) == 429


def test_of_ten_thousand_guesses_in_a_week_fifteen_are_looked_at() -> None:
    case, looked_at = ASKED, 0
    for number in range(10_000):
        guess = given(at=NOON + number * timedelta(minutes=1), code=f"{200_000 + number}")
        looked_at += status(case, guess) == 403
        case = after(case, guess)
    assert looked_at == 15


def test_wrong_tokens_lock_nobody_out() -> None:
    case = reduce(after, [given(token="u" * 43)] * 100, ASKED)
    assert case == ASKED


def test_a_new_round_begins_without_the_guesses_of_the_last() -> None:
    asked_again: Any = evaluation.RatingRequested(round=3, window_ends_at=NOON + 2 * WEEK)
    reopened = Case(id=NO, state="none", aside=guessed(5).aside)
    assert evolve(reopened, asked_again).more.locked_until is None


def test_what_is_kept_of_a_key_shows_nothing_of_it_and_no_two_keys_are_alike() -> None:
    keys = [drawn(NO, 1, NOON) for _ in range(100)]
    assert len({key.token for key in keys}) == 100
    kept = [printed(SECRET, key) for key in keys]
    assert all(key.token.encode() not in each.token + each.code for key, each in zip(keys, kept, strict=True))
    assert printed("x" * 40, keys[0]) != kept[0]
    RatingGiven(ticket=NO, resolved="yes", satisfaction="satisfied", token=keys[0].token, code=keys[0].code)
