"""The SQL of webhooks: who subscribes, what is under way to them, and each try."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.lately import Lately
from chassis.rows import as_json, from_json, texts
from contracts.dispatch import FirstContactMade
from contracts.event import type_of
from contracts.ticket import TicketUnmerged
from services.notification.correspondence import Post
from services.notification.subscribers import Fate, Queued, Subscriber
from services.notification.wanting import Wanting

Subscribed = Mapping[str, list[Wanting]]
"""By event type the subscribers that want it."""
FOR_HOTLINES = (type_of(FirstContactMade), type_of(TicketUnmerged))
"""Heard for hotlines even where none subscribes to them: an outcome tells when the requester was reached."""

LEASE = timedelta(seconds=60)
"""How long a claimed message belongs to its sender."""

WANTED = """
SELECT id, types, sources, grids, hotline IS NOT NULL FROM subscriber
WHERE state IN ('active', 'paused') AND vouched ORDER BY id
"""
ACTIVE = """
SELECT to_json(s)::text FROM
    (SELECT id, url, secret, both_until, failing_since, hotline FROM subscriber
     WHERE state = 'active' AND vouched ORDER BY id) s
"""
QUEUE = """
INSERT INTO webhook_message (key, ident, subscriber, event_type, ticket, body)
SELECT p.ident || '.' || p.subscriber, p.ident, p.subscriber, p.event_type, p.ticket, p.body
FROM json_to_recordset(%s) AS p (ident text, subscriber text, event_type text, ticket text, body text)
JOIN subscriber s ON s.id = p.subscriber AND s.state IN ('active', 'paused')
ON CONFLICT DO NOTHING
"""
CLAIM = """
UPDATE webhook_message SET due_at = %s FROM
    (SELECT key FROM webhook_message WHERE subscriber = %s AND state = 'queued' AND due_at <= %s
     ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED) due
WHERE webhook_message.key = due.key
RETURNING json_build_object('key', due.key, 'ident', ident, 'body', body, 'attempt', attempt, 'no', no,
    'event_type', event_type, 'ticket', ticket)::text
"""
PUT_BACK = """
UPDATE webhook_message SET due_at = %s WHERE key = ANY(%s::text[]) AND due_at = %s AND state = 'queued'
"""
RECORD = """
UPDATE webhook_message SET state = %s, attempt = %s, due_at = %s
WHERE key = %s AND state = 'queued' AND attempt = %s
"""
TRIED = "INSERT INTO webhook_try (key, attempt, at, status, error, ms) VALUES (%s, %s, %s, %s, %s, %s)"
WORKED = "UPDATE subscriber SET failing_since = NULL WHERE id = %s AND failing_since IS NOT NULL"
FAILED = "UPDATE subscriber SET failing_since = coalesce(failing_since, %s) WHERE id = %s"
END = "UPDATE subscriber SET state = %s, reason = %s WHERE id = %s AND state = 'active'"
DROP = "UPDATE webhook_message SET state = 'dropped' WHERE subscriber = %s AND state = 'queued'"
TIDY = """
DELETE FROM webhook_message WHERE key IN
    (SELECT key FROM webhook_message WHERE made_at < %s LIMIT 5000)
"""

CREATE = """
INSERT INTO subscriber (id, url, types, state, secret, made_by, sources, grids)
VALUES (%s, %s, %s, 'active', 1, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
LIST = """
SELECT id, url, types, sources, grids, hotline, vouched, state, reason, both_until, failing_since,
    made_by, made_at,
    (SELECT count(*) FROM webhook_message m WHERE m.subscriber = s.id AND m.state = 'queued') AS under_way
FROM subscriber s ORDER BY id
"""
ROTATE = """
UPDATE subscriber SET secret = secret + 1, both_until = %s WHERE id = %s
AND (both_until IS NULL OR both_until < %s) RETURNING secret
"""
SET_STATE = "UPDATE subscriber SET state = %s, reason = %s, failing_since = NULL WHERE id = %s"
LOG = """
SELECT t.at, m.no, m.key, m.event_type, m.state, t.attempt, t.status, t.error, t.ms
FROM webhook_message m JOIN webhook_try t USING (key) WHERE m.subscriber = %s ORDER BY t.at DESC LIMIT %s
"""
UNDER_WAY = """
SELECT key, event_type, ticket, attempt, due_at FROM webhook_message
WHERE subscriber = %s AND state = 'queued' ORDER BY due_at LIMIT %s
"""
AGAIN = """
UPDATE webhook_message SET state = 'queued', attempt = 0, due_at = %s
WHERE subscriber = %s AND state IN ('failed', 'dropped') AND made_at >= %s
"""


class Try(Struct, frozen=True, kw_only=True):
    """One try and what came of it."""

    message: Queued
    fate: Fate
    at: datetime
    status: int | None
    error: str | None
    ms: int


def _wanted(tx: Tx) -> Subscribed:
    found: dict[str, list[Wanting]] = {}
    for subscriber, types, sources, grids, hotline in tx.execute(WANTED):
        wanting = Wanting(id=subscriber, sources=sources, grids=grids, hotline=hotline)
        for each in types:
            found.setdefault(each, []).append(wanting)
        if hotline:
            for each in FOR_HOTLINES:
                found.setdefault(each, [])
    return found


subscribed = Lately(1.0, _wanted)
"""By event type who wants it, as of the last second."""


def active(tx: Tx) -> list[Subscriber]:
    """Who is told at the moment."""
    return from_json(Subscriber, tx.execute(ACTIVE))


def queue(tx: Tx, posts: Sequence[Post]) -> None:
    """Posts wait to be sent, each once; none for who has ended in the last second."""
    tx.execute(QUEUE, [as_json(posts)])


def claim(tx: Tx, subscriber: str, now: datetime, limit: int) -> list[Queued]:
    """Messages to send now, ours until the lease ends."""
    return from_json(Queued, tx.execute(CLAIM, [now + LEASE, subscriber, now, limit]))


def put_back(tx: Tx, messages: Sequence[Queued], claimed_at: datetime, due_at: datetime) -> None:
    """Ends a claim on messages that nobody has tried to send."""
    keys = texts([message.key for message in messages])
    tx.execute(PUT_BACK, [due_at, keys, claimed_at + LEASE])


def record(tx: Tx, subscriber: str, done: Try) -> None:
    """Notes a try, and where the message goes after it; one that somebody else has noted stays as it is."""
    fate, message = done.fate, done.message
    tx.execute(RECORD, [fate.state, fate.attempt, fate.due_at, message.key, message.attempt])
    tx.execute(TRIED, [message.key, fate.attempt, done.at, done.status, done.error, done.ms])
    if done.error is None:
        tx.execute(WORKED, [subscriber])
    else:
        tx.execute(FAILED, [done.at, subscriber])


def end(tx: Tx, subscriber: str, state: str, reason: str) -> bool:
    """The subscriber is told no more, and what was under way is dropped; False if that was so before."""
    ended = tx.execute(END, [state, reason, subscriber]).rowcount == 1
    tx.execute(DROP, [subscriber])
    return ended


def tidy(tx: Tx, older_than: datetime) -> None:
    """Forgets what is from before a moment: by then it has ended, or nobody has fetched it."""
    tx.execute(TIDY, [older_than])


def create(
    tx: Tx, subscriber: str, url: str, types: Sequence[str], by: str,
    sources: Sequence[str] | None = None, grids: Sequence[str] = (),
) -> bool:  # fmt: skip
    """A new subscriber of these sources and cells, or of all; False if the name is taken."""
    values = [subscriber, url, list(types), by, list(sources) if sources else None, list(grids)]
    return tx.execute(CREATE, values).rowcount == 1


def listed(tx: Tx) -> list[dict[str, Any]]:
    """All subscribers with the number of messages under way."""
    return _rows(tx, LIST, [])


def rotate(tx: Tx, subscriber: str, both_until: datetime, now: datetime) -> int | None:
    """The number of the new secret; None where there is no such subscriber or two secrets sign already."""
    row = tx.execute(ROTATE, [both_until, subscriber, now]).fetchone()
    return int(row[0]) if row else None


def set_state(tx: Tx, subscriber: str, state: str, reason: str | None) -> bool:
    """An operator's word; False where there is no such subscriber."""
    return tx.execute(SET_STATE, [state, reason, subscriber]).rowcount == 1


def log(tx: Tx, subscriber: str, limit: int) -> list[dict[str, Any]]:
    """The last tries, newest first."""
    return _rows(tx, LOG, [subscriber, limit])


def under_way(tx: Tx, subscriber: str, limit: int) -> list[dict[str, Any]]:
    """What waits for its turn or for another try."""
    return _rows(tx, UNDER_WAY, [subscriber, limit])


def again(tx: Tx, subscriber: str, since: datetime, now: datetime) -> int:
    """Queues what has failed or was dropped since a moment; returns how much."""
    return tx.execute(AGAIN, [now, subscriber, since]).rowcount


def test_post(ident: str, subscriber: str, event_type: str, at: datetime, said: str) -> Post:
    """A message that says nothing but that it has come."""
    body = msgspec.json.encode({"type": event_type, "timestamp": at, "data": {"message": said}}).decode()
    return Post(ident=ident, subscriber=subscriber, event_type=event_type, ticket="", body=body)


def _rows(tx: Tx, query: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()
