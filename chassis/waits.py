"""Waiting for an answer: on the spot first, and only then among the green threads.

Most answers of the database come within a fraction of a millisecond; to register with the hub, switch away
and back costs as much again. A process that stands still for two milliseconds misses nothing: heartbeats are
seconds apart.
"""

import select
from collections.abc import Callable
from typing import Any, TypeVar

from psycopg.abc import PQGen

RV = TypeVar("RV")

MOMENT = 0.002
"""Seconds to wait on the spot."""
READ, WRITE = 1, 2
"""psycopg.waiting.Wait and Ready: bits for both."""

Select = Callable[[Any, Any, Any, float], tuple[list[int], list[int], list[int]]]

on_the_spot: Select = select.select
"""The system's own select; the runner keeps it from before eventlet puts a green one in its place."""


def first_on_the_spot(gen: PQGen[RV], fileno: int) -> PQGen[RV]:
    """The same wait, of which only what takes longer than a moment is left to the caller."""
    try:
        state: Any = next(gen)
        while True:
            readable, writable, _ = on_the_spot(
                (fileno,) if state & READ else (), (fileno,) if state & WRITE else (), (), MOMENT
            )
            ready: Any = (READ if readable else 0) | (WRITE if writable else 0)
            if not ready:
                ready = yield state
            state = gen.send(ready)
    except StopIteration as done:
        value: RV = done.value
        return value


def readable(fileno: int, seconds: float) -> bool:
    """Whether there is something to read within so many seconds.

    Where nothing comes, a socket's own timeout raises an error that eventlet leaves in a cycle of thirty
    objects: after some thousand of them all work stood still for 50 ms while they were collected.
    """
    return bool(on_the_spot((fileno,), (), (), 0)[0] or select.select((fileno,), (), (), seconds)[0])
