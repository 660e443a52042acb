"""Work that is to be committed while the process is told to stop is tried once more, and then given up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from chassis.meter import Meter
from chassis.tally import Tally
from chassis.worker import Worker


class Away:
    """A database that is away for its first tries; with the first the process is told to stop."""

    def __init__(self, tries: int, stopping: threading.Event) -> None:
        self.left, self.stopping, self.asked, self.opened = tries, stopping, 0, 1

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Fails as long as the database is away."""
        self.asked += 1
        self.stopping.set()
        if self.asked <= self.left:
            raise psycopg.OperationalError("away")
        yield


class Relay:
    """Takes what is handed over."""

    def hand_over(self, messages: Any) -> None:
        """Nothing to publish here."""


@pytest.mark.parametrize(("tries", "committed"), [(0, True), (1, True), (2, False), (9, False)])
def test_a_stop_leaves_one_more_try(tries: int, committed: bool) -> None:
    stopping = threading.Event()
    database = Away(tries, stopping)
    effects = SimpleNamespace(forget=lambda: None, committed=lambda tally: None)
    worker = Worker(effects, database, Relay(), stopping, Meter())  # type: ignore[arg-type]
    assert isinstance(worker.commit(lambda tx, tally, care: None), Tally) == committed
    assert database.asked == min(tries + 1, 2)
