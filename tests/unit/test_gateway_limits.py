"""How much one system may do at a time, and how deep its JSON may go."""

import pytest

from contracts.gateway.events import DEEPEST
from services.gateway.limits import Pace, shallow
from services.gateway.problems import Refused


class Clock:
    """A clock that stands until somebody moves it."""

    def __init__(self) -> None:
        self.moment = 0.0

    def __call__(self) -> float:
        """The moment."""
        return self.moment


def test_a_system_has_its_burst_and_then_its_pace() -> None:
    clock = Clock()
    pace = Pace(10, burst=2, clock=clock)
    pace.take("a", 20)
    with pytest.raises(Refused) as refused:
        pace.take("a", 5)
    assert (refused.value.status, refused.value.retry_after) == (429, 1)
    pace.take("b", 20)  # another's is its own
    clock.moment = 0.5
    pace.take("a", 5)


def test_a_batch_beyond_the_burst_passes_when_the_bucket_is_full_and_is_paid_for() -> None:
    clock = Clock()
    pace = Pace(10, burst=2, clock=clock)
    pace.take("a", 50)
    clock.moment = 3.0
    with pytest.raises(Refused):
        pace.take("a")
    clock.moment = 3.1
    pace.take("a")


def test_whoever_has_paid_back_is_forgotten() -> None:
    clock = Clock()
    pace = Pace(1000, clock=clock)
    for number in range(10_001):
        clock.moment += 0.001
        pace.take(str(number))
    assert len(pace._buckets) < 10


@pytest.mark.parametrize(
    "body",
    [
        b"[" * DEEPEST + b"]" * DEEPEST,
        b'{"a": "' + b"[" * 1000 + b'"}',
        b'{"a": "\\"' + b"{" * 1000 + b'"}',
        b"[" + b"[],{}," * 1000 + b"1]",
        b"",
    ],
)
def test_what_is_wide_or_quoted_is_not_deep(body: bytes) -> None:
    shallow(body)


@pytest.mark.parametrize("body", [b"[" * (DEEPEST + 1), b'{"a":' * 500_000, b'["\\\\",' + b"[" * 40])
def test_what_is_deep_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="levels"):
        shallow(body)
