"""The newest picture for whoever asks; the console's process looks in rounds, also when nobody asks."""

import logging
import threading
import time

from chassis.database import Database
from services.console.now.watch import EVERY, Picture, Watch

log = logging.getLogger(__name__)

STALE = 3 * EVERY
"""Seconds after which somebody who asks looks for himself."""


class Watching:
    """One watch that several threads share."""

    def __init__(self, database: Database, amqp_url: str) -> None:
        self._watch = Watch(database, amqp_url)
        self._looking = threading.Lock()
        self._picture: Picture | None = None
        self._looked_at = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Looks until it is to stop."""
        while not stop.is_set():
            with self._looking:
                self._look()
            stop.wait(EVERY)

    def picture(self, within: float = STALE) -> Picture:
        """The newest picture, at most so old."""
        if self._picture is None or time.monotonic() - self._looked_at > within:
            with self._looking:
                if self._picture is None or time.monotonic() - self._looked_at > within:
                    self._look()
        assert self._picture is not None
        return self._picture

    def close(self) -> None:
        """Lets go of the broker."""
        with self._looking:
            self._watch.close()

    def _look(self) -> None:
        self._picture = self._watch.look()
        self._looked_at = time.monotonic()
