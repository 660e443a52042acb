"""The whole of Fengge on one machine: up, down, and what runs."""

import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from contracts.registry import CONSOLE
from deploy.local import LocalFailure, daemon, scraping, servers
from deploy.local.accounts import GATEWAY, OWNER, WORLD
from deploy.local.child import LIBC, PR_SET_PDEATHSIG
from deploy.local.endpoints import Endpoints
from deploy.local.processes import endpoints_document, process_table
from deploy.local.ready import await_ready, tail
from deploy.local.records import locked, write_private
from deploy.local.restarts import Restarts
from deploy.local.server_watch import ServerWatch
from deploy.local.supervisor import STOP_SIGNALS, WAKE_SIGNALS, Supervisor

UP_SECONDS = 600  # the first start may install servers
PLAYED = "played"  # in a run folder: its data is that of a demo, and the next demo may take it away
PUBLISHERS = ("intake", WORLD.name)  # each has a queue of replies
HOPELESS = 5  # restarts in a row after which a process is not waited for
STOP = ((signal.SIGTERM, 60.0), (signal.SIGKILL, 5.0))

log = logging.getLogger(__name__)


def up(run: Path, tied: bool = False) -> dict[str, Any]:
    """Starts all in the background unless it runs, returns endpoints.json once all is ready.

    A `tied` house drains by itself when the process that called this dies; a failed start is taken down.
    """
    run = run.resolve()
    spawned = _spawn_supervisor(run, tied)
    try:
        await_ready("Fengge", run / "supervisor.pid", _output(run), UP_SECONDS, lambda: _all_ready(run))
    except BaseException:
        if spawned:
            down(run)
        raise
    document: dict[str, Any] = json.loads((run / "endpoints.json").read_text())
    return document


def down(run: Path) -> None:
    """Drains and stops everything of the run folder, also what a killed supervisor left behind."""
    daemon.end(run / "supervisor.pid", STOP)
    servers.stop(run)
    (run / "processes.json").unlink(missing_ok=True)
    (run / "endpoints.json").unlink(missing_ok=True)


@contextmanager
def running(run: Path) -> Iterator[dict[str, Any]]:
    """The house for the length of a block; one that was up before stays up."""
    was_up = supervisor(run) is not None
    try:
        yield up(run, tied=not was_up)
    finally:
        if not was_up:
            down(run)


def supervisor(run: Path) -> int | None:
    """The process that watches over the run folder, if any."""
    return daemon.recall(run / "supervisor.pid")


def processes(run: Path) -> list[dict[str, Any]]:
    """What runs: rows of name, pid, state and restarts."""
    if supervisor(run) is None:
        return [_orphan(name, pid) for name, pid in servers.pids(run).items()]
    path = run / "processes.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return rows


def stay(run: Path, tied_to: int | None = None) -> None:
    """Starts all and watches over it in this process until SIGTERM or SIGINT; leaves no process behind."""
    run = run.resolve()
    for number in STOP_SIGNALS:  # SIGINT too: a shell script starts its background jobs with it ignored
        signal.signal(number, _leave)
    if tied_to is not None:
        _die_with(tied_to)
    _claim(run)
    try:
        endpoints = servers.start(run)
        _prepare(endpoints)
        table = process_table(endpoints)
        document = endpoints_document(endpoints, table)
        write_private(run / scraping.CONFIGURATION, scraping.configuration(document))
        write_private(run / "endpoints.json", json.dumps(document, indent=1))
        signal.pthread_sigmask(signal.SIG_BLOCK, WAKE_SIGNALS)
        Supervisor(run, table, ServerWatch(run), Restarts(endpoints.database_url(CONSOLE))).watch()
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, WAKE_SIGNALS)  # a second Ctrl-C must not cut the stop short
        servers.stop(run)
        (run / "supervisor.pid").unlink(missing_ok=True)


def _output(run: Path) -> Path:
    return run / "log" / "supervisor.log"


def _spawn_supervisor(run: Path, tied: bool) -> bool:
    with locked(run):
        if supervisor(run) is not None:
            return False
        (run / "processes.json").unlink(missing_ok=True)
        tie = ["--tied", str(os.getpid())] if tied else []
        argv = [sys.executable, "-m", "deploy.local", "--run", str(run), "foreground", *tie]
        daemon.spawn(argv, os.environ, _output(run), run / "supervisor.pid")
        return True


def _claim(run: Path) -> None:
    (run / "log").mkdir(parents=True, exist_ok=True)
    other = supervisor(run)
    if other not in (None, os.getpid()):
        raise LocalFailure(f"Fengge already runs in {run} (process {other}); stop it with `make down`.")
    (run / "processes.json").unlink(missing_ok=True)
    daemon.remember(run / "supervisor.pid", os.getpid())


def _prepare(endpoints: Endpoints) -> None:
    """Tables and queues are there before the first service starts."""
    from deploy import gazetteer, offered, topology  # the servers alone need none of it
    from deploy.local import outsiders, room
    from deploy.local.keeper import OnThisMachine
    from deploy.schemas import bring_up_to_date

    log.info("applied %d migrations", bring_up_to_date(endpoints.database_url(OWNER)))
    room.first_administrator(endpoints)
    dispatch = endpoints.database_url("dispatch")
    gazetteer.hand_over_between(dispatch, endpoints.database_url("ticket"))
    offered.hand_over_between(dispatch, endpoints.database_url("gateway"))
    shards = int(os.environ.get("SHARDS", "4"))
    topology.apply(endpoints.amqp_url("admin"), shards, PUBLISHERS)
    topology.hand_over(endpoints.database_url(CONSOLE), shards, PUBLISHERS)
    if "rabbitmq" in endpoints.pids:  # a named broker's users are its operators' to keep
        known = outsiders.enrolled(endpoints.database_url(GATEWAY))
        outsiders.bring_in_line(OnThisMachine(endpoints.run), endpoints.amqp_url("admin"), known)


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _die_with(parent: int) -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(1)


def _all_ready(run: Path) -> bool:
    path = run / "processes.json"
    rows = json.loads(path.read_text()) if path.exists() else []
    for row in rows:
        if row["state"] != "ready" and row["restarts"] >= HOPELESS:
            log_file = run / "log" / f"{row['name']}.log"
            raise LocalFailure(f"{row['name']} keeps ending; {log_file} says:\n{tail(log_file)}")
    return bool(rows) and all(row["state"] == "ready" for row in rows)


def _orphan(name: str, pid: int) -> dict[str, Any]:
    return {"name": name, "pid": pid, "state": "unwatched", "restarts": 0}
