"""The SQL of what waits at the desk: disputed tickets, departments that were called."""

from typing import Any

from psycopg.rows import dict_row

from chassis.database import Tx

DISPUTED = """
SELECT c.id AS ticket, c.category, c.grid, c.severity, c.hop AS hops, c.returns, c.assignee AS returned_by,
       r.note AS code, g.proposed_unit, g.basis_code, r.at AS since
FROM "case" c LEFT JOIN LATERAL (
    SELECT * FROM chain r WHERE r.ticket = c.id AND r.what = 'returned' ORDER BY r.no DESC LIMIT 1) r ON true
LEFT JOIN ground g ON g.ticket = c.id AND g.assignment = r.assignment
WHERE c.state = 'objection_open' ORDER BY r.at, c.id LIMIT %s
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
