"""What the channels make of answers, nights, full destinations and dead gateways."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notification import outcomes
from services.notification.breaker import FAULTS, FIRST, LONGEST, Breaker
from services.notification.channels import gateway, webhook
from services.notification.channels.post import Answer
from services.notification.correspondence import Outcome
from services.notification.holding import admitted, quiet_for
from services.notification.subscribers import Queued, Subscriber, fate, secret_numbers

NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
NIGHT = {"from": "22:00", "to": "07:00"}
MESSAGE = Queued(key="k", ident="msg_1", body="{}", attempt=0)
FIVE, MINUTES = timedelta(seconds=5), [5.0, 300.0]


@pytest.mark.parametrize(
    ("status", "error", "again", "fault"),
    [
        (200, None, False, False), (202, None, False, False), (409, None, False, False),
        (400, "refused", False, False), (403, "refused", False, False), (302, "refused", False, False),
        (404, "no_address", False, False), (410, "no_address", False, False),
        (429, "throttled", True, False), (500, "failing", True, True), (503, "failing", True, True),
    ],
)  # fmt: skip
def test_a_gateways_answer_is_understood(status: int, error: str | None, again: bool, fault: bool) -> None:
    outcome = gateway.outcome_of(Answer(status))
    assert (outcome.error, outcome.again, outcome.fault) == (error, again, fault)


@pytest.mark.parametrize(
    ("status", "error"),
    [(204, None), (301, "redirected"), (404, "refused"), (410, "gone"), (429, "throttled"), (502, "failing")],
)
def test_a_subscribers_answer_is_understood(status: int, error: str | None) -> None:
    outcome = webhook.outcome_of(Answer(status))
    assert outcome.error == error
    assert outcome.again == (error not in (None, "gone"))


def test_whoever_asks_for_patience_gets_it() -> None:
    assert gateway.outcome_of(Answer(429, retry_after=90.0)).wait == 90
    assert webhook.outcome_of(Answer(503, retry_after=90.0)).wait == 90


@pytest.mark.parametrize(
    ("hour", "minute", "hours"),
    [(12, 0, 0), (21, 59, 0), (22, 0, 9), (23, 30, 7.5), (0, 0, 7), (6, 59, 1 / 60)],
)
def test_the_night_ends_at_seven(hour: int, minute: int, hours: float) -> None:
    at = datetime(2026, 11, 16, tzinfo=UTC) + timedelta(hours=hour - 8, minutes=minute)
    assert quiet_for(at, NIGHT) == hours * 3600


def test_a_rest_at_noon_does_not_reach_over_midnight() -> None:
    assert quiet_for(NOON, {"from": "12:00", "to": "14:00"}) == 7200
    assert quiet_for(NOON + timedelta(hours=3), {"from": "12:00", "to": "14:00"}) == 0


def test_a_destination_gets_three_at_once_and_then_one_each_minute() -> None:
    used, waits = None, []
    for _ in range(5):
        used, wait = admitted(used, NOON, 60, 3)
        waits.append(wait)
    assert waits == [0, 0, 0, 60, 60]
    assert admitted(used, NOON + timedelta(seconds=60), 60, 3)[1] == 0
    assert admitted(used, NOON + timedelta(hours=1), 60, 3)[0] == NOON + timedelta(hours=1, seconds=60)


def test_a_channel_that_fails_again_and_again_is_left_alone_and_tried_by_one_message_at_a_time() -> None:
    breaker = Breaker()
    changes = [breaker.note(worked=False, failed=True, now=NOON) for _ in range(FAULTS)]
    assert changes == [False] * (FAULTS - 1) + [True]
    assert breaker.allowed(NOON, 200) == 0
    assert breaker.allowed(NOON + FIRST, 200) == 1
    assert not breaker.note(worked=False, failed=True, now=NOON + FIRST)
    assert breaker.allowed(NOON + 2 * FIRST, 200) == 0
    assert breaker.allowed(NOON + 3 * FIRST, 200) == 1
    assert breaker.note(worked=True, failed=False, now=NOON + 3 * FIRST)
    assert breaker.allowed(NOON + 3 * FIRST, 200) == 200


def test_a_channel_that_stays_dead_is_tried_every_five_minutes() -> None:
    breaker = Breaker()
    for _ in range(30):
        breaker.note(worked=False, failed=True, now=NOON)
    assert breaker.allowed(NOON + LONGEST - FIVE, 1) == 0
    assert breaker.allowed(NOON + LONGEST, 1) == 1


def test_a_webhook_is_tried_by_the_schedule_and_then_given_up() -> None:
    first = fate(MESSAGE, outcomes.FAILING, MINUTES, NOON, 0.0)
    assert (first.state, first.attempt, first.due_at) == ("queued", 1, NOON + FIVE)
    tried = Queued(key="k", ident="msg_1", body="{}", attempt=2)
    assert fate(tried, outcomes.FAILING, MINUTES, NOON, 0.0).state == "failed"
    assert fate(tried, outcomes.SENT, MINUTES, NOON, 0.0).state == "sent"


def test_tries_are_spread_and_never_before_the_subscriber_asks_for_them() -> None:
    assert fate(MESSAGE, outcomes.FAILING, MINUTES, NOON, 1.0).due_at == NOON + 1.1 * FIVE
    patient = Outcome(error="throttled", again=True, wait=60)
    assert fate(MESSAGE, patient, MINUTES, NOON, 0.5).due_at == NOON + timedelta(seconds=60)


def test_after_a_rotation_two_secrets_sign_for_a_while() -> None:
    subscriber = Subscriber(id="a", url="https://a.example", secret=4, both_until=NOON)
    assert secret_numbers(subscriber, NOON - FIVE) == [4, 3]
    assert secret_numbers(subscriber, NOON) == [4]
