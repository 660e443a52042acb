"""The ledger of what needs a person: every record keeps its raw body, its reason and its history."""

from collections.abc import Mapping, Sequence
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
UNDECIDED = "SELECT count(*) FROM parked WHERE state = 'open'"
SHOW = "SELECT * FROM parked WHERE no = %s FOR UPDATE"
RETRY = """
INSERT INTO waiting
    (source, id, partitionkey, sequence, type, exchange, publisher, event, attempt, due_at)
VALUES
    (%(source)s, %(id)s, %(partitionkey)s, %(sequence)s, %(type)s, %(exchange)s, %(publisher)s,
     %(event)s, 0, now())
ON CONFLICT (source, id) DO UPDATE SET attempt = 0, due_at = now()
"""
SKIP = """
INSERT INTO position (source, partitionkey, sequence) VALUES (%(source)s, %(partitionkey)s, %(sequence)s)
ON CONFLICT (source, partitionkey) DO UPDATE SET sequence = EXCLUDED.sequence
    WHERE position.sequence = EXCLUDED.sequence - 1
"""
WAKE = """
UPDATE waiting SET due_at = now() WHERE source = %(source)s AND partitionkey = %(partitionkey)s
    AND sequence = %(sequence)s + 1
"""
UNREADABLE = "parked"
"""The waiting line's source of unreadable messages; their id there is the number of the record."""

CLOSE = "UPDATE parked SET state = %s WHERE no = %s"
ADD = "UPDATE parked SET history = history || %s WHERE no = %s"


class ParkedError(Exception):
    """The record does not exist, or is no longer open."""


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


def open_records(tx: Tx) -> int:
    """How many records wait for a decision."""
    row = tx.execute(UNDECIDED).fetchone()
    assert row is not None
    return int(row[0])


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
    _add(tx, no, {"what": "shown", "who": who, "reason": purpose})


def retry(tx: Tx, no: int, who: str, reason: str) -> None:
    """Lets the service try the event again, before all that waits behind it; raises ParkedError."""
    record = _open(tx, no)
    row = {**record, "event": record["body"].decode("utf-8", "replace").replace("\0", "\ufffd")}
    if record["partitionkey"] is None:
        # Nobody could read it: it has no name of its own yet, and two such messages may claim the same one.
        row |= {"source": UNREADABLE, "id": str(no), "type": record["type"] or "", "partitionkey": ""}
    tx.execute(RETRY, row)
    _close(tx, no, "retried", who, reason)


def archive(tx: Tx, no: int, who: str, reason: str) -> None:
    """Gives the event up and skips it, so that its ticket's later events go on; raises ParkedError."""
    record = _open(tx, no)
    if record["sequence"]:
        tx.execute(SKIP, record)
        tx.execute(WAKE, record)
    _close(tx, no, "archived", who, reason)


def _open(tx: Tx, no: int) -> dict[str, Any]:
    record = shown(tx, no)
    if record["state"] != "open":
        raise ParkedError(f"parked record {no} is already {record['state']}")
    return record


def _close(tx: Tx, no: int, state: str, who: str, reason: str) -> None:
    tx.execute(CLOSE, [state, no])
    _add(tx, no, {"what": state, "who": who, "reason": reason})


def _add(tx: Tx, no: int, entry: Mapping[str, str]) -> None:
    tx.execute(ADD, [Jsonb([{"at": now().isoformat(), **entry}]), no])
