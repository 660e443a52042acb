"""A process says that it lives, every two seconds: what can do nothing any more cannot say so.

The broker believes in a frozen process for another two heartbeats, and holds messages for it all that time.
"""

from chassis.database import Database

EVERY = 2.0
"""Seconds between signs of life."""
SIGN = """
INSERT INTO alive (instance, seen_at) VALUES (%s, now())
ON CONFLICT (instance) DO UPDATE SET seen_at = EXCLUDED.seen_at
"""


class Alive:
    """The sign of one process of a service."""

    def __init__(self, database: Database, instance: int) -> None:
        self._database, self._instance = database, instance

    def sign(self) -> bool:
        """Notes that this process lives at this moment; never is there more to do."""
        with self._database.statements() as tx:
            tx.execute(SIGN, [self._instance])
        return False
