"""SQL of wrong codes by publisher: looked at and written in the order of their names, once a batch."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from chassis.database import Tx
from chassis.rows import texts

LOAD = "SELECT publisher, used_until FROM guesser WHERE publisher = ANY(%s) ORDER BY publisher FOR UPDATE"
SAVE = """
INSERT INTO guesser (publisher, used_until) SELECT * FROM unnest(%s::text[], %s::timestamptz[])
ON CONFLICT (publisher) DO UPDATE SET used_until = greatest(guesser.used_until, EXCLUDED.used_until)
"""
SHUT = "SELECT count(*) FROM guesser WHERE used_until > %s"


def load(tx: Tx, publishers: Iterable[str]) -> dict[str, datetime]:
    """Until when each has used up its share, locked: beside it nobody guesses."""
    return dict(tx.execute(LOAD, [texts(sorted(set(publishers)))]).fetchall())


def save(tx: Tx, used: Mapping[str, datetime]) -> None:
    """Writes what has changed."""
    names = sorted(used)
    tx.execute(SAVE, [names, [used[name] for name in names]])


def shut(tx: Tx, full: datetime) -> int:
    """How many publishers have used up more than until `full`."""
    row = tx.execute(SHUT, [full]).fetchone()
    return int(row[0]) if row else 0
