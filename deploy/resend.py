"""What the broker has lost, the outboxes send again: after a restore, or when a queue was deleted.

`make restore` and `python -m deploy.setup --restored` do it before the services start, `fengge topology apply
--resend` while they run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pika
import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from chassis.topology import REPLIES, queue_name
from contracts.broker import parameters_of
from contracts.registry import LEDGERS, SERVICES
from deploy.topology import TIMEOUT, heard_by

REPLIES_SINCE = 60
"""Minutes before the newest reply; refusals younger than that go to their publishers again."""

AGAIN = """
UPDATE {publisher}.outbox SET sent_at = NULL WHERE (id, created_at) IN (
    SELECT id, created_at
    FROM {publisher}.outbox, json_array_elements(
        CASE WHEN starts_with(body, '[') THEN body::json ELSE json_build_array(body::json) END) AS event
    WHERE sent_at IS NOT NULL AND exchange = {exchange} AND NOT ({taken_by_all}))
"""
TAKEN = """
EXISTS (SELECT FROM {subscriber}.position
        WHERE position.source = event ->> 'source' AND position.partitionkey = event ->> 'partitionkey'
          AND position.sequence >= (event ->> 'sequence')::int)
"""
REPLIES_AGAIN = """
UPDATE {publisher}.outbox SET sent_at = NULL WHERE exchange = {exchange}
    AND sent_at > (SELECT max(created_at) FROM {publisher}.outbox) - make_interval(mins => {minutes})
"""
PRESENT = """
SELECT name FROM unnest(%s::text[]) WITH ORDINALITY AS ledger (name, place)
WHERE to_regclass(name || '.position') IS NOT NULL ORDER BY place
"""


@dataclass
class Resent:
    """What was prepared: messages taken out of queues, and messages to be sent again, by service."""

    purged: int = 0
    facts: dict[str, int] = field(default_factory=dict)
    replies: dict[str, int] = field(default_factory=dict)


def prepare(owner_url: str, admin_url: str, shards: int) -> Resent:
    """Empties the services' queues and marks what has to be sent again; harmless to repeat.

    What lies in a queue came from a future that the restored ledgers do not know: its numbers will be given
    to other facts. No service may run. `owner_url` names the role that owns all schemas.
    """
    resent = Resent(facts=facts(owner_url))
    with psycopg.connect(owner_url, connect_timeout=10) as tx:
        resent.purged = _purge(admin_url, shards, _present(tx))
        for publisher in SERVICES:
            statement = sql.SQL(REPLIES_AGAIN).format(
                publisher=sql.Identifier(publisher),
                exchange=sql.Literal(REPLIES),
                minutes=sql.Literal(REPLIES_SINCE),
            )
            resent.replies[publisher] = tx.execute(statement).rowcount
    return resent


def facts(owner_url: str) -> dict[str, int]:
    """Lets the outboxes send again what a subscriber has not taken; messages by publisher.

    Services may run: what is only on its way is sent twice, and taken once.
    """
    resent = {}
    with psycopg.connect(owner_url, connect_timeout=10) as tx:
        for publisher, subscribers in subscriptions(_present(tx)).items():
            statement = sql.SQL(AGAIN).format(
                publisher=sql.Identifier(publisher),
                exchange=sql.Literal(f"{publisher}.events"),
                taken_by_all=_taken_by(subscribers),
            )
            resent[publisher] = tx.execute(statement).rowcount
    return resent


def subscriptions(ledgers: Sequence[str] = LEDGERS) -> Mapping[str, Sequence[str]]:
    """Who takes in the facts of each service, from the services' own handlers."""
    hears = {service: heard_by(service) for service in ledgers}
    return {
        publisher: [service for service in ledgers if publisher in hears[service]] for publisher in SERVICES
    }


def _taken_by(subscribers: Sequence[str]) -> sql.Composable:
    conditions = [sql.SQL(TAKEN).format(subscriber=sql.Identifier(each)) for each in subscribers]
    return sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("true")


def _present(tx: psycopg.Connection[TupleRow]) -> list[str]:
    """The ledgers that are there: an older back-up may lack one."""
    return [name for (name,) in tx.execute(PRESENT, [list(LEDGERS)])]


def _purge(admin_url: str, shards: int, ledgers: Sequence[str]) -> int:
    parameters = parameters_of(admin_url)
    parameters.socket_timeout = parameters.blocked_connection_timeout = TIMEOUT
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        queues = [queue_name(service, shard) for service in ledgers for shard in range(shards)]
        return sum(int(channel.queue_purge(queue).method.message_count) for queue in queues)
