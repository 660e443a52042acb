"""How far each stream has come: rows that a write advances and proves, a memory that spares reading them."""

from collections.abc import Iterable, Mapping, Sequence

from chassis.database import Tx
from chassis.delivery import Arrival
from chassis.recovery import TransientFailure
from chassis.remembered import Remembered
from chassis.rows import array, columns
from chassis.waiting import Stream

LOOK = """
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
REMEMBERED = 20_000
"""Streams of which the last positions are remembered at least; twice as many at most."""
UNKNOWN = -9
"""Nothing follows upon this."""


class Positions(Remembered[Stream, int]):
    """Where streams stand as this process committed it last. It may be wrong: `advance` finds out."""

    def __init__(self) -> None:
        super().__init__(REMEMBERED)

    def plain(self, arrivals: Iterable[Arrival]) -> dict[Stream, int]:
        """Where streams stand, of those whose events here follow upon that one by one; a first one begins."""
        stands: dict[Stream, int] = {}
        comes: dict[Stream, int] = {}
        for arrival in arrivals:
            stream, number = arrival.stream, arrival.event.number
            if stream not in stands:
                known = self.get(stream) or (0 if number == 1 else UNKNOWN)
                stands[stream] = comes[stream] = known
            follows = number == comes[stream] + 1 and not arrival.waits_as
            comes[stream] = number if follows else UNKNOWN
        return {stream: number for stream, number in stands.items() if comes[stream] > number}


def look(tx: Tx, streams: Sequence[Stream]) -> tuple[dict[Stream, int], set[str]]:
    """How far these streams are, and which of the rare cases there are anywhere: `gap`, `parked`."""
    rows = tx.execute(LOOK, columns(streams, 2)).fetchall()
    rare = {key for source, key, _ in rows if source is None}
    return {(source, key): sequence for source, key, sequence in rows if source is not None}, rare


def advance(tx: Tx, before: Mapping[Stream, int], moved: Mapping[Stream, int]) -> None:
    """Moves streams on from where they stood; raises TransientFailure if one stood elsewhere."""
    if not moved:
        return
    sources, keys = columns(list(moved), 2)
    befores = array([before.get(stream, 0) for stream in moved])
    parameters = [sources, keys, array(list(moved.values())), sources, keys, befores]
    if tx.execute(ADVANCE, parameters).rowcount != len(moved):
        raise TransientFailure("another process has moved one of these streams")
