"""What is to be published, written in the same transaction as its cause: one row is one message."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from chassis.database import Tx
from chassis.rows import array
from contracts import cloudevent
from contracts.cloudevent import CloudEvent
from contracts.numbering import shard_of

EVENTS_PER_MESSAGE = 50
LAST = 2**63 - 1
"""No id is larger."""

APPEND = "INSERT INTO outbox (exchange, routing_key, content_type, body) VALUES {rows} RETURNING id"
ROW = "(%s, %s, %s, %s)"
UNSENT = """
SELECT id, exchange, routing_key, content_type, body FROM outbox
WHERE sent_at IS NULL AND created_at < now() - make_interval(secs => %s)
  AND id > %s AND id < %s AND NOT id = ANY(%s)
ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
MARK_SENT = "UPDATE outbox SET sent_at = now() WHERE id = ANY(%s) AND sent_at IS NULL"
OLDEST = """
SELECT count(*), extract(epoch FROM now() - min(created_at)) FROM outbox WHERE sent_at IS NULL
"""


class Message(Struct, frozen=True):
    """One message on its way to the broker; `id` is its outbox row."""

    id: int
    exchange: str
    routing_key: str
    content_type: str
    body: str


def pack(publisher: str, facts: Sequence[CloudEvent[Any]], shards: int) -> list[tuple[str, str, str, str]]:
    """Facts as (exchange, routing key, content type, body): up to 50 of one shard to a message, in order."""
    by_shard: dict[int, list[CloudEvent[Any]]] = {}
    for fact in facts:
        by_shard.setdefault(shard_of(fact.partitionkey, shards), []).append(fact)
    messages = []
    for shard, events in by_shard.items():
        for start in range(0, len(events), EVENTS_PER_MESSAGE):
            content_type, body = cloudevent.encode(events[start : start + EVENTS_PER_MESSAGE])
            messages.append((f"{publisher}.events", str(shard), content_type, body.decode()))
    return messages


def append(tx: Tx, messages: Sequence[tuple[str, str, str, str]]) -> list[Message]:
    """Writes messages into the outbox and returns them with their ids, ready to hand over after COMMIT."""
    if not messages:
        return []
    statement = APPEND.format(rows=", ".join([ROW] * len(messages)))
    ids = tx.execute(statement, [part for message in messages for part in message]).fetchall()
    return [Message(id_, *message) for (id_,), message in zip(ids, messages, strict=True)]


def unsent(
    tx: Tx, older_than: float, after: int, besides: Sequence[int], limit: int, below: int = LAST
) -> list[Message]:
    """Messages whose hand-over died `older_than` seconds ago, with ids between `after` and `below`, locked.

    `besides` are in this process's hands.
    """
    values = [older_than, after, below, list(besides), limit]
    return [Message(*row) for row in tx.execute(UNSENT, values)]


def mark_sent(tx: Tx, ids: Sequence[int]) -> None:
    """Notes that the broker has confirmed these messages."""
    tx.execute(MARK_SENT, [array(ids)])


def backlog(tx: Tx) -> tuple[int, float]:
    """How many messages are unsent, and the age of the oldest in seconds."""
    row = tx.execute(OLDEST).fetchone()
    assert row is not None
    return row[0], float(row[1] or 0)
