"""The SQL of clients: who may enter, by what, and for what."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import convert
from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.lately import Lately
from chassis.rows import columns
from services.gateway.clients import Client, Kind, Outsider, Register
from services.gateway.clients import register as registered

ALL = """
SELECT c.id, c.kind, c.subject, c.any_ticket,
    coalesce((SELECT json_agg(json_build_array(s.source, s.type)) FROM scope s WHERE s.client = c.id), '[]'),
    coalesce((SELECT json_agg(json_build_object('number', k.number, 'digest', k.digest, 'ends_at', k.ends_at))
              FROM credential k WHERE k.client = c.id), '[]')
FROM client c WHERE c.state = 'active'
"""
ADD = """
INSERT INTO client (id, kind, subject, any_ticket, made_by) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
SCOPE = """
INSERT INTO scope (client, source, type) SELECT %s, source, type
FROM unnest(%s::text[]) source, unnest(%s::text[]) type ON CONFLICT DO NOTHING
"""
CREDENTIAL = "INSERT INTO credential (client, number, digest) VALUES (%s, %s, %s)"
NEWEST = """
SELECT c.kind, coalesce(max(k.number), 0) FROM client c LEFT JOIN credential k ON k.client = c.id
WHERE c.id = %s AND c.state = 'active' GROUP BY c.id, c.kind
"""
END = """
UPDATE credential SET ends_at = least(ends_at, %s) WHERE client = %s AND (ends_at IS NULL OR ends_at > %s)
"""
FORGET_HEARING = "DELETE FROM hearing WHERE client = %s AND NOT type = ANY(%s)"
HEAR = "INSERT INTO hearing (client, type) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING"
HEARD = "SELECT DISTINCT type FROM hearing JOIN client ON client.id = client AND state = 'active'"
OUTSIDERS = """
SELECT c.id, c.state = 'active',
    (SELECT digest FROM credential k WHERE k.client = c.id ORDER BY number DESC LIMIT 1),
    ARRAY(SELECT DISTINCT type FROM scope s WHERE s.client = c.id ORDER BY type),
    ARRAY(SELECT type FROM hearing h WHERE h.client = c.id ORDER BY type)
FROM client c WHERE c.kind = 'amqp' AND (%s::text IS NULL OR c.id = %s) ORDER BY c.id FOR UPDATE OF c
"""
SENDERS = """
SELECT i.source, i.id, i.client FROM intake i JOIN client c ON c.id = i.client AND c.kind = 'amqp'
WHERE (i.source, i.id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""
SET_STATE = "UPDATE client SET state = %s WHERE id = %s"
LIST = """
SELECT c.id, c.kind, c.state, c.subject, c.any_ticket, c.made_by, c.made_at,
    (SELECT array_agg(DISTINCT source ORDER BY source) FROM scope s WHERE s.client = c.id) AS sources,
    (SELECT array_agg(DISTINCT type ORDER BY type) FROM scope s WHERE s.client = c.id) AS types,
    (SELECT array_agg(type ORDER BY type) FROM hearing h WHERE h.client = c.id) AS hears,
    (SELECT count(*) FROM credential k
     WHERE k.client = c.id AND (ends_at IS NULL OR ends_at > now())) AS secrets,
    (SELECT max(at) FROM access a WHERE a.client = c.id) AS last_seen
FROM client c ORDER BY c.id
"""


def _clients(tx: Tx) -> Register:
    rows: Iterable[Any] = tx.execute(ALL).fetchall()
    names = ("id", "kind", "subject", "any_ticket", "scopes", "credentials")
    return registered([convert(dict(zip(names, row, strict=True)), Client) for row in rows])


looked_up = _clients
"""All active clients at this moment."""
known = Lately(1.0, looked_up)
"""All active clients as of the last second: a revocation takes effect within it."""


def add(tx: Tx, client: str, kind: Kind, subject: str | None, any_ticket: bool, by: str) -> bool:
    """A new client; False if its name or its subject is taken."""
    return tx.execute(ADD, [client, kind, subject, any_ticket, by]).rowcount == 1


def allow(tx: Tx, client: str, sources: Sequence[str], types: Sequence[str]) -> None:
    """Lets a client send events of these types as each of these sources."""
    tx.execute(SCOPE, [client, list(sources), list(types)])


def give(tx: Tx, client: str, number: int, digest: str | None) -> None:
    """A new secret of a client."""
    tx.execute(CREDENTIAL, [client, number, digest])


def newest(tx: Tx, client: str) -> tuple[str, int] | None:
    """How an active client is known, and the number of its newest secret; None where there is none."""
    row = tx.execute(NEWEST, [client]).fetchone()
    return (str(row[0]), int(row[1])) if row else None


def set_hearing(tx: Tx, client: str, types: Sequence[str]) -> None:
    """From now on a client hears facts of these types, and of no other."""
    tx.execute(FORGET_HEARING, [client, list(types)])
    tx.execute(HEAR, [client, list(types)])


def senders(tx: Tx, idents: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Who at the broker has sent these events, by source and id; of those taken in by HTTP nothing."""
    rows = tx.execute(SENDERS, columns(idents, 2)) if idents else ()
    return {(source, id_): client for source, id_, client in rows}


def _heard(tx: Tx) -> frozenset[str]:
    return frozenset(name for (name,) in tx.execute(HEARD))


heard = Lately(1.0, _heard)
"""The types of facts that anybody outside hears at the broker, as of the last second."""


def outsiders(tx: Tx, client: str | None = None) -> list[Outsider]:
    """The systems with a user at the broker, or that one, locked until the broker knows what changes."""
    rows: Iterable[Any] = tx.execute(OUTSIDERS, [client, client]).fetchall()
    names = ("id", "active", "hashed", "types", "hears")
    return [convert(dict(zip(names, row, strict=True)), Outsider) for row in rows]


def end_secrets(tx: Tx, client: str, at: datetime) -> None:
    """All secrets that a client has now end at a moment, unless they end before."""
    tx.execute(END, [at, client, at])


def set_state(tx: Tx, client: str, state: str) -> bool:
    """An operator's word; False where there is no such client."""
    return tx.execute(SET_STATE, [state, client]).rowcount == 1


def listed(tx: Tx) -> list[dict[str, Any]]:
    """All clients with what they may do and when they were last seen."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LIST).fetchall()
