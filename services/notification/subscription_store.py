"""The SQL of subscriptions that other systems have made: each statement is about one owner's own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg.rows import dict_row

from chassis.database import Tx

BY_OWNER = "paused by its owner"
ENDED = "ended by its owner"
CREATE = """
INSERT INTO subscriber (id, url, types, state, secret, made_by, owner, sources, grids, hotline)
SELECT %(id)s, %(url)s, %(types)s, 'active', 1, %(owner)s, %(owner)s, %(sources)s, %(grids)s, %(hotline)s
WHERE %(most)s >
    (SELECT count(*) FROM subscriber WHERE owner = %(owner)s AND reason IS DISTINCT FROM %(ended)s)
ON CONFLICT DO NOTHING
"""
TAKEN = "SELECT FROM subscriber WHERE id = %s"
END = "UPDATE subscriber SET state = 'disabled', reason = %s WHERE id = %s"
DROP = "UPDATE webhook_message SET state = 'dropped' WHERE subscriber = %s AND state = 'queued'"
OWN = """
SELECT id, url, types, sources, grids, hotline, state, reason, failing_since, made_at,
    (SELECT count(*) FROM webhook_message m WHERE m.subscriber = s.id AND m.state = 'queued') AS waiting
FROM subscriber s
WHERE owner = %s AND (%s::text IS NULL OR id = %s) AND reason IS DISTINCT FROM %s ORDER BY id
"""
PAUSE = """
UPDATE subscriber SET state = 'paused', reason = %s, failing_since = NULL WHERE id = %s AND state = 'active'
"""
RESUME = """
UPDATE subscriber SET state = 'active', reason = NULL, failing_since = NULL
WHERE id = %s AND (state IN ('gone', 'disabled') OR state = 'paused' AND reason = %s)
"""
LOG = """
SELECT m.no AS number, m.ident AS webhook_id, m.event_type AS type, m.state, t.attempt, t.at, t.ms,
    nullif(m.ticket, '') AS ticket, t.status, t.error
FROM webhook_message m JOIN webhook_try t USING (key)
WHERE m.subscriber = %s AND m.no > %s ORDER BY m.no, t.at LIMIT %s
"""
AGAIN = """
UPDATE webhook_message SET state = 'queued', attempt = 0, due_at = %s
WHERE subscriber = %s AND no >= %s AND state <> 'queued'
"""
VOUCH = """
UPDATE subscriber SET vouched = NOT vouched
WHERE owner IS NOT NULL AND vouched <> (owner = ANY(%s::text[]))
"""


class New(Struct, frozen=True, kw_only=True):
    """A subscription that is to be; `id` is its owner's name and its own."""

    id: str
    owner: str
    url: str
    types: Sequence[str]
    sources: Sequence[str]
    grids: Sequence[str]
    hotline: str | None = None


def create(tx: Tx, new: New, most: int) -> bool:
    """A new subscription; False where the name is taken, or its owner has so many."""
    values = {name: getattr(new, name) for name in New.__struct_fields__}
    lists = {name: list(values[name]) for name in ("types", "sources", "grids")}
    return tx.execute(CREATE, values | lists | {"most": most, "ended": ENDED}).rowcount == 1


def taken(tx: Tx, subscriber: str) -> bool:
    """Whether there is, or was, a subscription with this id."""
    return tx.execute(TAKEN, [subscriber]).fetchone() is not None


def end(tx: Tx, subscriber: str) -> None:
    """Ends it for good; nobody sees it any more, and its id stays taken."""
    tx.execute(END, [ENDED, subscriber])
    tx.execute(DROP, [subscriber])


def own(tx: Tx, owner: str, one: str | None = None) -> list[dict[str, Any]]:
    """An owner's subscriptions, or the one with this id, but for those it has ended."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(OWN, [owner, one, one, ENDED]).fetchall()


def pause(tx: Tx, subscriber: str) -> bool:
    """Pauses an active one; False where it is not."""
    return tx.execute(PAUSE, [BY_OWNER, subscriber]).rowcount == 1


def resume(tx: Tx, subscriber: str) -> bool:
    """Goes on; False where it is active, or operators have paused it."""
    return tx.execute(RESUME, [subscriber, BY_OWNER]).rowcount == 1


def log(tx: Tx, subscriber: str, after: int, limit: int) -> list[dict[str, Any]]:
    """Tries of messages with a number above `after`, in their order."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LOG, [subscriber, after, limit]).fetchall()


def again(tx: Tx, subscriber: str, since: int, now: datetime) -> int:
    """Queues all messages from a number on once more; returns how many."""
    return tx.execute(AGAIN, [now, subscriber, since]).rowcount


def vouch(tx: Tx, owners: Sequence[str]) -> int:
    """Lets the subscriptions of these rest no more, and those of all other owners rest."""
    return tx.execute(VOUCH, [list(owners)]).rowcount
