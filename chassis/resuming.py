"""Gives what waits its next try, a few at a time: what the broker brings never waits behind many."""

import threading
import time

from chassis import waiting
from chassis.clock import now
from chassis.database import Database
from chassis.pause import Holds
from chassis.worker import Worker

EVERY = 1.0
"""Seconds between looks while nothing is due."""
AGAIN = 0.25
"""Seconds between looks while something is, or was a moment ago: little at a time, but not one by one."""
LATELY = 2.0
"""Seconds after which nothing more is expected."""
IN_HAND = 50
"""Events tried in one transaction."""
REST = 3.0
"""After a hand it rests so many times as long as that took: it has a quarter of the time, on any machine."""


class Resumption:
    """Takes due events from the waiting line, between the batches of the consumer of the same process."""

    def __init__(self, database: Database, worker: Worker, holds: Holds, stopping: threading.Event) -> None:
        self._database, self._worker, self._holds, self._stopping = database, worker, holds, stopping
        self._found_at = -LATELY

    def turn(self) -> bool:
        """Tries what is due, at most a hand of it, and rests; whether to look again at once."""
        if self._holds.now.everything:
            return False
        begun = time.monotonic()
        with self._database.statements() as tx:
            found = waiting.due(tx, now(), IN_HAND)
        if found:
            self._found_at = begun
            if not self._worker.take(found):
                return False
        elif begun - self._found_at > LATELY:
            return False
        took = time.monotonic() - begun
        pause = 0.0 if len(found) == IN_HAND else AGAIN
        return not self._stopping.wait(max(pause, REST * took))
