"""What is remembered of a stream is used only where its events follow upon it one by one."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chassis.delivery import Arrival
from chassis.positions import REMEMBERED, Positions
from contracts.cloudevent import CloudEvent

A, B = ("urn:fengge:dispatch", "a"), ("urn:fengge:dispatch", "b")


def arrival(stream: tuple[str, str], number: int, waits_as: tuple[str, str] | None = None) -> Arrival:
    """Event `number` of a stream; 0 has none."""
    event: CloudEvent[Any] = CloudEvent(
        specversion="1.0", id=f"{stream}{number}", source=stream[0], type="t", time=datetime.now(UTC),
        data=None, partitionkey=stream[1], sequence=str(number) if number else "",
    )  # fmt: skip
    return Arrival(event=event, exchange="dispatch.events", waits_as=waits_as)


@pytest.mark.parametrize(
    ("numbers", "stands"),
    [([1, 2], 0), ([2, 3], None), ([1, 3], None), ([1, 1], None), ([2, 1], None), ([0], None)],
)
def test_a_stream_that_nobody_knows_begins_with_its_first(numbers: list[int], stands: int | None) -> None:
    assert Positions().plain(arrival(A, number) for number in numbers).get(A) == stands


@pytest.mark.parametrize(
    ("numbers", "stands"),
    [
        ([4], 3),
        ([4, 5, 6], 3),
        ([3], None),
        ([5], None),
        ([4, 6], None),
        ([4, 4], None),
        ([1], None),
        ([-8], None),
    ],
)
def test_a_known_stream_goes_on_one_by_one(numbers: list[int], stands: int | None) -> None:
    positions = Positions()
    positions.put({A: 3, B: 9})
    assert positions.plain(arrival(A, number) for number in numbers).get(A) == stands


def test_what_has_waited_is_looked_up() -> None:
    assert Positions().plain([arrival(A, 1, waits_as=("s", "1"))]) == {}
    assert Positions().plain([arrival(A, 1), arrival(A, 2, waits_as=("s", "2"))]) == {}


def test_after_a_failure_nothing_is_known() -> None:
    positions = Positions()
    positions.put({A: 3})
    positions.forget()
    assert positions.plain([arrival(A, 4)]) == {}


def test_old_streams_are_forgotten_young_ones_are_not() -> None:
    positions = Positions()
    positions.put({A: 3})
    for number in range(2 * REMEMBERED + 2):
        positions.put({("urn:fengge:dispatch", str(number)): 1})
    positions.put({B: 1})
    assert positions.plain([arrival(A, 4), arrival(B, 2)]) == {B: 1}
