"""The SQL of reconciliation: each event of a source and a period once, and what became of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.rows import texts

GRACE = timedelta(seconds=60)
"""In which an event may be on its way; after it one without effect is missing."""

FATES = """
WITH fate AS (
    SELECT i.id, i.type, i.ticket, i.time, i.problem AS reason, i.detail,
           CASE WHEN i.state <> 'accepted' THEN i.state
                WHEN i.type <> ALL(%(births)s) THEN 'held'
                WHEN EXISTS (SELECT FROM standing s WHERE s.id = i.ticket) THEN 'held'
                WHEN i.received_at > %(recent)s THEN 'under_way'
                ELSE 'missing' END AS fate
    FROM intake i WHERE i.source = %(source)s AND i.time >= %(from)s AND i.time < %(to)s
    UNION ALL
    SELECT r.id, r.type, NULL, r.time, r.problem, r.detail, 'refused' FROM refusal r
    WHERE r.source = %(source)s AND r.time >= %(from)s AND r.time < %(to)s
      AND NOT EXISTS (SELECT FROM intake i WHERE i.source = r.source AND i.id = r.id)
)
"""
COUNT = f"{FATES} SELECT fate, count(*) FROM fate GROUP BY fate"
LIST = f"""
{FATES} SELECT id, type, ticket, time, reason, detail, fate FROM
    (SELECT *, row_number() OVER (PARTITION BY fate ORDER BY time, id) AS no FROM fate) numbered
WHERE no <= %(most)s ORDER BY time, id
"""
NEVER = """
SELECT said.id FROM unnest(%s::text[]) AS said (id)
WHERE NOT EXISTS (SELECT FROM intake i WHERE i.source = %s AND i.id = said.id)
  AND NOT EXISTS (SELECT FROM refusal r WHERE r.source = %s AND r.id = said.id)
ORDER BY said.id
"""


def counts(tx: Tx, values: dict[str, Any]) -> dict[str, int]:
    """How many events there are of each fate."""
    return dict(tx.execute(COUNT, values).fetchall())


def listed(tx: Tx, values: dict[str, Any]) -> list[dict[str, Any]]:
    """The events, at most so many of each fate, in the order of their own time."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LIST, values).fetchall()


def never_received(tx: Tx, source: str, ids: Sequence[str]) -> list[str]:
    """Which of these ids never came here."""
    rows = tx.execute(NEVER, [texts(ids), source, source])
    return list(dict.fromkeys(id_ for (id_,) in rows))


def asked(
    source: str, from_: datetime, to: datetime, births: Sequence[str], now: datetime, most: int
) -> dict[str, Any]:
    """The values of both statements."""
    return {
        "source": source, "from": from_, "to": to, "births": list(births), "recent": now - GRACE,
        "most": most,
    }  # fmt: skip
