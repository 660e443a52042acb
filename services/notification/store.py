"""Load, save, and every SQL statement of the notification service."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from psycopg.rows import dict_row

from chassis import policy
from chassis.database import Tx
from chassis.model import Changes, Fact, Stimulus
from chassis.rows import as_json, from_json, texts
from chassis.states import Table
from contracts.terms import NotificationChannel
from services.notification import template_store, webhook_store
from services.notification.correspondence import Correspondence, Delivery
from services.notification.webhook_store import Subscribed, subscribed

LEASE = timedelta(seconds=60)
"""How long a claimed message belongs to its sender; after a crash it comes back by itself."""
LOOK_AHEAD = 4
"""Messages looked at per ticket wanted: one ticket may have several."""

COLUMNS = (
    "sequence, received, requester_ref, language, category, grid, urgent, no_address, source, "
    "external_id, contacted_at, follows"
)
CORRESPONDENCE = Table("correspondence", Correspondence, COLUMNS)
prove = CORRESPONDENCE.prove
# A statement of its own: it must see what was committed while the first one waited for its locks. OFFSET 0
# keeps it to the index, ticket by ticket: without fresh statistics the planner would read the whole table.
UNDER_WAY = """
SELECT to_json(d)::text FROM unnest(%s::text[]) AS wanted (number) CROSS JOIN LATERAL
    (SELECT * FROM delivery WHERE ticket = wanted.number AND state IN ('queued', 'handed') OFFSET 0) d
"""
SAVE_DELIVERIES = """
INSERT INTO delivery SELECT * FROM json_populate_recordset(null::delivery, %s)
ON CONFLICT (key) DO UPDATE SET
    channel = EXCLUDED.channel, state = EXCLUDED.state, attempt = EXCLUDED.attempt, due_at = EXCLUDED.due_at,
    error = EXCLUDED.error
"""
SHOW = """
INSERT INTO console_message (key, ticket, audience, destination, subject, body)
SELECT key, ticket, audience, destination, subject, body
FROM json_populate_recordset(null::console_message, %s)
"""
DUE_ON_CONSOLE = """
SELECT id FROM correspondence WHERE id IN
    (SELECT ticket FROM (SELECT ticket FROM delivery WHERE state = 'queued' AND channel = 'console'
                         AND due_at <= %s ORDER BY due_at LIMIT %s) oldest)
ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
CLAIM = """
UPDATE delivery SET due_at = %s FROM
    (SELECT key FROM delivery WHERE state = 'queued' AND channel = %s AND due_at <= %s
       AND NOT EXISTS (SELECT FROM pause WHERE pause.channel = %s AND ended_at IS NULL
                       AND (until IS NULL OR until > now()))
     ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED) due
WHERE delivery.key = due.key RETURNING to_json(delivery)::text
"""
PUT_BACK = "UPDATE delivery SET due_at = %s WHERE key = ANY(%s) AND due_at = %s AND state = 'queued'"
CONSOLE = """
SELECT no, shown_at, ticket, audience, destination, subject, body
FROM console_message ORDER BY no DESC LIMIT %s
"""


class Known(Struct):
    """The time, the messages under way, the policies, who subscribes to what, the newest templates."""

    now: datetime
    states: Mapping[str, Correspondence]
    policies: Mapping[str, policy.Policy]
    subscribed: Subscribed
    newest: Mapping[str, int]

    def learn(self, fact: Fact) -> None:
        """Facts of the batch change nothing here."""

    def on_console(self, ticket: str) -> list[Delivery]:
        """The messages of a ticket whose turn on the console has come."""
        return [
            delivery
            for delivery in self.states[ticket].deliveries.values()
            if delivery.channel == "console" and delivery.due_at <= self.now
        ]


def load(tx: Tx, keys: Sequence[str]) -> dict[str, Correspondence]:
    """The correspondence of these tickets with its messages under way, locked in the order of numbers."""
    found = CORRESPONDENCE.load(tx, keys)
    deliveries: dict[str, dict[str, Delivery]] = {}
    for delivery in from_json(Delivery, tx.execute(UNDER_WAY, [texts(list(found))])):
        deliveries.setdefault(delivery.ticket, {})[delivery.key] = delivery
    return {id_: replace(state, deliveries=deliveries.get(id_, {})) for id_, state in found.items()}


def know(tx: Tx, now: datetime, stimuli: Sequence[Stimulus], states: Mapping[str, Correspondence]) -> Known:
    """The time and the states themselves; policies, subscribers and templates as of the last second."""
    return Known(now, states, policy.in_force(tx), subscribed(tx), template_store.in_use(tx))


def save(tx: Tx, changes: Changes) -> Sequence[Correspondence]:
    """Writes correspondence, messages that moved, pages shown and posts for subscribers, set-wise.

    None is to be remembered: its messages under way move behind the back of these batches.
    """
    states: Sequence[Correspondence] = changes.states
    CORRESPONDENCE.save(tx, [_lasting(state) for state in states])
    moved = [state.deliveries[key] for state in states for key in state.touched]
    if moved:
        tx.execute(SAVE_DELIVERIES, [as_json(moved)])
    pages = [page for state in states for page in state.pages]
    if pages:
        tx.execute(SHOW, [as_json(pages)])
    posts = [post for state in states for post in state.posts]
    if posts:
        webhook_store.queue(tx, posts)
    return ()


def _lasting(state: Correspondence) -> Correspondence:
    """Without what has rows of its own or lives only in this transaction."""
    return replace(state, deliveries={}, touched=frozenset(), pages=(), posts=())


def due_on_console(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets with a message whose turn on the console has come, locked."""
    return [number for (number,) in tx.execute(DUE_ON_CONSOLE, [now, LOOK_AHEAD * limit, limit])]


def claim(tx: Tx, channel: NotificationChannel, now: datetime, limit: int) -> list[Delivery]:
    """Messages to send now, ours until the lease ends; nobody else's."""
    return from_json(Delivery, tx.execute(CLAIM, [now + LEASE, channel, now, channel, limit]))


def put_back(tx: Tx, claimed: Sequence[Delivery], due_at: datetime) -> None:
    """Ends one claim on messages that nobody has tried to send; who claimed them since keeps them."""
    tx.execute(PUT_BACK, [due_at, texts([delivery.key for delivery in claimed]), claimed[0].due_at])


def console(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """The newest messages on the operators' console, newest first."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(CONSOLE, [limit]).fetchall()
