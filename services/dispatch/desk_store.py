"""The SQL of what waits at the desk: disputed tickets, departments that were called."""

from typing import Any

from psycopg.rows import dict_row

from chassis.database import Tx

DISPUTED = """
SELECT c.id AS ticket, c.category, c.grid, c.severity, c.hop AS hops, c.returns, c.assignee AS returned_by,
       g.code, g.proposed_unit, g.basis_code, g.at AS since
FROM "case" c LEFT JOIN LATERAL (
    SELECT * FROM ground g WHERE g.ticket = c.id ORDER BY g.at DESC LIMIT 1) g ON true
WHERE c.state = 'objection_open' ORDER BY g.at, c.id LIMIT %s
"""
# Of a whistle whose work is over nobody is awaited any more.
CALLS = """
SELECT c.id AS ticket, (k ->> 'whistle')::int AS whistle, k ->> 'assignee' AS department,
       k ->> 'unit' AS unit, (k ->> 'arrive_by')::timestamptz AS arrive_by,
       (k ->> 'arrived_at')::timestamptz AS arrived_at,
       coalesce((k ->> 'missed')::boolean, false) AS missed
FROM "case" c CROSS JOIN LATERAL jsonb_array_elements(c.calls) k
WHERE c.calls <> '[]' AND (%(all)s OR k ->> 'arrived_at' IS NULL AND c.state NOT IN ('done', 'ended'))
ORDER BY arrive_by, ticket, department LIMIT %(limit)s
"""


def disputed(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """Tickets that wait for a ruling: who gave them back and why, without his words."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(DISPUTED, [limit]).fetchall()


def calls(tx: Tx, everything: bool, limit: int) -> list[dict[str, Any]]:
    """Departments that were called and are not there, or all that were ever called."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(CALLS, {"all": everything, "limit": limit}).fetchall()
