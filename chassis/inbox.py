"""Exactly-once effect: what was taken before is dropped, what comes too early waits for its predecessor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chassis import parked, positions, waiting
from chassis.database import Tx
from chassis.delivery import Arrival, Unreadable
from chassis.rows import columns
from chassis.waiting import Stream

TAKE = """
INSERT INTO inbox (source, id, time)
SELECT DISTINCT ON (source, id) source, id, time
FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS came (source, id, time)
WHERE NOT EXISTS (SELECT FROM inbox WHERE inbox.source = came.source AND inbox.id = came.id OFFSET 0)
ORDER BY source, id
ON CONFLICT DO NOTHING RETURNING source, id
"""
"""Source and id make the event (CloudEvents 1.0, 3.1); `time` only says in which partition its row lies. Who
sends it again may have made a new time for it, which conflicts with no row; so it is looked for first, by the
index each (OFFSET 0), for the planner would read the whole of a young table."""
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


def admit(
    tx: Tx, arrivals: Sequence[Arrival], trusted: Mapping[Stream, int], *, followers: bool = True
) -> Admission:
    """Sorts a batch: repeats are dropped, gaps wait, and what waited behind a gap follows its predecessor.

    Where streams stand is looked up, but for those that are `trusted` to stand here until `settle` proves it.
    Without `followers` an event is admitted for itself alone, so that a failure is surely its own.
    """
    arrivals = waiting.still_mine(tx, arrivals)
    admission = Admission()
    ordered = sorted({arrival.stream for arrival in arrivals if arrival.event.sequence})
    if ordered:
        found, rare = positions.look(tx, [stream for stream in ordered if stream not in trusted])
        admission.before = found | {stream: trusted[stream] for stream in ordered if stream in trusted}
    else:
        rare = set()
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


def settle(tx: Tx, admission: Admission) -> dict[Stream, int]:
    """Writes down how far the streams have come, which it returns, and who waits.

    Raises TransientFailure if another process was faster, or what was trusted is not so.
    """
    done = {arrival.ident for arrival in admission.ready} if admission.early else set()
    early = [arrival for arrival in admission.early if arrival.ident not in done]
    waiting.wait_behind_gap(tx, [arrival for arrival in early if not arrival.waits_as])
    waiting.still_early(tx, [arrival.waits_as for arrival in early if arrival.waits_as])
    ended = admission.ready + admission.repeats
    waiting.leave(tx, [arrival.waits_as for arrival in ended if arrival.waits_as])
    moved = {
        stream: after for stream, after in admission.after.items() if after != admission.before.get(stream, 0)
    }
    positions.advance(tx, admission.before, moved)
    return moved


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
