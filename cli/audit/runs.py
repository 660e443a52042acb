"""One publisher's facts about one ticket: they must stand on record as 1..n, each once, in order."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

Fact = tuple[str, str, int]
"""(ticket, publisher, sequence)."""


class Run(Struct, frozen=True):
    """What is wrong with what is on record."""

    missing: list[int]
    doubled: dict[int, int]
    unexpected: list[int]
    disordered: bool


class _Envelope(Struct):
    source: str
    partitionkey: str = ""
    sequence: str = "0"


_envelopes = msgspec.json.Decoder(_Envelope | list[_Envelope])


def compared(recorded: Sequence[int], owed: Iterable[int]) -> Run:
    """What is on record, in its order, beside the numbers that should be."""
    times, due = Counter(recorded), set(owed)
    return Run(
        sorted(due - times.keys()),
        {number: count for number, count in sorted(times.items()) if count > 1},
        sorted(times.keys() - due),
        list(recorded) != sorted(recorded),
    )


def facts_in(body: str) -> Iterator[Fact]:
    """The facts that a message of the outbox carries."""
    found: Any = _envelopes.decode(body)
    for event in found if isinstance(found, list) else [found]:
        yield event.partitionkey, event.source, int(event.sequence)
