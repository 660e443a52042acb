"""Tickets with similar words, in the database: found by the lowest hashes of their pieces."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.rows import as_json
from services.ticket.alike.likeness import LOWEST
from services.ticket.state import OPEN

WAITING = """
SELECT l.ticket AS ref, r.key, r.sealed, r.title, r.body, r.address
FROM (SELECT ticket FROM likeness WHERE key IS NULL ORDER BY recorded_at LIMIT %s FOR UPDATE SKIP LOCKED) l
LEFT JOIN request r ON r.ticket = l.ticket
"""
SKETCH = """
WITH sketched AS (
    UPDATE likeness SET key = new.key, pieces = new.pieces, lowest = new.lowest
    FROM json_populate_recordset(null::likeness, %s) AS new WHERE likeness.ticket = new.ticket
    RETURNING likeness.ticket, likeness.recorded_at, likeness.lowest)
INSERT INTO likeness_low (hash, recorded_at, ticket)
SELECT unnest(lowest), recorded_at, ticket FROM sketched
"""
# OFFSET 0 keeps it to the indexes: of young tables the planner would read the whole, for each request anew.
# A form letter that thousands send is like thousands: only the newest are looked at, and fewer compared.
LOOKED_AT = 100
COMPARED_WITH = 50
NEAR = f"""
SELECT mine.ticket, a.grid, near.*
FROM unnest(%(tickets)s::text[]) AS asked (ticket)
CROSS JOIN LATERAL (SELECT * FROM likeness WHERE ticket = asked.ticket OFFSET 0) mine
CROSS JOIN LATERAL (SELECT * FROM ticket WHERE id = asked.ticket OFFSET 0) a
CROSS JOIN LATERAL (
    SELECT l.ticket AS other, l.pieces, b.grid AS other_grid
    FROM (SELECT DISTINCT recorded_at, ticket FROM unnest(mine.lowest) AS shared (hash) CROSS JOIN LATERAL (
              SELECT recorded_at, ticket FROM likeness_low
              WHERE hash = shared.hash AND recorded_at >= %(since)s
                AND (recorded_at, ticket) < (mine.recorded_at, mine.ticket)
              ORDER BY recorded_at DESC, ticket DESC LIMIT {LOOKED_AT}) newest
          ORDER BY recorded_at DESC, ticket DESC LIMIT {LOOKED_AT}) earlier
    CROSS JOIN LATERAL (SELECT * FROM likeness WHERE ticket = earlier.ticket OFFSET 0) l
    CROSS JOIN LATERAL (SELECT * FROM ticket WHERE id = earlier.ticket OFFSET 0) b
    WHERE l.key = mine.key AND b.state = ANY(%(open)s) AND b.desk ->> 'primary' IS NULL
      AND (a.category = b.category) IS NOT FALSE
    ORDER BY l.recorded_at DESC, l.ticket DESC LIMIT {COMPARED_WITH}) near
WHERE a.desk ->> 'primary' IS NULL
"""
SUSPECTED = """
SELECT t.id, t.state, t.category, t.grid, t.received_at, h.data
FROM ticket t CROSS JOIN LATERAL (
    SELECT data FROM history WHERE ticket = t.id AND type = 'cn.fengge.ticket.DuplicateSuspected.v1'
    ORDER BY no DESC LIMIT 1) h
WHERE t.desk ->> 'suspected' IS NOT NULL AND t.state = ANY(%s)
ORDER BY t.received_at DESC LIMIT %s
"""


class Sketch(Struct, frozen=True):
    """The hashes that stand for a ticket's words, and the name of their key."""

    ticket: str
    key: str
    pieces: Sequence[int]


def waiting(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """The words of the next tickets that were compared with no other yet, sealed; locked."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(WAITING, [limit]).fetchall()


def keep(tx: Tx, sketches: Sequence[Sketch]) -> None:
    """Notes what stands for the words of these tickets."""
    rows = [
        {"ticket": s.ticket, "key": s.key, "pieces": list(s.pieces), "lowest": list(s.pieces[:LOWEST])}
        for s in sketches
    ]
    tx.execute(SKETCH, [as_json(rows)])


def near(tx: Tx, tickets: Sequence[str], since: datetime) -> list[dict[str, Any]]:
    """Pairs of these tickets and earlier open ones of no other category, with the pieces of the earlier.

    At most `COMPARED_WITH` a ticket, the newest first.
    """
    with tx.cursor(row_factory=dict_row) as cursor:
        values = {"tickets": list(tickets), "since": since, "open": list(OPEN)}
        return cursor.execute(NEAR, values).fetchall()


def suspected(tx: Tx, states: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """Tickets in these states whose words are much like those of others, and which; the newest first."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SUSPECTED, [list(states), limit]).fetchall()
