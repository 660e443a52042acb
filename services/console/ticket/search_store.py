"""Finds tickets by the number of another system, or by grid cell; every statement by an index."""

from collections.abc import Sequence
from typing import Any

from psycopg.rows import dict_row

from chassis.database import Tx

FOUND = "id, state, severity, category, grid, received_at, due_at"
# The index's first column alone, from one value to the next: as many steps as there are sources.
SOURCES = """
WITH RECURSIVE known AS (
    (SELECT source FROM {table} ORDER BY source LIMIT 1)
    UNION ALL
    SELECT (SELECT t.source FROM {table} t WHERE t.source > known.source ORDER BY t.source LIMIT 1)
    FROM known WHERE known.source IS NOT NULL
)
SELECT source FROM known WHERE source IS NOT NULL LIMIT 200
"""
TABLES = ("ticket.inbox", "gateway.intake")
BY_NUMBERS = f"SELECT {FOUND} FROM ticket.ticket WHERE id = ANY(%s) ORDER BY received_at DESC"
BY_GRID = f"""
SELECT {FOUND} FROM ticket.ticket WHERE grid COLLATE "C" >= %(grid)s AND grid COLLATE "C" < %(after)s
ORDER BY grid COLLATE "C", received_at DESC LIMIT %(limit)s
"""


def sources(tx: Tx) -> set[str]:
    """The systems outside that have sent anything in the time for which ids are kept."""
    return {source for table in TABLES for (source,) in tx.execute(SOURCES.format(table=table).encode())}


def by_numbers(tx: Tx, numbers: Sequence[str]) -> list[dict[str, Any]]:
    """Those of these tickets that there are."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(BY_NUMBERS, [list(numbers)]).fetchall()


def by_grid(tx: Tx, grid: str, limit: int) -> list[dict[str, Any]]:
    """Tickets in a grid cell or below it."""
    values = {"grid": grid, "after": f"{grid}\U0010ffff", "limit": limit}
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(BY_GRID, values).fetchall()
