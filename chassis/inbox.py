"""Exactly-once effect: what was taken before is dropped, what comes too early waits for its predecessor."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chassis import parked, waiting
from chassis.database import Tx
from chassis.delivery import Arrival, Unreadable
from chassis.recovery import TransientFailure
from chassis.rows import array, columns
from chassis.waiting import Stream

TAKE = """
INSERT INTO inbox (source, id, time)
SELECT DISTINCT ON (source, id) source, id, time
FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS came (source, id, time)
WHERE NOT EXISTS (SELECT FROM inbox WHERE inbox.source = came.source AND inbox.id = came.id)
ORDER BY source, id
ON CONFLICT DO NOTHING RETURNING source, id
"""
"""Source and id make the event (CloudEvents 1.0, 3.1); `time` only says in which partition its row lies. Who
sends it again may have made a new time for it, which conflicts with no row; so it is looked for first."""
POSITIONS = """
SELECT wanted.source, wanted.partitionkey, sequence
FROM unnest(%s::text[], %s::text[]) AS wanted (source, partitionkey) CROSS JOIN LATERAL (
    SELECT sequence FROM position
    WHERE position.source = wanted.source AND position.partitionkey = wanted.partitionkey OFFSET 0
) AS found
UNION ALL SELECT NULL, 'gap', 1 WHERE EXISTS (SELECT FROM waiting WHERE due_at IS NULL)
UNION ALL SELECT NULL, 'parked', 1 WHERE EXISTS (SELECT FROM parked WHERE state = 'open' AND sequence > 0)
"""
"""OFFSET 0 keeps it to the index, stream by stream: for a large batch the planner would read the whole table.
The last rows say that somebody waits behind a gap or is parked: rare, and only then worth looking who."""
ADVANCE = """
INSERT INTO position (source, partitionkey, sequence)
SELECT source, partitionkey, after
FROM unnest(%s::text[], %s::text[], %s::int[]) AS moved (source, partitionkey, after)
ORDER BY source, partitionkey
ON CONFLICT (source, partitionkey) DO UPDATE SET sequence = EXCLUDED.sequence
    WHERE (position.source, position.partitionkey, position.sequence) IN
          (SELECT * FROM unnest(%s::text[], %s::text[], %s::int[]))
"""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Admission:
    """What of a batch may take effect now, in order; how far its streams stood; what repeats or is early."""

    ready: list[Arrival] = field(default_factory=list)
    early: list[Arrival] = field(default_factory=list)
    repeats: list[Arrival] = field(default_factory=list)
    before: dict[Stream, int] = field(default_factory=dict)
    after: dict[Stream, int] = field(default_factory=dict)
    behind: dict[Stream, dict[int, Arrival]] = field(default_factory=dict)


def admit(tx: Tx, arrivals: Sequence[Arrival], *, followers: bool = True) -> Admission:
    """Sorts a batch: repeats are dropped, gaps wait, and what waited behind a gap follows its predecessor.

    Without `followers` an event is admitted for itself alone, so that a failure is surely its own.
    """
    arrivals = waiting.still_mine(tx, arrivals)
    admission = Admission()
    ordered = sorted({arrival.stream for arrival in arrivals if arrival.event.sequence})
    admission.before, rare = _positions(tx, ordered)
    admission.after = dict(admission.before)
    if "parked" in rare:
        arrivals = _without_parked(tx, arrivals, ordered, admission)
    if followers and "gap" in rare:
        admission.behind = waiting.behind_gaps(tx, ordered)
    fresh = take(tx, [arrival for arrival in arrivals if not arrival.event.sequence and not arrival.taken])
    for arrival in arrivals:
        if arrival.event.sequence:
            _admit_ordered(admission, arrival)
        elif arrival.taken or arrival.ident in fresh:
            fresh.discard(arrival.ident)
            admission.ready.append(arrival)
        else:
            admission.repeats.append(arrival)
    return admission


def _without_parked(
    tx: Tx, arrivals: Sequence[Arrival], ordered: Sequence[Stream], admission: Admission
) -> list[Arrival]:
    """Drops copies of what is parked: it is a person's now, who may want it tried again."""
    known = parked.open_idents(tx, ordered)
    admission.repeats += [arrival for arrival in arrivals if arrival.ident in known]
    return [arrival for arrival in arrivals if arrival.ident not in known]


def _admit_ordered(admission: Admission, arrival: Arrival) -> None:
    stream, number = arrival.stream, arrival.event.number
    position = admission.after.get(stream, 0)
    if number <= position:
        admission.repeats.append(arrival)
    elif number > position + 1:
        admission.early.append(arrival)
        # One that waits in the table already keeps its place there, so that its row goes when it follows.
        admission.behind.setdefault(stream, {}).setdefault(number, arrival)
    else:
        follower: Arrival | None = arrival
        while follower is not None:
            admission.ready.append(follower)
            admission.after[stream] = number
            number += 1
            follower = admission.behind.get(stream, {}).pop(number, None)


def settle(tx: Tx, admission: Admission) -> None:
    """Writes down how far the streams have come and who waits.

    Raises TransientFailure if another process was faster.
    """
    done = {arrival.ident for arrival in admission.ready}
    early = [arrival for arrival in admission.early if arrival.ident not in done]
    waiting.wait_behind_gap(tx, [arrival for arrival in early if not arrival.waits_as])
    waiting.still_early(tx, [arrival.waits_as for arrival in early if arrival.waits_as])
    ended = admission.ready + admission.repeats
    waiting.leave(tx, [arrival.waits_as for arrival in ended if arrival.waits_as])
    moved = {
        stream: after for stream, after in admission.after.items() if after != admission.before.get(stream, 0)
    }
    if moved:
        _advance(tx, admission.before, moved)


def _advance(tx: Tx, before: dict[Stream, int], moved: dict[Stream, int]) -> None:
    sources, keys = columns(list(moved), 2)
    befores = array([before.get(stream, 0) for stream in moved])
    parameters = [sources, keys, array(list(moved.values())), sources, keys, befores]
    if tx.execute(ADVANCE, parameters).rowcount != len(moved):
        raise TransientFailure("another process has moved one of these streams")


def take(tx: Tx, arrivals: Sequence[Arrival]) -> set[tuple[str, str]]:
    """Notes unordered events in the inbox; returns (source, id) of those not seen before."""
    # In one order everywhere, so that two processes that take the same events never deadlock.
    return _take(tx, sorted((*arrival.ident, arrival.event.time) for arrival in arrivals))


def take_unreadable(tx: Tx, message: Unreadable) -> bool:
    """Whether an unreadable message is here for the first time."""
    return bool(_take(tx, [(*message.ident, EPOCH)]))


def _take(tx: Tx, entries: Sequence[tuple[str, str, datetime]]) -> set[tuple[str, str]]:
    if not entries:
        return set()
    return {(source, id_) for source, id_ in tx.execute(TAKE, columns(entries, 3))}


def _positions(tx: Tx, streams: Sequence[Stream]) -> tuple[dict[Stream, int], set[str]]:
    """How far these streams are, and which of the rare cases there are anywhere: `gap`, `parked`."""
    if not streams:
        return {}, set()
    rows = tx.execute(POSITIONS, columns(streams, 2)).fetchall()
    rare = {key for source, key, _ in rows if source is None}
    return {(source, key): sequence for source, key, sequence in rows if source is not None}, rare
