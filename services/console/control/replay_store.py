"""Periods that are sent again to one subscriber: what was asked for, how far it is, what comes next."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from chassis.database import Tx
from chassis.outbox import Message
from chassis.topology import queue_name

SLACK = timedelta(minutes=1)
"""Transactions draw their numbers in another order than they begin; none is longer."""

BEGIN = """
INSERT INTO console.replay (subscriber, shards, publishers, since, until, missing, rate, who, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING no
"""
COLUMNS = (
    "no, subscriber, shards, publishers, since, until, missing, rate, state, at, sent, who, reason, begun_at"
)
NEXT = f"""
SELECT {COLUMNS} FROM console.replay WHERE state = 'running' AND (%s::bigint IS NULL OR no = %s)
ORDER BY no LIMIT 1 FOR UPDATE SKIP LOCKED
"""
LIST = f"SELECT {COLUMNS} FROM console.replay ORDER BY no DESC LIMIT %s"
MOVE = """
UPDATE console.replay SET at = %s, sent = sent + %s, state = %s,
       ended_at = CASE WHEN %s = 'running' THEN NULL ELSE now() END
WHERE no = %s
"""
STOP = "UPDATE console.replay SET state = 'stopped', ended_at = now() WHERE no = %s AND state = 'running'"
ENDS = "SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM {publisher}.outbox"
AT = "SELECT created_at FROM {publisher}.outbox WHERE id >= %s ORDER BY id LIMIT 1"
WANTED = """
FROM {publisher}.outbox o
WHERE id > %(after)s AND id <= %(last)s AND exchange = {exchange}
  AND created_at >= %(since)s AND created_at < %(until)s
  AND (%(shards)s::text[] IS NULL OR routing_key = ANY(%(shards)s))
  AND (NOT %(missing)s OR EXISTS (
      SELECT FROM json_array_elements(
          CASE WHEN starts_with(body, '[') THEN body::json ELSE json_build_array(body::json) END) AS event
      WHERE NOT EXISTS (
          SELECT FROM {subscriber}.position p WHERE p.source = event ->> 'source'
          AND p.partitionkey = event ->> 'partitionkey' AND p.sequence >= (event ->> 'sequence')::int)))
"""
COUNT = "SELECT count(*) " + WANTED
MESSAGES = "SELECT id, routing_key, content_type, body " + WANTED + " ORDER BY id LIMIT %(limit)s"


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be sent again: of which publishers, to whom, of which time."""

    subscriber: str
    shards: Sequence[int] | None
    publishers: Sequence[str]
    since: datetime
    until: datetime
    missing: bool = False
    """Only what the subscriber has not taken in; else all, of which it drops what it has."""
    rate: int = 200
    """Messages a second."""


class Replay(Wanted, frozen=True, kw_only=True):
    """The same under way: `at` is the last message sent, by publisher."""

    no: int
    state: str
    at: Mapping[str, int]
    sent: int
    who: str
    reason: str
    begun_at: datetime


def begin(tx: Tx, wanted: Wanted, who: str, reason: str) -> int:
    """Asks for a replay; returns its number."""
    row = tx.execute(BEGIN, [
        wanted.subscriber, wanted.shards, list(wanted.publishers), wanted.since, wanted.until, wanted.missing,
        wanted.rate, who, reason,
    ]).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


def stop(tx: Tx, no: int) -> bool:
    """Ends a replay where it is; False if it has ended already."""
    return tx.execute(STOP, [no]).rowcount == 1


def next_under_way(tx: Tx, no: int | None = None) -> Replay | None:
    """A replay that is under way, locked; None where there is none that nobody else is working on."""
    with tx.cursor(row_factory=class_row(Replay)) as cursor:
        return cursor.execute(NEXT, [no, no]).fetchone()


def listed(tx: Tx, limit: int = 20) -> list[Replay]:
    """The newest replays."""
    with tx.cursor(row_factory=class_row(Replay)) as cursor:
        return cursor.execute(LIST, [limit]).fetchall()


def move(tx: Tx, replay: Replay, at: Mapping[str, int], sent: int, *, done: bool) -> None:
    """Notes how far it is."""
    state = "done" if done else "running"
    tx.execute(MOVE, [Jsonb(at), sent, state, state, replay.no])


def count(tx: Tx, wanted: Wanted) -> dict[str, int]:
    """By publisher how many messages would be sent."""
    found = {}
    for publisher in wanted.publishers:
        row = tx.execute(_said(COUNT, wanted, publisher), _values(tx, wanted, publisher, None)).fetchone()
        assert row is not None
        found[publisher] = int(row[0])
    return found


def messages(tx: Tx, wanted: Wanted, publisher: str, after: int | None, limit: int) -> list[Message]:
    """The next messages of one publisher, addressed to the subscriber's own queues."""
    values = _values(tx, wanted, publisher, after) | {"limit": limit}
    return [
        Message(no, "", queue_name(wanted.subscriber, int(shard)), content_type, body)
        for no, shard, content_type, body in tx.execute(_said(MESSAGES, wanted, publisher), values)
    ]


def _said(statement: str, wanted: Wanted, publisher: str) -> sql.Composed:
    return sql.SQL(statement).format(
        publisher=sql.Identifier(publisher), subscriber=sql.Identifier(wanted.subscriber),
        exchange=sql.Literal(f"{publisher}.events"),
    )  # fmt: skip


def _values(tx: Tx, wanted: Wanted, publisher: str, after: int | None) -> dict[str, object]:
    """The period as numbers of the outbox, found by halving: there is no index of times."""
    begin = _number_at(tx, publisher, wanted.since - SLACK) - 1 if after is None else after
    return {
        "after": begin, "last": _number_at(tx, publisher, wanted.until + SLACK), "since": wanted.since,
        "until": wanted.until, "missing": wanted.missing,
        "shards": None if wanted.shards is None else [str(shard) for shard in wanted.shards],
    }  # fmt: skip


def _number_at(tx: Tx, publisher: str, moment: datetime) -> int:
    """The first message from that moment on; the last one where there is none."""
    name = sql.Identifier(publisher)
    row = tx.execute(sql.SQL(ENDS).format(publisher=name)).fetchone()
    assert row is not None
    low, high = int(row[0]), int(row[1])
    statement = sql.SQL(AT).format(publisher=name)
    while low < high:
        middle = (low + high) // 2
        found = tx.execute(statement, [middle]).fetchone()
        if found is not None and found[0] < moment:
            low = middle + 1
        else:
            high = middle
    return low
