"""The SQL of Open311: what is offered, what was asked for, how it stands, and the steps it took."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.rows import as_json, columns
from contracts.cloudevent import CloudEvent
from contracts.event import Event

LOCK = "SELECT pg_advisory_xact_lock(hashtext('gateway.service'))"
OFFERED = "code, name, description, keywords, path, valid_from, valid_to"
ALL = f"SELECT {OFFERED} FROM service ORDER BY code, valid_from"
EMPTY = "DELETE FROM service"
FILL = f"""
INSERT INTO service ({OFFERED}) SELECT {OFFERED} FROM json_populate_recordset(null::service, %s)
"""
IN_FORCE = f"""
SELECT {OFFERED} FROM service
WHERE (now() AT TIME ZONE 'Asia/Shanghai')::date BETWEEN valid_from AND coalesce(valid_to, 'infinity')
  AND (%(code)s::text IS NULL OR code = %(code)s) ORDER BY path, code
"""
KEEP = """
INSERT INTO service_request (ticket, source, external_id, service_code, service_name, requested_at, place)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
SHOWN = """
SELECT r.ticket, r.source, r.external_id, r.service_code, r.service_name, r.requested_at, r.place,
       coalesce(t.updated_at, r.received_at) AS updated_at, t.due_at, t.severity, t.resolved,
       coalesce(t.state, CASE i.state WHEN 'accepted' THEN NULL ELSE i.state END, 'received') AS state,
       i.problem
FROM service_request r
LEFT JOIN standing t ON t.id = r.ticket
LEFT JOIN intake i ON i.source = r.source AND i.id = r.external_id
"""
"""A request that no ticket is heard of yet is received, unless a service has refused its event."""
BY_ID = f"{SHOWN} WHERE r.source = ANY(%(sources)s) AND r.ticket = ANY(%(ids)s) ORDER BY 6 DESC, 1"
FOUND = f"""
SELECT * FROM (
    {SHOWN} WHERE r.source = ANY(%(sources)s) AND r.requested_at BETWEEN %(from)s AND %(to)s
      AND (%(codes)s::text[] IS NULL OR r.service_code = ANY(%(codes)s))
) shown
WHERE %(over)s::boolean IS NULL OR (state = ANY(%(ends)s)) = %(over)s
ORDER BY requested_at DESC, ticket LIMIT %(most)s OFFSET %(after)s
"""
BY_SENDER_NO = "SELECT ticket FROM service_request WHERE source = ANY(%s) AND external_id = %s"
STEPS = "SELECT ticket, at, type FROM note WHERE ticket = ANY(%s) ORDER BY ticket, sequence"
FORGET = """
DELETE FROM service_request WHERE ticket IN (
    SELECT ticket FROM service_request r WHERE received_at < %s AND NOT EXISTS
        (SELECT FROM standing t WHERE t.id = r.ticket AND t.state <> ALL(%s)) LIMIT %s)
"""
FORGET_PLACES = "UPDATE service_request SET place = NULL WHERE ticket = ANY(%s) AND place IS NOT NULL"
NOTE = """
INSERT INTO note (ticket, sequence, at, type) SELECT told.ticket, told.sequence, told.at, told.type
FROM unnest(%s::text[], %s::int[], %s::timestamptz[], %s::text[]) AS told (ticket, sequence, at, type)
JOIN service_request USING (ticket) ON CONFLICT DO NOTHING
"""


class Offered(Struct, frozen=True, kw_only=True):
    """One version of a category that residents may ask for, and the days on which it holds."""

    code: str
    name: str
    description: str
    keywords: Sequence[str]
    path: str
    valid_from: date
    valid_to: date | None = None


class Asked(Struct, frozen=True, kw_only=True):
    """A request as it stands in the table."""

    ticket: str
    source: str
    external_id: str
    service_code: str
    service_name: str
    requested_at: datetime
    place: bytes | None = None


def renew(tx: Tx, offered: Sequence[Offered]) -> bool:
    """Makes these what is offered; False where they are already."""
    tx.execute(LOCK)
    wanted = sorted(offered, key=lambda each: (each.code, each.valid_from))
    if _read(tx, ALL, {}) == wanted:
        return False
    tx.execute(EMPTY)
    tx.execute(FILL, [as_json(wanted)])
    return True


def in_force(tx: Tx, code: str | None = None) -> list[Offered]:
    """What is offered today, or of that the service with this code."""
    return _read(tx, IN_FORCE, {"code": code})


def _read(tx: Tx, query: str, values: dict[str, Any]) -> list[Offered]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return [Offered(**row) for row in cursor.execute(query.encode(), values)]


def keep(tx: Tx, asked: Asked) -> None:
    """Keeps a request; one that is kept already stays as it is."""
    tx.execute(
        KEEP,
        [asked.ticket, asked.source, asked.external_id, asked.service_code, asked.service_name,
         asked.requested_at, asked.place],
    )  # fmt: skip


def by_id(tx: Tx, sources: Sequence[str], ids: Sequence[str]) -> list[dict[str, Any]]:
    """How these requests of these sources stand."""
    return _rows(tx, BY_ID, {"sources": list(sources), "ids": list(ids)})


def found(tx: Tx, values: dict[str, Any]) -> list[dict[str, Any]]:
    """How requests stand, the newest first; `over`: whether they have come to an end, None: either."""
    return _rows(tx, FOUND, values)


def _rows(tx: Tx, query: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), values).fetchall()


def by_sender_no(tx: Tx, sources: Sequence[str], number: str) -> list[str]:
    """The tickets that their sender calls so; one for each source at most."""
    return [ticket for (ticket,) in tx.execute(BY_SENDER_NO, [list(sources), number])]


def steps(tx: Tx, tickets: Sequence[str]) -> list[tuple[str, datetime, str]]:
    """The steps of requests in their order: ticket, moment, name of the fact."""
    return [(ticket, at, name) for ticket, at, name in tx.execute(STEPS, [list(tickets)])]


def note_steps(tx: Tx, facts: Sequence[CloudEvent[Event]]) -> None:
    """Notes facts about what was asked for here; those about other tickets leave no trace."""
    if facts:
        rows = [(fact.partitionkey, fact.number, fact.time, type(fact.data).__name__) for fact in facts]
        tx.execute(NOTE, columns(rows, 4))


def forget(ends: Sequence[str], tx: Tx, older_than: datetime, at_most: int) -> int:
    """Lets go of old requests whose tickets have come to one of the `ends`; returns how many."""
    return tx.execute(FORGET, [older_than, list(ends), at_most]).rowcount


def forget_places(tx: Tx, tickets: Sequence[str]) -> None:
    """Lets go of where these requests are, and of nothing else."""
    tx.execute(FORGET_PLACES, [list(tickets)])
