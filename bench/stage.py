"""A house for the benchmarks: fresh servers and services of its own, and the world that plays in it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench.people import CATEGORIES, GRIDS
from deploy.local import DEFAULT_RUN, house, servers
from services.dispatch.directory.importing import import_files

PROJECT = Path(__file__).parent.parent
RUN = DEFAULT_RUN / "bench"
EMPTY = DEFAULT_RUN / "bench-empty"
"""A house beside the first one, that stays nearly empty."""
CHOICE = {"grids": GRIDS, "categories": CATEGORIES}
TICKS = os.sysconf("SC_CLK_TCK")
LOG_FILES = 40
"""Files of PostgreSQL's log, of 16 MB each; it keeps 64 of them (`min_wal_size`)."""

Usage = Mapping[str, tuple[float, float]]
"""CPU seconds and resident megabytes by process."""


@contextmanager
def fresh_house(instances: int = 1, run: Path = RUN) -> Iterator[dict[str, Any]]:
    """An empty house, furnished; yields its endpoints."""
    os.environ["INSTANCES"] = str(instances)
    house.down(run)
    shutil.rmtree(run, ignore_errors=True)
    with house.running(run) as endpoints:
        furnish(endpoints["database"]["roles"]["dispatch"])
        wear_in(endpoints["database"]["superuser"])
        yield endpoints
    servers.stop(run)


def furnish(database_url: str) -> None:
    """Gives a house the sample directory, with loads and quotas that never get in the way."""
    with psycopg.connect(database_url) as tx:
        report = import_files(tx, [PROJECT / "directory"], who="bench")
        if not report.ok:
            raise RuntimeError(str(report))
        tx.execute("UPDATE assignee SET load_cap = 1000000")
        tx.execute("UPDATE contract SET quota = 100000000")


def wear_in(database_url: str) -> None:
    """Has PostgreSQL's log written once around, as in a house that has been at work.

    From then on it is written over files that are there (`min_wal_size`). Each new one is filled with zeros
    first, while all commits stand still.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        for _ in range(LOG_FILES):
            connection.execute("SELECT pg_logical_emit_message(true, 'bench', '')")
            connection.execute("SELECT pg_switch_wal()")
        connection.execute("CHECKPOINT")


def play(endpoints: Mapping[str, Any], tickets: int, **options: object) -> dict[str, Any]:
    """Lets the world play `tickets` tickets through the house; returns what it measured."""
    broker = endpoints["broker"]
    command = [
        sys.executable, "-m", "bench.world",
        "--url", broker["url"] if options.get("stock") else broker["users"]["world"],
        "--run", f"{time.time():.3f}", "--tickets", str(tickets), "--choice", json.dumps(CHOICE),
    ]  # fmt: skip
    for name, value in options.items():
        command += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    output = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=False).stdout
    result: dict[str, Any] = json.loads(output)
    result["per_s"] = result["closed"] / max(result["seconds"], 0.001)
    return result


def usage() -> Usage:
    """CPU seconds and resident megabytes of every process of the house, children included."""
    rows = {row["name"]: row["pid"] for row in house.processes(RUN) if row["pid"]}
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    return {name: _usage(_family(pid, children)) for name, pid in rows.items()}


def _family(pid: int, children: Mapping[int, list[int]]) -> list[int]:
    return [pid, *(member for child in children.get(pid, []) for member in _family(child, children))]


def _usage(pids: list[int]) -> tuple[float, float]:
    seconds = memory = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        # utime, stime, and those of children that have ended (fields 14 to 17 of proc(5))
        seconds += sum(int(field) for field in fields[11:15]) / TICKS
        memory += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
    return seconds, memory


def spent(before: Usage, after: Usage) -> dict[str, float]:
    """CPU seconds of each process between two looks."""
    return {name: round(after[name][0] - before.get(name, (0.0, 0.0))[0], 2) for name in after}
