"""Calls to who has not rated: by whom, how often, for how long, and what becomes of the rating."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest

from contracts import evaluation
from contracts.actor import Actor
from contracts.intake import CallbackMade
from contracts.problem import Refusal
from contracts.terms import Role
from services.evaluation.callback import Calls, RecordCall, earliest
from services.evaluation.case import Case
from services.evaluation.domain import ExpireRating, decide, evolve

NO = "7K3M-9QXR-2B4D-T8WZ"
MONDAY = datetime(2026, 11, 16, 4, tzinfo=UTC)
FRIDAY = MONDAY + timedelta(days=4)
RULE = Calls(attempts=3, days=3, before_seconds=345_600)
ASKED = Case(
    id=NO,
    state="asked",
    received_at=MONDAY,
    round=1,
    assignee="firm",
    window_ends_at=MONDAY + timedelta(days=7),
)


def call(
    outcome: Any = "no_answer", at: datetime = MONDAY, role: Role = "operator", who: str = "desk-1",
    trusted: bool = True, **answers: Any,
) -> RecordCall:  # fmt: skip
    said = CallbackMade(ticket=NO, actor=Actor(role=role, id=who), outcome=outcome, **answers)
    return RecordCall(said=said, at=at, rule=RULE, trusted=trusted)


def after(case: Case, *commands: Any) -> Case:
    for command in commands:
        facts = decide(case, command)
        assert not any(isinstance(fact, Refusal) for fact in facts), facts
        case = reduce(evolve, facts, case)
    return case


def test_who_is_reached_and_rates_has_rated_and_the_fact_says_by_a_call() -> None:
    rated = call("reached_rated", resolved="partly", satisfaction="dissatisfied", reason="noise")
    made, submitted = decide(after(ASKED, call()), rated)
    assert (made.number, made.outcome) == (2, "reached_rated")
    assert submitted == evaluation.RatingSubmitted(
        round=1,
        resolved="partly",
        satisfaction="dissatisfied",
        reason="noise",
        assignee="firm",
        way="callback",
    )
    assert after(ASKED, rated).state == "rated"


@pytest.mark.parametrize("outcome", ["reached_refused", "wrong_number"])
def test_whoever_refuses_is_not_called_again_stays_free_to_rate_and_ends_unrated(outcome: str) -> None:
    case = after(ASKED, call(outcome))
    (refusal,) = decide(case, call())
    assert (refusal.status, "nobody calls again" in refusal.detail) == (409, True)
    assert case.state == "asked"
    assert after(case, ExpireRating()).state == "unrated"


def test_three_calls_are_made_and_no_fourth() -> None:
    (refusal,) = decide(after(ASKED, call(), call("call_later"), call()), call())
    assert refusal.detail == "3 calls were made"


def test_three_working_days_after_the_first_call_there_is_none() -> None:
    case = after(ASKED, call(at=FRIDAY))
    assert not isinstance(decide(case, call(at=FRIDAY + timedelta(days=4)))[0], Refusal)
    (refusal,) = decide(case, call(at=FRIDAY + timedelta(days=5)))
    assert "3 working days" in refusal.detail


@pytest.mark.parametrize(
    ("now", "first"), [(MONDAY, 12), (MONDAY + timedelta(days=2), 16), (FRIDAY + timedelta(days=1), 19)]
)
def test_the_first_call_may_have_been_two_working_days_ago(now: datetime, first: int) -> None:
    assert earliest(now, 3).day == first


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (call(role="assignee"), 403), (call(who="firm"), 403), (call(trusted=False), 403),
        (call("reached_rated", resolved="yes"), 422),
    ],
    ids=["a handler", "the handler as an operator", "an unknown publisher", "one question"],
)  # fmt: skip
def test_is_refused(command: RecordCall, status: int) -> None:
    (refusal,) = decide(ASKED, command)
    assert refusal.status == status


def test_who_is_not_asked_is_not_called() -> None:
    (refusal,) = decide(after(ASKED, ExpireRating()), call())
    assert (refusal.command, refusal.detail) == ("RecordCall", "the time to rate is over")


def test_a_new_round_begins_without_the_calls_of_the_last() -> None:
    asked: Any = evaluation.RatingRequested(round=2, window_ends_at=MONDAY + timedelta(days=20))
    case = evolve(Case(id=NO, state="none", aside=after(ASKED, call("wrong_number")).aside), asked)
    assert (case.more.calls, case.more.called_at, case.more.uncallable) == (0, None, False)
