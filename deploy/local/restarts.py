"""Hears from the operators' room which services are to be started anew, and tells the supervisor.

It asks in a thread of its own: a database that does not answer must keep nobody from watching over processes.
"""

import logging
import threading
import time
from collections.abc import Mapping, Set
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import psycopg

from services.console.control import restart_store

EVERY = 1.0  # seconds between questions
OPTIONS: Mapping[str, Any] = {
    "connect_timeout": 2, "tcp_user_timeout": 5_000, "options": "-c statement_timeout=2000",
}  # fmt: skip

log = logging.getLogger(__name__)


class Wishes(Protocol):
    """Which services somebody wants started anew."""

    def taken(self) -> Set[str]:
        """Those of which it was not said before."""


class Nobody:
    """Nobody wants anything."""

    def taken(self) -> Set[str]:
        """None."""
        return frozenset()


NOBODY = Nobody()


class Restarts:
    """What operators have asked for, as the database of the room tells it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._found: SimpleQueue[str] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True, name="restarts").start()

    def taken(self) -> Set[str]:
        """The services to be started anew, each time they are asked for once."""
        found = set()
        while True:
            try:
                found.add(self._found.get_nowait())
            except Empty:
                return found

    def _run(self) -> None:
        while True:
            try:
                with psycopg.connect(self._url, autocommit=True, **OPTIONS) as tx:
                    self._ask(tx)
            except psycopg.Error as error:
                log.debug("the room cannot be asked: %s", type(error).__name__)
                time.sleep(EVERY)

    def _ask(self, tx: psycopg.Connection) -> None:
        while True:
            for service in restart_store.take(tx):
                log.warning("starting %s anew, as an operator wants it", service)
                self._found.put(service)
            time.sleep(EVERY)
