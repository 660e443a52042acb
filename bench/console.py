"""`make bench-console`: how long the operators' room takes for each of its pages over a million tickets."""

import argparse
import logging
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench import backlog, filling, stage
from bench.browser import Browser
from bench.visits import samples, visits
from chassis.database import Database
from chassis.settings import Settings
from deploy.local import house
from deploy.local import room as first_room
from services.console.failed import jobs
from services.console.failed.domain import Scope
from services.console.flow import rolling

PLAYED = 400
"""Tickets that are really played before copies are made of them."""
LIMIT_MS = 300.0
PARKED = 10_000
"""Records that wait for an operator meanwhile."""
ACTIONS = 500_000
"""What operators have done so far."""


@dataclass(frozen=True)
class Measured:
    """One page: what it answered, and its times in milliseconds."""

    path: str
    status: int
    bytes: int
    p50: float
    p95: float


def measure(endpoints: Mapping[str, Any], run: Path, rounds: int) -> list[Measured]:
    """Signs in as administrator and opens every page so many times, in turn."""
    browser = Browser(endpoints["console"])
    browser.sign_in(first_room.NAME, (run / first_room.FILE).read_text().strip())
    wanted = list(visits(samples(endpoints["database"]["superuser"])))
    times: list[list[float]] = [[] for _ in wanted]
    answers = [(0, 0)] * len(wanted)
    for _ in range(rounds + 1):
        for number, visit in enumerate(wanted):
            begun = time.perf_counter()
            status, body = browser.look(visit)
            times[number].append(1000 * (time.perf_counter() - begun))
            answers[number] = status, len(body)
    # The first round warms the caches of a server that has just been filled.
    return [
        Measured(visit.path, *answer, *_percentiles(found[1:]))
        for visit, answer, found in zip(wanted, answers, times, strict=True)
    ]


def _percentiles(times: list[float]) -> tuple[float, float]:
    ordered = sorted(times)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def park(endpoints: Mapping[str, Any]) -> None:
    """Leaves records for *Failed* with a job that has hardly begun with them, and actions for *Audit*."""
    backlog.park(endpoints["database"]["superuser"], PARKED)
    backlog.note(endpoints["database"]["superuser"], ACTIONS)
    with psycopg.connect(endpoints["database"]["roles"]["console"]) as tx:
        jobs.begin(tx, "retry", Scope(service="ticket"), 0.1, "bench", "to be looked at")


def count(endpoints: Mapping[str, Any]) -> float:
    """Counts the whole history for *Flow*, next to the room itself; rows a second."""
    url = endpoints["database"]["roles"]["console"]
    database = Database(Settings(amqp_url="amqp://-", database_url=url, statement_timeout=60), "console")
    begun = time.monotonic()
    rows = rolling.count_all(database, lambda done, behind: None)
    database.close()
    return rows / (time.monotonic() - begun)


def table(measured: list[Measured]) -> str:
    """One line a page."""
    lines = [f"{'page':<58} {'status':>6} {'kB':>6} {'p50 ms':>8} {'p95 ms':>8}"]
    lines += [
        f"{one.path:<58.58} {one.status:>6} {one.bytes / 1000:>6.1f} {one.p50:>8.1f} {one.p95:>8.1f}"
        + ("  too slow" if one.p95 > LIMIT_MS else "") + ("  failed" if one.status >= 400 else "")
        for one in measured
    ]  # fmt: skip
    return "\n".join(lines)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Says what is done, and how long it took."""
    begun = time.monotonic()
    print(f"{what} …", end=" ", file=sys.stderr, flush=True)
    yield
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def prepare(endpoints: Mapping[str, Any], tickets: int) -> None:
    """Plays, fills the tables, counts for *Flow*, parks; says how long each takes."""
    with told(f"{PLAYED} tickets played"):
        stage.play(endpoints, PLAYED)
    with told(f"{tickets} tickets in the tables"):
        filling.fill(endpoints["database"]["superuser"], 0, tickets)
    with told("counted for Flow"):
        rate = count(endpoints)
    print(f"Flow counts {rate:,.0f} rows of history a second.")
    with told(f"{PARKED} records parked and tried again slowly, {ACTIONS} actions on record"):
        park(endpoints)


def main() -> int:
    """Fills a house, counts, measures; 1 where a page takes longer than it may."""
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument(
        "--again", action="store_true", help="open the pages of the house as the last run left it"
    )
    asked = parser.parse_args()
    logging.disable(logging.ERROR)
    with house.running(stage.RUN) if asked.again else stage.fresh_house() as endpoints:
        if not asked.again:
            prepare(endpoints, asked.tickets)
        before = os.getloadavg()[0]
        with told("pages"):
            measured = measure(endpoints, stage.RUN, asked.rounds)
    print(table(measured))
    print(f"Load before and after: {before:.1f}, {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    return int(any(one.p95 > LIMIT_MS or one.status >= 400 for one in measured))


if __name__ == "__main__":
    sys.exit(main())
