"""Seals the history behind the back of those who write it: a block a second and shard where there is news."""

import time

from chassis.database import Database, Tx
from chassis.horizon import Look
from services.ticket.audit import seals

STEPS = 10
"""Bounded steps in one go; an old history without a seal takes many."""


class Sealer:
    """Notes how far the history is, and seals that far once every transaction of that moment has ended.

    Rows become visible in another order than that of their numbers; a row must not appear behind the seal.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: Look | None = None
        self._noted_at = 0.0

    @property
    def lag(self) -> float:
        """Seconds for which what was noted has been waiting for its seal."""
        return time.monotonic() - self._noted_at if self._noted else 0.0

    def run(self) -> None:
        """Seals what was noted, then notes what is new; costs one statement where nothing is."""
        for _ in range(STEPS):
            # To note what is new is one statement; only to seal it takes several.
            begin = self._database.transaction if self._noted else self._database.statements
            with begin() as tx:
                if not self._step(tx):
                    break

    def _step(self, tx: Tx) -> bool:
        """Whether there may be more to do at once."""
        found, noted = seals.look(tx), self._noted
        if noted is None or not found.continues(noted):
            self._note(found if found.fence is not None else None)
            return False
        if not found.completes(noted):
            return False
        if not seals.alone(tx) or seals.seal(tx, noted.newest) == noted.newest:
            self._note(None)
        return True

    def _note(self, found: Look | None) -> None:
        self._noted, self._noted_at = found, time.monotonic()
