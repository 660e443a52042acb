"""The SQL of the ways of tickets: every step is added once, read by ticket or by time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
from psycopg.rows import class_row, dict_row

from chassis.database import Tx
from chassis.rows import as_copy
from contracts.cloudevent import CloudEvent
from services.dispatch.chain import Step, step
from services.dispatch.engine import Pool
from services.dispatch.way import Hop, hops

AT_ONCE = 2000
"""Rows that are fetched at a time."""
Choice = tuple[str, datetime, int, str | None, Pool | None]
"""Ticket, when, hop, who was asked (None: all), and what he was chosen from."""
COLUMNS = "ticket, at, what, hop, assignment, assignee, kind, unit, note, by, weighed"
SAVE = f"COPY chain ({COLUMNS}) FROM STDIN WITH (NULL '')"
OF_TICKET = f"SELECT {COLUMNS} FROM chain WHERE ticket = %s ORDER BY no"
WAYS = f"""
SELECT {COLUMNS.removesuffix(", weighed")} FROM chain
WHERE at >= %s AND what <> 'blocked' ORDER BY ticket, no
"""
CHOICES = """
SELECT ticket, at, hop, assignee, CASE WHEN at >= %(since)s THEN weighed END FROM chain
WHERE at >= %(earlier)s AND what IN ('offered', 'opened', 'ruled') ORDER BY no
"""
UNCHANGED = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "SET LOCAL statement_timeout = '10min'",
)
CASE = 'SELECT id, state, category, grid, severity, hop, assignee, kind FROM "case" WHERE id = %s'


def save(tx: Tx, facts: Sequence[CloudEvent[Any]], weighed: Mapping[str, Pool]) -> None:
    """Adds the steps among the published facts of a batch, each offer with what it was chosen from."""
    rows = [row for fact in facts for row in _rows(fact, weighed)]
    if rows:
        with tx.cursor() as cursor, cursor.copy(SAVE) as copy:
            copy.write(as_copy(rows))


def _rows(fact: CloudEvent[Any], weighed: Mapping[str, Pool]) -> Iterator[tuple[str, ...]]:
    said = step(fact.data)
    if said:
        pool = weighed.get(said["assignment"] or "") if said["what"] in ("offered", "opened") else None
        seen = msgspec.json.encode(pool).decode() if pool else ""
        told = (said.get(name) or "" for name in COLUMNS.split(", ")[4:-1])
        yield (fact.partitionkey, fact.time.isoformat(), said["what"], str(said["hop"]), *told, seen)


def steps(tx: Tx, ticket: str) -> list[Step]:
    """The way of a ticket, in its order."""
    with tx.cursor(row_factory=class_row(Step)) as cursor:
        return cursor.execute(OF_TICKET, [ticket]).fetchall()


def case(tx: Tx, ticket: str) -> dict[str, Any] | None:
    """What dispatch knows of a ticket now, or None."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(CASE, [ticket]).fetchone()


def pool_of(weighed: str) -> Pool:
    """What the engine saw, as it saw it."""
    return msgspec.json.decode(weighed, type=Pool)


def read_only(tx: Tx) -> None:
    """From here on the transaction sees one moment and can change nothing; to be said first."""
    for statement in UNCHANGED:
        tx.execute(statement)


def ways(tx: Tx, since: datetime, now: datetime) -> dict[str, list[Hop]]:
    """The ways of all tickets whose dispatch began at `since` or later, without what was weighed."""
    found: dict[str, list[Hop]] = {}
    with tx.cursor("ways", row_factory=class_row(Step)) as cursor:
        cursor.itersize = AT_ONCE
        for ticket, known in groupby(cursor.execute(WAYS, [since]), key=lambda one: one.ticket):
            kept = list(known)
            if kept[0].what == "started":
                found[ticket] = hops(kept, now)
    return found


def choices(tx: Tx, since: datetime, earlier: datetime) -> Iterator[Choice]:
    """Everybody who was asked since `earlier`, in order, from `since` on with what he was chosen from."""
    with tx.cursor("choices") as cursor:
        cursor.itersize = AT_ONCE
        for ticket, at, hop, assignee, weighed in cursor.execute(
            CHOICES, {"since": since, "earlier": earlier}
        ):
            yield ticket, at, hop, assignee, pool_of(weighed) if weighed else None
