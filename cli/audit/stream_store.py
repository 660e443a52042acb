"""Both ends of a stream in SQL: what a service has published, and how far another has taken it in."""

from collections.abc import Iterator, Sequence

from chassis.database import Tx
from cli.audit.store import OURS, Keys, array

BUCKETS = 4096
STATES = {
    "ticket": "(SELECT id, sequence FROM ticket UNION ALL SELECT id, sequence FROM standing_order) known",
    "dispatch": '(SELECT id, sequence FROM "case" UNION ALL SELECT id, sequence FROM rota_watch) known',
    "notification": "correspondence",
    "evaluation": "casefile",
}
"""Where each service keeps how many facts it has published about a ticket."""
PUBLISHED = "SELECT id AS ticket, sequence FROM {states} WHERE sequence > 0"
EFFECTED = "SELECT partitionkey AS ticket, sequence FROM position WHERE source = %(source)s"
SUMS = f"""
SELECT mod(hashtext(ticket)::bigint + 2147483648, {BUCKETS})::int, sum(sequence)::bigint,
       sum(hashtextextended(ticket, sequence))
FROM ({{stream}}) stream WHERE {OURS} GROUP BY 1
"""
ROWS = f"""
SELECT ticket, sequence FROM ({{stream}}) stream
WHERE mod(hashtext(ticket)::bigint + 2147483648, {BUCKETS}) = ANY(%(buckets)s) AND {OURS}
"""
POSITIONS = f"{EFFECTED} AND partitionkey = ANY(%(tickets)s)"
HELD = """
SELECT partitionkey, sequence, 'waiting' FROM waiting
WHERE source = %(source)s AND partitionkey = ANY(%(tickets)s)
UNION SELECT partitionkey, sequence, 'parked' FROM parked
WHERE state = 'open' AND source = %(source)s AND partitionkey = ANY(%(tickets)s)
"""
LATELY = """
SELECT created_at > now() - make_interval(secs => %s), body FROM outbox WHERE exchange = %s ORDER BY id DESC
"""
LATELY_SENT = """
SELECT body FROM outbox
WHERE exchange = %s AND (sent_at IS NULL OR sent_at > now() - make_interval(secs => %s))
"""


Sums = dict[int, tuple[int, int]]
"""By bucket of tickets: the sum of their sequences, and a sum that differs where any of them differs."""


def stream_of(publisher: str, service: str) -> str:
    """The SQL of (ticket, sequence): what `publisher` has said, or how far `service` has taken it in."""
    return PUBLISHED.format(states=STATES[publisher]) if publisher == service else EFFECTED


def sums(tx: Tx, stream: str, source: str, keys: Keys) -> Sums:
    """A stream in small: equal sums mean equal rows."""
    values = {"source": source, "keys": array(keys)}
    rows = tx.execute(SUMS.format(stream=stream).encode(), values)
    return {bucket: (total, int(digest)) for bucket, total, digest in rows}


def sequences(tx: Tx, stream: str, source: str, buckets: Sequence[int], keys: Keys) -> dict[str, int]:
    """The sequence of each ticket in some buckets of a stream."""
    values = {"source": source, "buckets": list(buckets), "keys": array(keys)}
    return dict(tx.execute(ROWS.format(stream=stream).encode(), values).fetchall())


def positions(tx: Tx, source: str, tickets: Sequence[str]) -> dict[str, int]:
    """How far a service has taken in what `source` has said about `tickets`."""
    return dict(tx.execute(POSITIONS, {"source": source, "tickets": list(tickets)}).fetchall())


def held(tx: Tx, source: str, tickets: Sequence[str]) -> dict[tuple[str, int], str]:
    """By (ticket, sequence): whether the event is `waiting` or `parked` there."""
    rows = tx.execute(HELD, {"source": source, "tickets": list(tickets)})
    return {(ticket, sequence): where for ticket, sequence, where in rows}


def written_lately(tx: Tx, exchange: str, seconds: float) -> Iterator[str]:
    """The bodies of messages to `exchange` written in the last `seconds`, newest first."""
    with tx.cursor(name="lately") as cursor:
        cursor.itersize = 200
        for recent, body in cursor.execute(LATELY, [seconds, exchange]):
            if not recent:
                return
            yield body


def sent_lately(tx: Tx, exchange: str, seconds: float) -> list[str]:
    """The bodies of messages to `exchange` that are unsent, or sent in the last `seconds`; reads them all."""
    return [body for (body,) in tx.execute(LATELY_SENT, [exchange, seconds])]
