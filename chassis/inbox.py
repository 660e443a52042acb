"""Exactly-once effect: what was taken before is dropped, what comes too early waits for its predecessor."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chassis.database import Tx
from chassis.delivery import Arrival, Unreadable, again, written
from chassis.recovery import TransientFailure

Stream = tuple[str, str]

TAKE = """
INSERT INTO inbox (source, id, time)
SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[])
ON CONFLICT DO NOTHING RETURNING source, id
"""
POSITIONS = """
SELECT source, partitionkey, sequence FROM position
WHERE (source, partitionkey) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""
WAITING = """
SELECT exchange, publisher, event, attempt FROM waiting
WHERE (source, partitionkey) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
  AND sequence > 0 AND due_at IS NULL
ORDER BY source, partitionkey, sequence
"""
ADVANCE = """
INSERT INTO position (source, partitionkey, sequence)
SELECT source, partitionkey, after FROM unnest(%s::text[], %s::text[], %s::int[]) AS moved (source, partitionkey, after)
ORDER BY source, partitionkey
ON CONFLICT (source, partitionkey) DO UPDATE SET sequence = EXCLUDED.sequence
    WHERE (position.source, position.partitionkey, position.sequence) IN
          (SELECT * FROM unnest(%s::text[], %s::text[], %s::int[]))
"""
WAIT = """
INSERT INTO waiting (source, id, partitionkey, sequence, type, exchange, publisher, event, attempt, due_at, error)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (source, id) DO UPDATE
    SET attempt = EXCLUDED.attempt, due_at = EXCLUDED.due_at, error = EXCLUDED.error
    WHERE EXCLUDED.due_at IS NOT NULL
"""
LEAVE = "DELETE FROM waiting WHERE (source, id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
STILL_EARLY = (
    "UPDATE waiting SET due_at = NULL WHERE (source, id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
)
DUE = """
SELECT source, id, exchange, publisher, event, attempt FROM waiting
WHERE due_at <= %s ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Admission:
    """What of a batch may take effect now, in order; how far its streams stood; what repeats or comes too early."""

    ready: list[Arrival] = field(default_factory=list)
    early: list[Arrival] = field(default_factory=list)
    repeats: list[Arrival] = field(default_factory=list)
    before: dict[Stream, int] = field(default_factory=dict)
    after: dict[Stream, int] = field(default_factory=dict)


def admit(tx: Tx, arrivals: Sequence[Arrival]) -> Admission:
    """Sorts a batch: repeats are dropped, gaps wait, and what waited behind a gap follows its predecessor."""
    admission = Admission()
    ordered = {arrival.stream for arrival in arrivals if arrival.event.number}
    admission.before = _positions(tx, ordered)
    admission.after = dict(admission.before)
    behind = _behind_gaps(tx, ordered)
    fresh = take(
        tx, [_entry(arrival) for arrival in arrivals if not arrival.event.number and not arrival.resumed]
    )
    for arrival in arrivals:
        if arrival.event.number:
            _admit_ordered(admission, arrival, behind)
        elif arrival.resumed or arrival.ident in fresh:
            fresh.discard(arrival.ident)
            admission.ready.append(arrival)
        else:
            admission.repeats.append(arrival)
    return admission


def _admit_ordered(admission: Admission, arrival: Arrival, behind: dict[Stream, dict[int, Arrival]]) -> None:
    stream, number = arrival.stream, arrival.event.number
    position = admission.after.get(stream, 0)
    if number <= position:
        admission.repeats.append(arrival)
    elif number > position + 1:
        admission.early.append(arrival)
        behind.setdefault(stream, {})[number] = arrival
    else:
        follower: Arrival | None = arrival
        while follower is not None:
            admission.ready.append(follower)
            admission.after[stream] = number
            number += 1
            follower = behind.get(stream, {}).pop(number, None)


def settle(tx: Tx, admission: Admission) -> None:
    """Writes down how far the streams have come and who waits; raises TransientFailure if another process was faster."""
    done = {arrival.ident for arrival in admission.ready}
    for arrival in admission.early:
        if arrival.ident not in done and not arrival.resumed:
            wait(tx, arrival, arrival.attempt, None, None)
    still_early = [
        arrival.ident for arrival in admission.early if arrival.resumed and arrival.ident not in done
    ]
    if still_early:
        tx.execute(STILL_EARLY, _columns(still_early, 2))
    leave(tx, [arrival.ident for arrival in admission.ready + admission.repeats if arrival.resumed])
    moved = [
        (stream, after)
        for stream, after in admission.after.items()
        if after != admission.before.get(stream, 0)
    ]
    if moved:
        _advance(tx, admission.before, moved)


def _advance(tx: Tx, before: dict[Stream, int], moved: list[tuple[Stream, int]]) -> None:
    sources, keys = [stream[0] for stream, _ in moved], [stream[1] for stream, _ in moved]
    afters, befores = [after for _, after in moved], [before.get(stream, 0) for stream, _ in moved]
    if tx.execute(ADVANCE, [sources, keys, afters, sources, keys, befores]).rowcount != len(moved):
        raise TransientFailure("another process has moved one of these streams")


def take(tx: Tx, entries: Sequence[tuple[str, str, datetime]]) -> set[tuple[str, str]]:
    """Notes unordered events (source, id, time) in the inbox; returns (source, id) of those not seen before."""
    if not entries:
        return set()
    return {(source, id_) for source, id_ in tx.execute(TAKE, _columns(entries, 3))}


def take_unreadable(tx: Tx, message: Unreadable) -> bool:
    """Whether an unreadable message is here for the first time."""
    return bool(take(tx, [(*message.ident, EPOCH)]))


def wait(tx: Tx, arrival: Arrival, attempt: int, due_at: datetime | None, error: str | None) -> None:
    """Keeps an event until its predecessor has come (no `due_at`) or until its next try."""
    event = arrival.event
    tx.execute(
        WAIT,
        [event.source, event.id, event.partitionkey, event.number, event.type, arrival.exchange,
         arrival.publisher, written(event), attempt, due_at, error],
    )  # fmt: skip


def leave(tx: Tx, idents: Sequence[tuple[str, str]]) -> None:
    """Ends the waiting of the events (source, id), which have taken effect or are parked."""
    if idents:
        tx.execute(LEAVE, _columns(idents, 2))


def due(tx: Tx, now: datetime, limit: int) -> tuple[list[Arrival], list[Unreadable]]:
    """Events whose next try is due, locked for this transaction; what cannot be read any more no longer waits."""
    ready: list[Arrival] = []
    unreadable: list[Unreadable] = []
    for source, id_, exchange, publisher, event, attempt in tx.execute(DUE, [now, limit]).fetchall():
        arrivals = again(exchange, publisher, event, attempt)
        if isinstance(arrivals, Unreadable):
            unreadable.append(arrivals)
            leave(tx, [(source, id_)])
        else:
            ready.extend(arrivals)
    return ready, unreadable


def _positions(tx: Tx, streams: set[Stream]) -> dict[Stream, int]:
    if not streams:
        return {}
    rows = tx.execute(POSITIONS, _columns(list(streams), 2)).fetchall()
    return {(source, key): sequence for source, key, sequence in rows}


def _behind_gaps(tx: Tx, streams: set[Stream]) -> dict[Stream, dict[int, Arrival]]:
    behind: dict[Stream, dict[int, Arrival]] = {}
    if streams:
        for row in tx.execute(WAITING, _columns(list(streams), 2)).fetchall():
            arrivals = again(*row)
            for arrival in [] if isinstance(arrivals, Unreadable) else arrivals:
                behind.setdefault(arrival.stream, {})[arrival.event.number] = arrival
    return behind


def _entry(arrival: Arrival) -> tuple[str, str, datetime]:
    return arrival.event.source, arrival.event.id, arrival.event.time


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[index] for row in rows] for index in range(width)]
