"""Whether residents feel a job: it runs and stands still by turns, so what else a machine does meets both."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from statistics import median
from typing import Any, NamedTuple

import psycopg

from bench import stage
from contracts.registry import CONSOLE
from services.console.failed import job_store, jobs
from tests.faults.rig.drill import Drill
from tests.integration.process import until

STANDS, RUNS = 10.0, 20.0
"""Seconds for which it stands still, and then runs."""
PLAY = 30.0
"""Seconds of one play of the residents."""
UNDER_WAY = 1.5
"""Seconds at the beginning of a turn that are not measured: what the one before began is under way."""
TRIED = 300.0
"""Seconds in which what was lined up has been tried, on a machine that has much else to do."""
DUE = "SELECT FROM ticket.waiting WHERE due_at IS NOT NULL LIMIT 1"


class Turn(NamedTuple):
    """A time in which the job ran, or stood still."""

    ran: bool
    begun: float
    ended: float


class Job:
    """A job of the operators' room, in the hands of somebody who stops it and lets it go on."""

    def __init__(self, drill: Drill, number: int) -> None:
        self._url, self._number = drill.house.endpoints.database_url(CONSOLE), number

    @property
    def done(self) -> int:
        """How many records it has seen to."""
        return int(self._now()["done"])

    @property
    def runs(self) -> bool:
        """Whether it is neither stopped nor done."""
        return bool(self._now()["state"] == "running")

    def by_turns(self, until_done: int) -> Iterator[Turn]:
        """Lets it stand and run in turn until so many are done; a turn in which it ended is not told."""
        while self.done < until_done:
            with psycopg.connect(self._url) as tx:
                jobs.stop(tx, self._number)
            until(lambda: not self._waits, TRIED)
            still = _passed(STANDS, ran=False)
            with psycopg.connect(self._url) as tx:
                jobs.go_on(tx, self._number)
            running = _passed(RUNS, ran=True)
            if self.runs:
                yield from (still, running)

    @property
    def _waits(self) -> bool:
        """Whether something that it lets be tried again has not been tried yet."""
        with psycopg.connect(self._url) as tx:
            return bool(tx.execute(DUE).fetchall())

    def _now(self) -> dict[str, Any]:
        with psycopg.connect(self._url) as tx:
            return job_store.listed(tx, self._number)[0]


def _passed(seconds: float, *, ran: bool) -> Turn:
    begun = time.time()
    time.sleep(seconds)
    return Turn(ran, begun + UNDER_WAY, time.time())


@contextmanager
def residents(drill: Drill, rate: float) -> Iterator[list[tuple[float, float]]]:
    """People who ask all the while; afterwards when each asked, in how many ms somebody had the ticket."""
    document = json.loads((drill.house.run / "endpoints.json").read_text())
    told: list[tuple[float, float]] = []
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            played = stage.play(document, int(rate * PLAY), rate=rate, each=True)
            assert played["closed"] == played["tickets"]
            told.extend(played["each"])

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield told
    finally:
        enough.set()
        asking.join()


def grown(told: Sequence[tuple[float, float]], turns: Sequence[Turn]) -> dict[str, Any]:
    """Percentiles of both kinds of turns, and by how much the 99th is larger where the job ran."""
    spans = {ran: [of_turn(told, turn) for turn in turns if turn.ran is ran] for ran in (False, True)}
    still, running = (sorted(chain.from_iterable(spans[ran])) for ran in (False, True))
    pairs = [p99(runs) / p99(stands) for stands, runs in zip(spans[False], spans[True], strict=True)]
    return {
        "asked": len(still) + len(running),
        "still_ms": percentiles(still), "running_ms": percentiles(running),
        "p99_grows": round(p99(running) / p99(still), 2), "turn_by_turn": [round(each, 2) for each in pairs],
        "median_of_turns": round(median(pairs), 2),
    }  # fmt: skip


def percentiles(spans: Sequence[float]) -> list[float]:
    """The 50th, 95th and 99th, of what is in order."""
    return [round(spans[len(spans) * part // 100]) for part in (50, 95, 99)]


def p99(spans: Sequence[float]) -> float:
    """The 99th percentile of what is in no order."""
    return sorted(spans)[min(len(spans) * 99 // 100, len(spans) - 1)]


def of_turn(each: Sequence[tuple[float, float]], turn: Turn) -> list[float]:
    """The spans of those who asked in this turn."""
    return [span for at, span in each if turn.begun <= at < turn.ended]
