"""Which of the newest messages the subscribers have taken in, by the ledgers alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import sql

from chassis.database import Tx
from services.console.now.seen import Arrived, Hears, Proved
from services.console.now.store import MANY, named

RECENT = 400
"""Newest messages of a publisher at which every look looks; MANY where something is wrong."""

NEWEST = """
SELECT m.id, m.routing_key, m.sent_at, m.body, heard.subscriber, heard.taken
FROM (SELECT *, split_part(split_part(untold, '"source":"', 2), '"', 1) AS source,
             split_part(place, '"', 1) AS key,
             nullif(split_part(split_part(place, '","sequence":"', 2), '"', 1), '')::int AS sequence
      FROM (SELECT *, split_part(untold, '"partitionkey":"', 2) AS place
            FROM (SELECT *, CASE WHEN NOT proved THEN body END AS untold
                  FROM (SELECT id, exchange, routing_key, sent_at, body, id = ANY(%(proved)s) AS proved
                        FROM {publisher}.outbox ORDER BY id DESC LIMIT %(limit)s) newest
                  WHERE exchange = {exchange}
                    AND (%(shards)s::text[] IS NULL OR routing_key = ANY(%(shards)s))
                    AND sent_at > now() - make_interval(secs => %(within)s)
                    AND sent_at < now() - interval '2 seconds' OFFSET 0) of_shards
            OFFSET 0) placed OFFSET 0) m
CROSS JOIN LATERAL (VALUES {heard}) AS heard (subscriber, taken)
"""
"""A message is long, for it is many events; only what names the place of the first is read, as our own codec
writes it (a quoted quote does not match), and nothing where every subscriber had taken it in before. Texts
are split, not matched: a look reads hundreds, and regular expressions took more than half of its time."""
TAKEN = """
({name}, m.proved OR
 EXISTS (SELECT FROM {schema}.position p WHERE p.source = m.source
         AND p.partitionkey = m.key AND p.sequence >= m.sequence)
 OR EXISTS (SELECT FROM {schema}.waiting w
            WHERE w.source = m.source AND w.partitionkey = m.key AND w.sequence = m.sequence)
 OR EXISTS (SELECT FROM {schema}.parked k
            WHERE k.state = 'open' AND k.source = m.source
              AND k.partitionkey = m.key AND k.sequence = m.sequence))
"""
ARRIVED = "SELECT id, routing_key, sent_at, subscriber, taken FROM ({newest}) n"
KEYS_UNDER_WAY = """
SELECT DISTINCT event ->> 'partitionkey'
FROM ({newest}) n, json_array_elements(
    CASE WHEN starts_with(body, '[') THEN body::json ELSE json_build_array(body::json) END) AS event
WHERE NOT taken AND subscriber = %(subscriber)s
"""


def arrived(tx: Tx, heard: Hears, within: float, proved: Proved) -> tuple[Arrived, ...]:
    """The newest messages of each publisher, once for every subscriber; `proved` spares looking again."""
    found: list[Arrived] = []
    for publisher, subscribers in _publishers(heard).items():
        statement = sql.SQL(ARRIVED).format(newest=_newest(publisher, subscribers))
        values = {
            "limit": RECENT, "shards": None, "within": within, "proved": list(proved.get(publisher, ())),
        }  # fmt: skip
        found += [
            Arrived(publisher=publisher, subscriber=to, shard=int(shard), message=no, sent_at=at, taken=taken)
            for no, shard, at, to, taken in tx.execute(statement, values)
        ]
    return tuple(found)


def keys_under_way(tx: Tx, heard: Hears, service: str, of_shards: Sequence[int], publisher: str) -> list[str]:
    """What the messages are about that `service` has not taken in; of one publisher, or of all."""
    values = {
        "limit": MANY, "within": 7 * 86_400, "subscriber": service, "proved": [],
        "shards": [str(shard) for shard in of_shards] or None,
    }  # fmt: skip
    keys: set[str] = set()
    for each in [publisher] if publisher else heard.get(service, ()):
        statement = sql.SQL(KEYS_UNDER_WAY).format(newest=_newest(each, [service]))
        keys.update(key for (key,) in tx.execute(statement, values) if key)
    return sorted(keys)


def _publishers(heard: Hears) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for subscriber, publishers in heard.items():
        for publisher in publishers:
            found.setdefault(publisher, []).append(subscriber)
    return found


def _newest(publisher: str, subscribers: Sequence[str]) -> sql.Composed:
    heard = sql.SQL(", ").join(named(TAKEN, name) for name in subscribers)
    exchange: Any = sql.Literal(f"{publisher}.events")
    return sql.SQL(NEWEST).format(publisher=sql.Identifier(publisher), exchange=exchange, heard=heard)
