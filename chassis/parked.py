"""The ledger of what needs a person: every record keeps its raw body, its reason and its history."""

from collections.abc import Sequence
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from chassis.clock import now
from chassis.database import Tx
from chassis.delivery import Arrival, Unreadable, written
from chassis.rows import columns
from contracts.cloudevent import SINGLE

PARK = """
INSERT INTO parked (source, id, type, partitionkey, sequence, exchange, publisher, content_type, body,
                    reason, detail, attempt)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (source, id) WHERE state = 'open' AND sequence > 0 DO NOTHING RETURNING no
"""
OPEN = """
SELECT source, id FROM parked WHERE state = 'open' AND sequence > 0
  AND (source, partitionkey) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""
LIST = """
SELECT no, parked_at, state, reason, detail, source, id, type, partitionkey, sequence, publisher, attempt,
       (SELECT count(*) FROM waiting w
        WHERE w.source = p.source AND w.partitionkey = p.partitionkey) AS holds_back
FROM parked p
WHERE (%(state)s::text IS NULL OR state = %(state)s) ORDER BY no DESC LIMIT %(limit)s
"""
UNDECIDED = """
SELECT reason, count(*), extract(epoch FROM now() - min(parked_at)) FROM parked WHERE state = 'open'
GROUP BY reason ORDER BY reason
"""
SHOW = """
SELECT no, source, id, type, partitionkey, sequence, exchange, publisher, content_type, body, reason,
       detail, attempt, parked_at, state, history
FROM parked WHERE no = %s
"""
UNREADABLE = "parked"
"""The waiting line's source of unreadable messages; their id there is the number of the record."""

ADD = "UPDATE parked SET history = history || %s WHERE no = %s"


class ParkedError(Exception):
    """The record does not exist, or cannot be decided upon like this; the message says why."""


def park(tx: Tx, arrival: Arrival, reason: str, detail: str) -> int | None:
    """Parks an event; its own stream stays behind it until a person decides. Returns the record's number.

    None if another process has just parked it.
    """
    event = arrival.event
    return _insert(
        tx,
        [event.source, event.id, event.type, event.partitionkey, event.number, arrival.exchange,
         arrival.publisher, SINGLE, written(event).encode(), reason, detail[:2000], arrival.attempt],
    )  # fmt: skip


def park_unreadable(tx: Tx, message: Unreadable) -> int | None:
    """Parks a message that nobody can read, as it came."""
    delivery, violation = message.delivery, message.violation
    source, ident = message.ident
    return _insert(
        tx,
        [violation.about.get("source") or source, violation.about.get("id") or ident,
         violation.about.get("type"), None, 0, delivery.exchange, delivery.publisher,
         delivery.content_type, delivery.body,
         violation.problem, violation.detail[:2000], 0],
    )  # fmt: skip


def _insert(tx: Tx, values: Sequence[Any]) -> int | None:
    row = tx.execute(PARK, values).fetchone()
    return int(row[0]) if row else None


def open_idents(tx: Tx, streams: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """What of these streams is parked and not decided yet, by (source, id)."""
    return {(source, id_) for source, id_ in tx.execute(OPEN, columns(streams, 2))}


def by_reason(tx: Tx) -> dict[str, tuple[int, float]]:
    """How many records wait for a decision, and the age of the oldest in seconds, by reason."""
    return {reason: (count, float(age)) for reason, count, age in tx.execute(UNDECIDED)}


def listed(tx: Tx, state: str | None = "open", limit: int = 100) -> list[dict[str, Any]]:
    """Parked records, newest first, without bodies; `holds_back` counts the ticket's events behind each."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LIST, {"state": state, "limit": limit}).fetchall()


def shown(tx: Tx, no: int) -> dict[str, Any]:
    """One record with its raw body and history; raises ParkedError."""
    with tx.cursor(row_factory=dict_row) as cursor:
        record = cursor.execute(SHOW, [no]).fetchone()
    if record is None:
        raise ParkedError(f"there is no parked record {no} here")
    return record


def note_look(tx: Tx, no: int, who: str, purpose: str) -> None:
    """Puts on record who has read the body of a record, and what for."""
    tx.execute(ADD, [entry("shown", who, purpose), no])


def entry(what: str, who: str, reason: str, **more: Any) -> Jsonb:
    """What is added to a record's history."""
    return Jsonb([{"at": now().isoformat(), "what": what, "who": who, "reason": reason, **more}])
