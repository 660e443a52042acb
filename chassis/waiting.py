"""The waiting line: events behind a gap in their ticket's order, and events whose next try is due later."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chassis.database import Tx
from chassis.delivery import Arrival, Unreadable, again, written
from chassis.rows import columns

Stream = tuple[str, str]
Key = tuple[str, str]

BEHIND = """
SELECT exchange, publisher, event, attempt, source, id FROM waiting
WHERE (source, partitionkey) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
  AND sequence > 0 AND due_at IS NULL
"""
WAIT = """
INSERT INTO waiting (source, id, partitionkey, sequence, type, exchange, publisher, event, attempt, due_at, error)
SELECT DISTINCT ON (source, id) source, id, partitionkey, sequence, type, exchange, publisher, event, attempt,
       %s::timestamptz, %s::text
FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[])
    AS arrived (source, id, partitionkey, sequence, type, exchange, publisher, event, attempt)
ON CONFLICT (source, id) DO UPDATE
    SET attempt = EXCLUDED.attempt, due_at = EXCLUDED.due_at, error = EXCLUDED.error
    WHERE EXCLUDED.due_at IS NOT NULL
"""  # noqa: E501
LEAVE = "DELETE FROM waiting WHERE (source, id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
STILL_EARLY = """
UPDATE waiting SET due_at = NULL WHERE (source, id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""
WAKE = """
UPDATE waiting SET due_at = %s WHERE source = %s AND partitionkey = %s AND sequence = %s AND due_at IS NULL
"""
WAKE_MISSED = """
UPDATE waiting SET due_at = %s FROM position
WHERE waiting.due_at IS NULL AND position.source = waiting.source
  AND position.partitionkey = waiting.partitionkey AND position.sequence >= waiting.sequence - 1
"""
DUE = """
SELECT exchange, publisher, event, attempt, source, id FROM waiting
WHERE due_at <= %s ORDER BY due_at LIMIT %s
"""
BACKLOG = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(since)), 0),
       greatest(coalesce(extract(epoch FROM now() - min(due_at)), 0), 0),
       count(due_at), count(*) FILTER (WHERE due_at <= now()),
       count(DISTINCT (source, partitionkey)) FILTER (WHERE due_at IS NULL),
       coalesce(extract(epoch FROM now() - min(since) FILTER (WHERE due_at IS NULL)), 0)
FROM waiting
"""
LOCK = """
SELECT source, id FROM waiting WHERE (source, id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
ORDER BY source, id FOR UPDATE SKIP LOCKED
"""


class Backlog(NamedTuple):
    """Events that wait, seconds for which the first does, seconds for which the next try is overdue.

    Then those to be tried again, those of them due now, streams with a gap, and seconds of the first gap.
    """

    events: int
    oldest: float
    overdue: float
    retries: int
    due: int
    gaps: int
    gap_oldest: float


def backlog(tx: Tx) -> Backlog:
    """What waits at this moment."""
    row = tx.execute(BACKLOG).fetchone()
    assert row is not None
    return Backlog(row[0], float(row[1]), float(row[2]), row[3], row[4], row[5], float(row[6]))


def wait_behind_gap(tx: Tx, arrivals: Sequence[Arrival]) -> None:
    """Keeps events until their predecessors have come; one that waits for its next try is left alone."""
    _wait(tx, arrivals, None, None)


def wait_until(tx: Tx, arrival: Arrival, due_at: datetime, error: str) -> None:
    """Keeps a failed event until its next try, of which `attempt` counts those that were made."""
    _wait(tx, [arrival], due_at, error)


def _wait(tx: Tx, arrivals: Sequence[Arrival], due_at: datetime | None, error: str | None) -> None:
    rows = [
        (*arrival.ident, arrival.event.partitionkey, arrival.event.number, arrival.event.type,
         arrival.exchange, arrival.publisher, written(arrival.event), arrival.attempt)
        for arrival in arrivals
    ]  # fmt: skip
    if rows:
        tx.execute(WAIT, [due_at, error, *columns(rows, 9)])


def leave(tx: Tx, keys: Sequence[Key]) -> int:
    """Ends the waiting of what has taken effect or is parked; returns how many waited."""
    return tx.execute(LEAVE, columns(keys, 2)).rowcount if keys else 0


def still_early(tx: Tx, keys: Sequence[Key]) -> None:
    """Lets events that were woken too early wait for their predecessors again."""
    if keys:
        tx.execute(STILL_EARLY, columns(keys, 2))


def wake_next(tx: Tx, arrival: Arrival, at: datetime) -> None:
    """Makes the event that waits behind `arrival` due, after it has taken effect without its followers."""
    if arrival.event.number:
        tx.execute(WAKE, [at, *arrival.stream, arrival.event.number + 1])


def wake_missed(tx: Tx, at: datetime) -> int:
    """Makes due whose predecessor took effect in another transaction just as they began to wait."""
    return tx.execute(WAKE_MISSED, [at]).rowcount


def due(tx: Tx, now: datetime, limit: int) -> list[Arrival | Unreadable]:
    """What is due for another try; the transaction that tries it has to ask whether it is `still_mine`."""
    found: list[Arrival | Unreadable] = []
    for exchange, publisher, event, attempt, source, id_ in tx.execute(DUE, [now, limit]).fetchall():
        read = again(exchange, publisher, event, attempt, (source, id_))
        found.extend([read] if isinstance(read, Unreadable) else read)
    return found


def still_mine(tx: Tx, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    """Those that no other process is trying at this moment, or has tried since they were read as due."""
    keys = [arrival.waits_as for arrival in arrivals if arrival.waits_as]
    if not keys:
        return arrivals
    mine = set(tx.execute(LOCK, columns(keys, 2)).fetchall())
    return [arrival for arrival in arrivals if not arrival.waits_as or arrival.waits_as in mine]


def behind_gaps(tx: Tx, streams: Sequence[Stream]) -> dict[Stream, dict[int, Arrival]]:
    """By stream and sequence, what waits there for a predecessor."""
    behind: dict[Stream, dict[int, Arrival]] = {}
    rows = tx.execute(BEHIND, columns(streams, 2)).fetchall() if streams else []
    for exchange, publisher, event, attempt, source, id_ in rows:
        arrivals = again(exchange, publisher, event, attempt, (source, id_))
        for arrival in [] if isinstance(arrivals, Unreadable) else arrivals:
            behind.setdefault(arrival.stream, {})[arrival.event.number] = arrival
    return behind
