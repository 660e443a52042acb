"""The SQL of who gives their time: hours as reported, and who does not want to be asked for a while."""

from datetime import date, datetime
from typing import Any

from psycopg.rows import dict_row

from chassis.database import Tx

HOURS = """
SELECT h.assignee, a.cell, a.unit, count(*) AS assignments, sum(h.minutes) AS minutes, max(h.at) AS last_at
FROM hours h LEFT JOIN assignee a ON a.code = h.assignee
WHERE (%(assignee)s::text IS NULL OR h.assignee = %(assignee)s)
  AND (%(month)s::date IS NULL OR date_trunc('month', h.at AT TIME ZONE 'Asia/Shanghai') = %(month)s)
GROUP BY h.assignee, a.cell, a.unit ORDER BY minutes DESC, h.assignee
"""
OPT_OUT = "UPDATE assignee SET opted_out_until = %(until)s WHERE code = %(assignee)s"
RECORD = """
INSERT INTO opt_out (assignee, until, reason, by) VALUES (%(assignee)s, %(until)s, %(reason)s, %(by)s)
"""


def hours(tx: Tx, assignee: str | None, month: date | None) -> list[dict[str, Any]]:
    """Who gave how many minutes, of one month or ever; most first."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(HOURS, {"assignee": assignee, "month": month}).fetchall()


def opt_out(tx: Tx, assignee: str, until: datetime | None, reason: str, by: str) -> bool:
    """Keeps somebody from being asked until then (None: asks him again); False where nobody has the code."""
    values = {"assignee": assignee, "until": until, "reason": reason, "by": by}
    if not tx.execute(OPT_OUT, values).rowcount:
        return False
    tx.execute(RECORD, values)
    return True
