"""The measurements: each takes a running house and returns plain figures."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from bench import disk, floor, shape, stage
from chassis.keys import FILE
from contracts import intake
from contracts.cloudevent import SINGLE
from contracts.registry import LEDGERS, SERVICES
from deploy.local.records import VAULT_KEYS

FLOOR_CHOICES = ((1, 1000), (2, 500), (2, 1000), (4, 500))
"""Processes and tickets a transaction, of which the best counts."""


def loop(endpoints: Mapping[str, Any], tickets: int) -> dict[str, Any]:
    """The closed loop through the real services."""
    before = stage.usage()
    result = _closed(endpoints, tickets)
    spent = stage.spent(before, stage.usage())
    result["cpu_ms_per_ticket"] = {name: round(1000 * cpu / tickets, 2) for name, cpu in spent.items()}
    return result


def _closed(endpoints: Mapping[str, Any], tickets: int) -> dict[str, Any]:
    result = stage.play(endpoints, tickets, limit=300)
    if result["closed"] != tickets:
        raise RuntimeError(f"only {result['closed']} of {tickets} tickets were closed")
    return result


def beside(
    grown: Mapping[str, Any], empty: Mapping[str, Any], tickets: int, rounds: int
) -> tuple[float, float]:
    """Tickets a second of the loop in two houses by turns: whatever the machine does happens to both."""
    pairs = [[float(_closed(each, tickets)["per_s"]) for each in (grown, empty)] for _ in range(rounds)]
    of_grown, of_empty = zip(*pairs, strict=True)
    return median(of_grown), median(of_empty)


def stages(tickets: int) -> dict[str, Any]:
    """CPU microseconds an event in each stage of a batch, by service, with clocks in the services."""
    folder = stage.RUN.parent / "stages"
    folder.mkdir(parents=True, exist_ok=True)
    clocks = {"RUNNER": "bench.stages", "STAGES": str(folder)}
    os.environ.update(clocks)
    try:
        with stage.fresh_house() as endpoints:
            loop(endpoints, tickets)
    finally:
        for name in clocks:
            del os.environ[name]
    return {service: _per_event(folder / f"{service}.json", tickets) for service in SERVICES}


def _per_event(path: Path, tickets: int) -> dict[str, float]:
    document = json.loads(path.read_text(encoding="utf-8"))
    events = document["events"]
    figures = {way: round(1e6 * seconds / events, 1) for way, seconds in document["seconds"].items()}
    return {"events_per_ticket": round(events / tickets, 1)} | figures


def read_shape(endpoints: Mapping[str, Any], tickets: int) -> Path:
    """Plays a loop and keeps what it wrote, for the floor to write again."""
    url = endpoints["database"]["superuser"]
    before = shape.counts(url)
    marks = shape.outbox_marks(url)
    loop(endpoints, tickets)
    written = shape.written(url, before, shape.counts(url))
    published = shape.messages(url, marks)
    published["inbound"] = _inbound(tickets)
    path = stage.RUN.parent / "shape.json"  # outlives the house
    shape.save(path, tickets, written, published)
    return path


def cost(path: Path) -> dict[str, float]:
    """What one ticket writes: rows, messages, and kilobytes of published events."""
    document = json.loads(path.read_text(encoding="utf-8"))
    tickets, tables, messages = document["tickets"], document["tables"], document["messages"]
    inserted = sum(len(table["rows"]) for table in tables)
    updated = sum(len(table["rows"]) * table["updates"] for table in tables)
    facts = [body for exchange, found in messages.items() if exchange != "inbound" for _, body in found]
    return {
        "rows_inserted": round(inserted / tickets, 1),
        "rows_updated": round(updated / tickets, 1),
        "messages_in": round(len(messages["inbound"]) / tickets, 1),
        "messages_out": round(len(facts) / tickets, 2),
        "kilobytes_out": round(sum(len(body.encode()) for body in facts) / tickets / 1000, 1),
    }


def _inbound(tickets: int) -> list[tuple[str, str]]:
    """As many messages from outside as the loop takes, of their usual size."""
    sizes = {intake.RequestSubmitted: 900, intake.OfferAnswered: 400, intake.FirstContactLogged: 380,
             intake.WorkReported: 450, intake.RatingGiven: 350}  # fmt: skip
    return [(SINGLE, "x" * size) for _ in range(tickets) for size in sizes.values()]


def floor_rate(
    endpoints: Mapping[str, Any], path: Path, processes: int, chunk: int, passes: int = 1
) -> float:
    """Tickets a second that bare clients write, with this many writers and tickets a transaction."""
    document = json.loads(path.read_text(encoding="utf-8"))
    tickets = document["tickets"]
    database, amqp = endpoints["database"]["superuser"], endpoints["broker"]["url"]
    schema = "floor"
    floor.prepare(database, amqp, document, schema, passes)
    command = [
        sys.executable, "-m", "bench.floor", "--database", database, "--amqp", amqp, "--shape", str(path),
        "--schema", schema, "--passes", str(passes),
    ]  # fmt: skip
    of = max(processes, round(tickets / chunk))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": stage.PROJECT}
    with ExitStack() as stack:
        reader = stack.enter_context(subprocess.Popen([*command, "read"], **pipes))  # type: ignore[call-overload]
        writers = [
            stack.enter_context(
                subprocess.Popen([*command, "write", "--chunks", str(n), str(processes), str(of)], **pipes)  # type: ignore[call-overload]
            )
            for n in range(processes)
        ]
        for writer in writers:
            writer.stdout.readline()
        for writer in writers:
            writer.stdin.write("go\n")
            writer.stdin.flush()
        spans = [json.loads(writer.stdout.readline()) for writer in writers]
        reader.communicate("stop\n")
    floor.clear(database, amqp, schema, passes)
    seconds = max(span["end"] for span in spans) - min(span["start"] for span in spans)
    return float(passes * tickets / seconds)


def best_floor(endpoints: Mapping[str, Any], path: Path) -> tuple[int, int]:
    """Of FLOOR_CHOICES the fastest."""
    rates = {choice: floor_rate(endpoints, path, *choice) for choice in FLOOR_CHOICES}
    return max(rates, key=lambda choice: rates[choice])


def stock(endpoints: Mapping[str, Any], tickets: int) -> float:
    """Tickets a second through nameko's own event handlers, one transaction a message."""
    with ExitStack() as stack:
        # Handlers that lose a race fail here as they would anywhere; the log keeps what they say.
        log = stack.enter_context((stage.RUN / "log" / "stock.log").open("a", encoding="utf-8"))
        for service in SERVICES:
            environment = os.environ | {
                "AMQP_URL": endpoints["broker"]["url"],
                "DATABASE_URL": endpoints["database"]["roles"][service],
                "VAULT_KEYS": f"{FILE}{stage.RUN / VAULT_KEYS}",
            }
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "bench.stock", service],
                cwd=stage.PROJECT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
            stack.callback(_end, process)
            assert process.stdout
            if not process.stdout.readline():
                raise RuntimeError(f"the stock form of {service} did not start, see {log.name}")
        result = stage.play(endpoints, tickets, stock=True, limit=120)
        if not result["closed"]:
            raise RuntimeError(f"the stock form closed no ticket, see {log.name}")
    return float(result["per_s"])


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def latency(
    endpoints: Mapping[str, Any], rate: float, seconds: float, rounds: int = 1
) -> dict[str, dict[str, float]]:
    """Milliseconds from confirmed intake to assigned and to closed at an even rate, medians of the rounds."""
    found = [
        stage.play(endpoints, int(rate * seconds), rate=rate, limit=seconds * 4 + 30) for _ in range(rounds)
    ]
    return {
        what: {part: median([one[f"{what}_ms"][part] for one in found]) for part in found[0][f"{what}_ms"]}
        for what in ("assigned", "closed")
    }


def idle(seconds: float) -> tuple[dict[str, float], dict[str, float]]:
    """How the disk is while nothing happens, and per cent of one core that each process uses meanwhile."""
    before = stage.usage()
    syncs = disk.syncs(stage.RUN, seconds)
    spent = stage.spent(before, stage.usage())
    return syncs, {name: round(100 * cpu / seconds, 2) for name, cpu in spent.items() if name in LEDGERS}


def memory() -> dict[str, float]:
    """Proportional resident megabytes of every process."""
    return {name: round(megabytes, 1) for name, (_, megabytes) in stage.usage().items()}


def grow(endpoints: Mapping[str, Any], before: int, tickets: int) -> None:
    """Fills the tables with closed tickets, copies of real rows under new numbers, in bulk."""
    with psycopg.connect(endpoints["database"]["superuser"], autocommit=True) as connection:
        for statement in (stage.PROJECT / "bench" / "grow.sql").read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.execute(statement, {"before": before, "tickets": tickets})
        connection.execute("VACUUM ANALYZE")


def dispatch_ms(endpoints: Mapping[str, Any], assignees: int) -> dict[str, float]:
    """Milliseconds of batches of 200 dispatches with so many assignees: a ticket, and the database's part."""
    command = [sys.executable, "-W", "ignore", "-m", "bench.dispatching", "--assignees", str(assignees)]
    environment = os.environ | {
        "DATABASE_URL": endpoints["database"]["roles"]["dispatch"],
        "SUPERUSER_URL": endpoints["database"]["superuser"],
    }
    done = subprocess.run(
        command, cwd=stage.PROJECT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def median(values: Sequence[float]) -> float:
    """The median, rounded to a tenth."""
    return round(statistics.median(values), 1)
