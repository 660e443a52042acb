"""Runs the operators' room: `python -m services.console`; it needs its schema, and nothing of the broker."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import psycopg

from chassis import logs, settings
from chassis.database import Database
from chassis.doors import Door, health, metrics
from chassis.figures import LINE
from chassis.metrics import Board
from chassis.settings import Settings
from chassis.threads import POLL, Listener, Thread
from contracts.registry import CONSOLE
from services.console import account_store, passwords, session_store
from services.console.control import replay
from services.console.failed.mender import Mender
from services.console.flow.rolling import Roller
from services.console.room import Room, behind_proxies

STATEMENT, LOCK = 5.0, 2.0
"""Seconds that the database has for a page."""
BEAT = 2.0
"""Seconds between looks whether the database is there."""
ANSWERS_WITHIN = 5.0
TIDY_EVERY = 300
"""Beats."""

log = logging.getLogger(__name__)


def main() -> int:
    """Runs until SIGTERM or SIGINT; returns the exit status."""
    try:
        chosen = settings.read(os.environ)
    except settings.SettingsError as error:
        print(f"The settings of the console are not usable:\n{error}", file=sys.stderr)
        return 2
    if not chosen.console_port:
        print("the console needs CONSOLE_PORT: docs/runbooks/production.md", file=sys.stderr)
        return 2
    return _run(replace(
        chosen, statement_timeout=min(chosen.statement_timeout, STATEMENT),
        lock_timeout=min(chosen.lock_timeout, LOCK),
    ))  # fmt: skip


def _run(chosen: Settings) -> int:
    logs.start(CONSOLE, chosen.log_level)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it would log each request that waits
    stop, died = threading.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, frame: stop.set())
    database = Database(chosen, CONSOLE)
    room = Room(chosen, database)
    app = behind_proxies(room, chosen.console_proxies)
    lines = partial(_lines, database)
    board = Board(
        CONSOLE, {"line": frozenset(lines())}, lambda: [LINE(up, line=it) for it, up in lines().items()]
    )
    door = Door(health(lines) | metrics(board.text), {}, "")
    try:
        listeners = [
            Listener(door, chosen.health_host, chosen.health_port, threads=2),
            Listener(app, chosen.console_host, chosen.console_port),
        ]
    except OSError as error:
        print(f"HEALTH_PORT, CONSOLE_PORT: nobody can listen there ({error.strerror})", file=sys.stderr)
        return 2
    passwords.nobody()  # now, not while the first stranger could tell by the time it takes
    works: list[Callable[[], None]] = [
        lambda: _beat(chosen, database, stop),
        lambda: Roller(database).run(stop),
        lambda: Mender(database.transaction).run(stop),
        lambda: room.watching.run(stop),
        lambda: _replays(chosen, database, stop),
    ]
    threads = [Thread(work, died) for work in (*(listener.run for listener in listeners), *works)]
    log.info("started")
    while not stop.wait(POLL):
        if died.is_set():
            return 1
    for listener in listeners:
        listener.stop()
    for thread in threads:
        thread.wait()
    room.close()
    log.info("stopped")
    return 0


def _replays(chosen: Settings, database: Database, stop: threading.Event) -> None:
    """Sends again what operators want sent again."""
    while not stop.wait(BEAT):
        replay.work_patiently(database, chosen, stop.wait)


def _lines(database: Database) -> dict[str, bool]:
    """Which of its lines stand."""
    return {"database": database.answered(ANSWERS_WITHIN)}


def _beat(chosen: Settings, database: Database, stop: threading.Event) -> None:
    """Asks the database now and then, and lets go of what is over."""
    idle, beats = timedelta(seconds=chosen.console_idle), 0
    while not stop.is_set():
        try:
            with database.statements() as tx:
                tx.execute("SELECT 1")
                if beats % TIDY_EVERY == 0:
                    session_store.tidy(tx, idle)
                    account_store.tidy(tx)
            beats += 1
        except psycopg.Error as error:
            log.warning("the database does not answer", extra={"cause": type(error).__name__})
        stop.wait(BEAT)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)
