"""The SQL of the command that no service has a use for."""

from collections.abc import Sequence
from typing import Any

from psycopg.rows import dict_row

from chassis.database import Tx

LIST = """
SELECT id, state, severity, category, grid, channel, assignee, assignee_kind, reworks, received_at, due_at
FROM ticket
WHERE (%(all)s OR state = ANY(%(open)s)) AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(grid)s::text IS NULL OR starts_with(grid, %(grid)s))
  AND (%(category)s::text IS NULL OR category = %(category)s)
  AND (%(assignee)s::text IS NULL OR assignee = %(assignee)s)
ORDER BY received_at DESC, id LIMIT %(limit)s
"""

KIN = """
SELECT state, desk ->> 'primary' AS "primary", desk -> 'followers' AS followers FROM ticket WHERE id = %s
"""


def kin(tx: Tx, number: str) -> dict[str, Any] | None:
    """Which ticket this one follows, which ones follow it, and its state; None where there is none."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(KIN, [number]).fetchone()


def tickets(tx: Tx, wanted: dict[str, Any], open_states: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """Tickets, newest first, that fit all of `wanted` (state, grid, category, assignee; None fits every one).

    Where no state is named, only those in `open_states`, unless `wanted["all"]`.
    """
    everything = wanted["all"] or wanted["state"] is not None
    values = wanted | {"all": everything, "open": list(open_states), "limit": limit}
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LIST, values).fetchall()
