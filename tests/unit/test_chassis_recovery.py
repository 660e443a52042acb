"""What happens to an event that failed."""

from datetime import UTC, datetime, timedelta

import pytest

from chassis.benched import LONGEST, Bench
from chassis.recovery import Deadly, Park, Redeliver, TransientFailure, recover
from contracts.problem import ContractViolation

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_a_broken_contract_is_parked_at_once_under_its_own_reason() -> None:
    assert recover(ContractViolation("unknown-type", 422, "?"), 1, 6, NOW) == Park("unknown-type")


def test_a_deadly_event_is_parked_at_once() -> None:
    assert recover(Deadly(), 1, 6, NOW) == Park("failing")


@pytest.mark.parametrize("error", [ValueError("bug"), TransientFailure("busy")])
def test_all_else_is_tried_again_later_and_later_and_then_parked(error: Exception) -> None:
    verdicts = [recover(error, attempt, 4, NOW) for attempt in range(1, 6)]
    assert verdicts[:3] == [Redeliver(NOW + timedelta(seconds=seconds)) for seconds in (1, 4, 9)]
    assert verdicts[3:] == [Park("failing"), Park("failing")]


def test_a_ticket_whose_timer_failed_sits_out_longer_each_time() -> None:
    bench = Bench()
    bench.note(["bad"], NOW)
    assert bench.fit(["good", "bad"], NOW) == ["good"]
    later = NOW + timedelta(seconds=1)
    assert bench.fit(["bad"], later) == ["bad"]
    bench.note(["bad"], later)
    assert bench.fit(["bad"], later + timedelta(seconds=3)) == []
    assert bench.fit(["bad"], later + timedelta(seconds=4)) == ["bad"]


def test_the_bench_never_keeps_a_ticket_for_more_than_ten_minutes_and_forgets_it_afterwards() -> None:
    bench = Bench()
    moment = NOW
    for _ in range(40):
        bench.note(["bad"], moment)
        moment += LONGEST
        assert bench.fit(["bad"], moment) == ["bad"]
    bench.note([], moment + LONGEST)
    assert bench.size == 0
