"""`make bench-console`: how long the operators' room takes for each of its pages over a million tickets."""

import argparse
import logging
import re
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg

from bench import filling, stage
from chassis.database import Database
from chassis.settings import Settings
from deploy.local import room as first_room
from services.console.failed import jobs
from services.console.failed.domain import Scope
from services.console.flow import rolling
from services.console.pages import PAGES

CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')
PARAMETER = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")
PLAYED = 400
"""Tickets that are really played before copies are made of them."""
LIMIT_MS = 300.0
PARKED = 2_000
"""Records that wait for an operator meanwhile."""

SAMPLES: Mapping[str, str] = {
    "number": "SELECT id FROM ticket.ticket ORDER BY id OFFSET 1000 LIMIT 1",
    "ticket": "SELECT id FROM ticket.ticket ORDER BY id OFFSET 1000 LIMIT 1",
    "service": "SELECT 'ticket'",
    "no": "SELECT coalesce(min(no), 1)::text FROM ticket.parked",
    "language": "SELECT 'zh'",
    "job": "SELECT max(id)::text FROM console.mending",
    "key": "SELECT ''",
    "name": "SELECT 'resume'",
}
"""What stands for each part of a path, as the house that is measured has it."""
QUERIES: Mapping[str, tuple[str, ...]] = {
    "/flow": ("", "period=hour", "period=week", "period=month", "period=month&grid={cell}",
              "period=month&grid={leaf}"),
    "/control/do/<name>": ("service={service}",),
    "/control/count": ("subscriber=dispatch&from={yesterday}&to={today}",),
    "/failed/plan": ("kind=retry&group={service}:{key}",),
    "/ticket": ("", "q={number}", "q={external}", "q={leaf}", "q={cell}"),
}  # fmt: skip
"""What a page is asked for besides itself."""
MORE: Mapping[str, str] = {
    "external": "SELECT external_id FROM ticket.ticket ORDER BY id OFFSET 1000 LIMIT 1",
    "cell": "SELECT code FROM dispatch.cell WHERE parent IS NULL ORDER BY code LIMIT 1",
    "yesterday": "SELECT to_char(now() - interval '1 day', 'YYYY-MM-DD')",
    "today": "SELECT to_char(now(), 'YYYY-MM-DD')",
    "leaf": "SELECT grid FROM ticket.ticket WHERE grid IS NOT NULL LIMIT 1",
}


@dataclass(frozen=True)
class Measured:
    """One page: what it answered, and its times in milliseconds."""

    path: str
    status: int
    bytes: int
    p50: float
    p95: float


class Browser:
    """An operator's browser without scripts, on one connection."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._line = HTTPConnection(urlsplit(address).netloc, timeout=60)
        self._cookies: dict[str, str] = {}

    def sign_in(self, name: str, password: str) -> None:
        """Signs in; raises RuntimeError where that is refused."""
        found = CSRF.search(self.ask("GET", "/sign-in")[1])
        assert found
        form = urlencode({"csrf": found[1], "name": name, "password": password})
        status, _ = self.ask("POST", "/sign-in", form)
        if status != HTTPStatus.SEE_OTHER:
            raise RuntimeError(f"the operators' room let nobody in: status {status}")

    def ask(self, method: str, path: str, form: str | None = None) -> tuple[int, str]:
        """Status and body; cookies are kept, nothing is followed."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._address}
        self._line.request(method, path, form, headers)
        answer = self._line.getresponse()
        for line in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer.status, answer.read().decode()


def paths(samples: Mapping[str, str]) -> Iterator[str]:
    """Every page that can be looked at, each part of its path filled in, with what it is asked for."""
    for page in PAGES:
        for route in page.routes:
            if route.method != "GET" or (route.role is None and route.path != "/sign-in"):
                continue  # an action, or a step on the way in that shows nothing
            path = PARAMETER.sub(lambda found: samples[found[1]], route.path)
            for query in QUERIES.get(route.path, ("",)):
                yield f"{path}?{query.format_map(samples)}" if query else path


def samples(url: str) -> dict[str, str]:
    """What stands in paths and queries."""
    with psycopg.connect(url) as connection:
        found = {
            name: connection.execute(text.encode()).fetchone() for name, text in {**SAMPLES, **MORE}.items()
        }
        key = jobs.groups(connection, ["ticket"])[0].key
    return {name: str(row[0]) if row else "-" for name, row in found.items()} | {"key": key.partition(":")[2]}


def measure(endpoints: Mapping[str, Any], run: Path, rounds: int) -> list[Measured]:
    """Signs in as administrator and opens every page so many times, in turn."""
    browser = Browser(endpoints["console"])
    browser.sign_in(first_room.NAME, (run / first_room.FILE).read_text().strip())
    wanted = list(paths(samples(endpoints["database"]["superuser"])))
    times: dict[str, list[float]] = {path: [] for path in wanted}
    answers: dict[str, tuple[int, int]] = {}
    for _ in range(rounds + 1):
        for path in wanted:
            begun = time.perf_counter()
            status, body = browser.ask("GET", path)
            times[path].append(1000 * (time.perf_counter() - begun))
            answers[path] = status, len(body)
    # The first round warms the caches of a server that has just been filled.
    return [Measured(path, *answers[path], *_percentiles(times[path][1:])) for path in wanted]


def _percentiles(times: list[float]) -> tuple[float, float]:
    ordered = sorted(times)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def park(endpoints: Mapping[str, Any]) -> None:
    """Leaves records for the page *Failed*, and a job that has hardly begun with them."""
    filling.park(endpoints["database"]["superuser"], PARKED)
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


def main() -> int:
    """Fills a house, counts, measures; 1 where a page takes longer than it may."""
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    logging.disable(logging.ERROR)
    with stage.fresh_house() as endpoints:
        with told(f"{PLAYED} tickets played"):
            stage.play(endpoints, PLAYED)
        with told(f"{asked.tickets} tickets in the tables"):
            filling.fill(endpoints["database"]["superuser"], 0, asked.tickets)
        with told("counted for Flow"):
            rate = count(endpoints)
        with told(f"{PARKED} records parked, and tried again slowly"):
            park(endpoints)
        with told("pages"):
            measured = measure(endpoints, stage.RUN, asked.rounds)
    print(table(measured))
    print(f"Flow counts {rate:,.0f} rows of history a second.")
    return int(any(one.p95 > LIMIT_MS or one.status >= 400 for one in measured))


if __name__ == "__main__":
    sys.exit(main())
