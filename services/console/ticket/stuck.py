"""What of a ticket does not go on by itself, or not yet: parked, waiting, not taken in. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.masking import masked
from services.console.ticket.event_words import words_of
from services.console.ticket.facts import plain
from services.console.ticket.words import STUCK
from services.console.words import Pair


@dataclass(frozen=True)
class Waiting:
    """An event that waits in a service: behind a gap (`due_at` None), or for another try."""

    service: str
    type: str
    source: str
    sequence: int
    attempt: int
    due_at: datetime | None
    error: str | None
    since: datetime


@dataclass(frozen=True)
class Parked:
    """An event that needs a person."""

    service: str
    no: int
    type: str | None
    source: str
    sequence: int
    reason: str
    attempt: int
    parked_at: datetime


@dataclass(frozen=True)
class Stuck:
    """What does not go on by itself, or not yet, and where."""

    service: str
    publisher: str
    sequence: int
    name: Pair
    how: str
    """A key of STUCK."""
    since: datetime | None = None
    until: datetime | None = None
    detail: str = ""
    record: str = ""
    """The parked record, e.g. ticket:12."""

    @property
    def words(self) -> Pair:
        """What that means."""
        return STUCK[self.how]


def stuck(
    waiting: Sequence[Waiting], parked: Sequence[Parked], published: Mapping[str, int],
    positions: Mapping[tuple[str, str], int],
) -> list[Stuck]:  # fmt: skip
    """What is parked, waits, or has not been taken in by somebody who has heard of the ticket."""
    found = [
        Stuck(each.service, each.source.rpartition(":")[2], each.sequence, words_of(plain(each.type or "?")),
              "parked", since=each.parked_at, detail=each.reason, record=f"{each.service}:{each.no}")
        for each in parked
    ]  # fmt: skip
    found += [
        Stuck(each.service, each.source.rpartition(":")[2], each.sequence, words_of(plain(each.type)),
              "retry" if each.due_at else "gap", since=each.since, until=each.due_at,
              detail=masked(each.error or "")[:200])
        for each in waiting
    ]  # fmt: skip
    known = {(each.service, each.publisher, each.sequence) for each in found}
    return found + list(_behind(published, positions, known))


def _behind(
    published: Mapping[str, int], positions: Mapping[tuple[str, str], int], known: set[tuple[str, str, int]]
) -> Iterator[Stuck]:
    for (service, publisher), taken in sorted(positions.items()):
        last = published.get(publisher, 0)
        missing = [n for n in range(taken + 1, last + 1) if (service, publisher, n) not in known]
        if missing:
            span = str(missing[0]) if len(missing) == 1 else f"{missing[0]}–{missing[-1]}"
            yield Stuck(service, publisher, missing[0], (f"第 {span} 个事件", f"fact {span}"), "behind")
