"""What of a service stands still because an operator wants it so: rows that its loops look at."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import psycopg
from msgspec import Struct
from psycopg.rows import class_row

from chassis.database import Database, Tx

log = logging.getLogger(__name__)

Part = Literal["consumer", "all", "channel"]
"""`consumer` takes nothing in; `all` is a drain: nor do timers and errands work; `channel` sends nothing."""

LOOK_EVERY = 1.5
"""Seconds between looks; a pause or its end is felt within two."""

IN_FORCE = "ended_at IS NULL AND (until IS NULL OR until > now())"
HOLD = f"SELECT part, shard FROM pause WHERE {IN_FORCE} AND part <> 'channel'"
LIST = f"""
SELECT no, part, shard, channel, since, until, who, reason FROM pause WHERE {IN_FORCE} ORDER BY no
"""
BEGIN = """
INSERT INTO pause (part, shard, channel, until, who, reason)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (part, coalesce(shard, -1), coalesce(channel, '')) WHERE ended_at IS NULL DO NOTHING RETURNING no
"""
END = """
UPDATE pause SET ended_at = now(), ended_by = %s, ended_why = %s WHERE no = %s AND ended_at IS NULL
"""
RUN_OUT = """
UPDATE pause SET ended_at = until, ended_by = who, ended_why = 'its time was over'
WHERE ended_at IS NULL AND until <= now()
"""


class AlreadyPaused(Exception):
    """The same part of the service is paused already."""


class Pause(Struct, frozen=True, kw_only=True):
    """One pause in force: of what, since when, until when at the latest, by whom and why."""

    no: int
    part: Part
    shard: int | None = None
    channel: str | None = None
    since: datetime
    until: datetime | None = None
    who: str
    reason: str


class Hold(Struct, frozen=True):
    """What the loops of a process leave alone at this moment."""

    everything: bool = False
    consumer: bool = False
    shards: frozenset[int] = frozenset()

    def holds(self, shard: int) -> bool:
        """Whether this shard is not read."""
        return self.everything or self.consumer or shard in self.shards


NOTHING = Hold()


class Holds:
    """What is held, as of the last look; reading it costs the loops nothing."""

    def __init__(self, database: Database) -> None:
        self._database, self._looked = database, False
        self.now = NOTHING

    def look(self) -> bool:
        """Looks into the ledger; never is there more to do."""
        with self._database.statements() as tx:
            self.now = held(tx)
        self._looked = True
        return False

    def known(self) -> Hold:
        """The same, after a first look: a service that is paused does not run for a second when it starts."""
        if not self._looked:
            try:
                self.look()
            except psycopg.Error as error:  # without its database a service effects nothing either
                log.warning("pauses are not known yet", extra={"cause": type(error).__name__})
        return self.now


def held(tx: Tx) -> Hold:
    """What is held now by the pauses in force."""
    rows = tx.execute(HOLD).fetchall()
    if not rows:
        return NOTHING
    return Hold(
        everything=any(part == "all" for part, _ in rows),
        consumer=any(part == "consumer" and shard is None for part, shard in rows),
        shards=frozenset(shard for _, shard in rows if shard is not None),
    )


def in_force(tx: Tx) -> Sequence[Pause]:
    """The pauses in force, the oldest first."""
    with tx.cursor(row_factory=class_row(Pause)) as cursor:
        return cursor.execute(LIST).fetchall()


def begin(
    tx: Tx, part: Part, *, shard: int | None = None, channel: str | None = None,
    until: datetime | None = None, who: str, reason: str,
) -> int:  # fmt: skip
    """Begins a pause and returns its number; raises AlreadyPaused."""
    tx.execute(RUN_OUT)
    row = tx.execute(BEGIN, [part, shard, channel, until, who, reason]).fetchone()
    if row is None:
        raise AlreadyPaused(part)
    return int(row[0])


def end(tx: Tx, no: int, who: str, why: str) -> bool:
    """Ends a pause; False if it has ended already."""
    return tx.execute(END, [who, why, no]).rowcount == 1
