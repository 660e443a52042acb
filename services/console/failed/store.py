"""Parked records in SQL, service by service: groups, those that are meant, what a decision would do to them.

All but `enter` look into the schema that the transaction has entered; tickets are looked up in theirs.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import sql
from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.rows import columns
from contracts.registry import LEDGERS
from services.console.failed.domain import LAST_FIRST, STATES, Group, Scope, Share

SOME = 8
ANY = Scope()
URGENT = "t.severity IN ('emergency', 'urgent')"
URGENT_ONES = f"LEFT JOIN ticket.ticket t ON t.id = p.partitionkey AND {URGENT}"
"""The urgent alone have an index: of a million tickets only these are read."""
HELD = (
    "held AS (SELECT source, partitionkey, count(*) AS events FROM waiting WHERE sequence > 0 GROUP BY 1, 2)"
)
ABOUT = f"""
    count(DISTINCT p.partitionkey) AS tickets,
    count(DISTINCT p.partitionkey) FILTER (WHERE {URGENT}) AS urgent,
    coalesce(sum(held.events) FILTER (WHERE p.sequence > 0), 0)::bigint AS holds_back
"""
GROUPS = f"""
WITH {HELD}
SELECT coalesce(p.type, '') AS type, p.reason, p.cause, count(*) AS records,
       min(p.parked_at) AS oldest, max(p.parked_at) AS newest, {ABOUT},
       coalesce((array_agg(DISTINCT p.partitionkey) FILTER (WHERE {URGENT}))[1:{SOME}], '{{}}') AS first,
       coalesce((array_agg(DISTINCT p.partitionkey)
                 FILTER (WHERE p.partitionkey IS NOT NULL))[1:{SOME}], '{{}}') AS some
FROM parked p LEFT JOIN held USING (source, partitionkey) {URGENT_ONES}
WHERE p.state = 'open' AND (%(cause)s::text IS NULL
    OR (coalesce(p.type, ''), p.reason, p.cause) = (%(type)s, %(reason)s, %(cause)s)) GROUP BY 1, 2, 3
"""
SCOPES = "SELECT DISTINCT type, reason, cause FROM parked WHERE state = 'open'"
MEANT = """
p.state = %(state)s AND p.reason <> 'edited'
AND (%(no)s::bigint IS NULL OR p.no = %(no)s)
AND (%(type)s::text IS NULL OR coalesce(p.type, '') = %(type)s)
AND (%(reason)s::text IS NULL OR p.reason = %(reason)s)
AND (%(cause)s::text IS NULL OR p.cause = %(cause)s)
AND (%(job)s::bigint IS NULL OR %(job)s::text = (
    SELECT deed ->> 'job' FROM jsonb_array_elements(p.history) WITH ORDINALITY AS each (deed, at)
    WHERE deed ->> 'what' NOT IN ('shown', 'body erased') ORDER BY at DESC LIMIT 1))
"""
ABLE = {
    "retry": "true",
    "archive": "true",
    "restore": """length(p.body) > 0 AND (p.sequence = 0 OR p.before = (
        SELECT position.sequence - p.sequence FROM position
        WHERE position.source = p.source AND position.partitionkey = p.partitionkey))""",
    "recall": """EXISTS (SELECT FROM waiting w WHERE (w.source, w.id) =
        (CASE WHEN p.partitionkey IS NULL THEN 'parked' ELSE p.source END,
         CASE WHEN p.partitionkey IS NULL THEN p.no::text ELSE p.id END))""",
}
"""Whether a decision can be made as things stand; `before`: how many of its stream come before it."""
SHARES = f"""
WITH {HELD}, meant AS (
    SELECT p.*, row_number() OVER (PARTITION BY source, partitionkey ORDER BY sequence DESC) - 1 AS before
    FROM parked p WHERE {MEANT})
SELECT coalesce(p.type, '') AS type, count(*) AS records, count(*) FILTER (WHERE {{able}}) AS able, {ABOUT}
FROM meant p LEFT JOIN held USING (source, partitionkey) {URGENT_ONES}
GROUP BY 1 ORDER BY 2 DESC
"""
TICKETS = f"""
SELECT p.partitionkey, bool_or({URGENT}) AS urgent
FROM parked p {URGENT_ONES}
WHERE {MEANT} AND p.partitionkey IS NOT NULL GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1 LIMIT {SOME}
"""
BOUNDS = f"SELECT count(*), coalesce(max(p.no), 0) FROM parked p WHERE {MEANT}"
NUMBERS = f"""
SELECT p.no FROM parked p WHERE {MEANT} AND p.no > %(at)s AND p.no <= %(upto)s ORDER BY p.no LIMIT %(many)s
"""
LAST_ONES = f"SELECT p.no FROM parked p WHERE {MEANT} AND p.no < %(at)s ORDER BY p.no DESC LIMIT %(many)s"
LAST = "SELECT coalesce(max(no), 0) FROM parked"
CAME_BACK = f"SELECT count(*) FROM parked p WHERE {MEANT} AND p.no > %(upto)s"
TAKEN = """
SELECT EXISTS (SELECT FROM inbox WHERE (source, id) IN (SELECT * FROM unnest(%s::text[], %s::text[])))
"""
RECORDS = f"""
SELECT p.no, p.parked_at, p.state, p.reason, p.detail, p.source, p.id, p.type, p.partitionkey, p.sequence,
       p.publisher, p.attempt, t.severity,
       (SELECT count(*) FROM waiting w WHERE p.sequence > 0 AND w.sequence > 0
        AND (w.source, w.partitionkey) = (p.source, p.partitionkey)) AS holds_back
FROM (SELECT * FROM parked p WHERE {MEANT} AND (%(after)s::bigint IS NULL OR p.no < %(after)s)
      ORDER BY p.no DESC LIMIT %(limit)s) p
LEFT JOIN ticket.ticket t ON t.id = p.partitionkey ORDER BY p.no DESC
"""


def enter(tx: Tx, service: str) -> None:
    """Looks into the schema of a service until the transaction ends."""
    assert service in LEDGERS, service
    tx.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(service)))


def scopes(tx: Tx, service: str) -> list[Scope]:
    """Which groups there are here."""
    return [
        Scope(service=service, type=type_ or "", reason=reason, cause=cause)
        for type_, reason, cause in tx.execute(SCOPES)
    ]


def groups(tx: Tx, service: str, scope: Scope = ANY) -> list[Group]:
    """What is open here, by type and cause; or one group alone."""
    rows = _rows(tx, GROUPS, msgspec.structs.asdict(scope))
    for row in rows:
        row["some"] = list(dict.fromkeys(row.pop("first") + row["some"]))[:SOME]
    return [Group(service=service, **row) for row in rows]


def shares(tx: Tx, service: str, kind: str, scope: Scope) -> list[Share]:
    """What a decision would do here, by type."""
    rows = _rows(tx, SHARES.format(able=ABLE[kind]), _meant(kind, scope))
    return [Share(service=service, **row) for row in rows]


def tickets(tx: Tx, kind: str, scope: Scope) -> list[tuple[str, bool]]:
    """A few of the tickets that a decision is about, the urgent ones first."""
    rows = tx.execute(TICKETS.encode(), _meant(kind, scope)).fetchall()
    return [(number, bool(urgent)) for number, urgent in rows]


def bounds(tx: Tx, kind: str, scope: Scope) -> tuple[int, int]:
    """How many records are meant here, and the number of the last one."""
    row = tx.execute(BOUNDS.encode(), _meant(kind, scope)).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def numbers(tx: Tx, kind: str, scope: Scope, at: int, upto: int, many: int) -> list[int]:
    """The next records that are meant, in the order in which a job comes to them."""
    statement = LAST_ONES if kind in LAST_FIRST else NUMBERS
    values = _meant(kind, scope) | {"at": at, "upto": upto, "many": many}
    return [no for (no,) in tx.execute(statement.encode(), values)]


def last(tx: Tx) -> int:
    """The number of the newest record here."""
    row = tx.execute(LAST).fetchone()
    assert row is not None
    return int(row[0])


def came_back(tx: Tx, scope: Scope, upto: int) -> int:
    """Open records of this scope that were parked since."""
    row = tx.execute(CAME_BACK.encode(), _meant("retry", scope) | {"upto": upto}).fetchone()
    assert row is not None
    return int(row[0])


def records(
    tx: Tx, scope: Scope, state: str, after: int | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Records without bodies, newest first, below the number `after`; `severity` is their ticket's."""
    values = msgspec.structs.asdict(scope) | {"state": state, "after": after, "limit": limit}
    return _rows(tx, RECORDS, values)


def taken(tx: Tx, names: Sequence[tuple[str, str]]) -> bool:
    """Whether a message of one of these names (source and id) was taken here before."""
    row = tx.execute(TAKEN, columns(names, 2)).fetchone()
    return bool(row and row[0])


def _meant(kind: str, scope: Scope) -> dict[str, Any]:
    return msgspec.structs.asdict(scope) | {"state": STATES[kind]}


def _rows(tx: Tx, statement: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement.encode(), values).fetchall()
