"""What one service has published and another has taken in, compared as a whole and then ticket by ticket."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cli.audit import store, stream_store
from cli.audit.runs import facts_in
from cli.audit.store import Keys, Ledgers


@dataclass
class Stream:
    """How far `service` is with what `publisher` has said."""

    publisher: str
    service: str
    effected: int = 0
    behind: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By ticket that differs: facts published, facts taken in."""
    fate: dict[tuple[str, int], str] = field(default_factory=dict)
    """Of each (ticket, sequence) published and not taken in: waiting, parked, under way, missing."""

    @property
    def source(self) -> str:
        """The publisher as its events name it."""
        return f"urn:fengge:{self.publisher}"

    def fates(self) -> Counter[str]:
        """How many events are where."""
        return Counter(self.fate.values())

    def missing(self) -> dict[str, list[int]]:
        """By ticket, the events that are nowhere."""
        found: dict[str, list[int]] = {}
        for (ticket, number), where in sorted(self.fate.items()):
            if where == "missing":
                found.setdefault(ticket, []).append(number)
        return found

    def ahead(self) -> dict[str, tuple[int, int]]:
        """Tickets of which more was taken in than the publisher knows to have said."""
        return {ticket: both for ticket, both in self.behind.items() if both[1] > both[0]}


def read_stream(ledgers: Ledgers, publisher: str, service: str, keys: Keys, grace: float) -> Stream:
    """Compares the two ledgers; where they differ, finds the place of each event.

    The subscriber is always read before the publisher: so whatever it has, the publisher knows.
    """
    stream = Stream(publisher, service)
    _compare(ledgers, stream, keys)
    for ticket, (said, position) in stream.behind.items():
        stream.fate |= {(ticket, number): "missing" for number in range(position + 1, said + 1)}
    if stream.fate:
        _place_held(ledgers, stream)
        _place_under_way(ledgers, stream, grace)
    return stream


def _compare(ledgers: Ledgers, stream: Stream, keys: Keys) -> None:
    taken = _sums(ledgers, stream, stream.service, keys)
    said = _sums(ledgers, stream, stream.publisher, keys)
    buckets = [bucket for bucket in taken.keys() | said.keys() if taken.get(bucket) != said.get(bucket)]
    stream.effected = sum(total for bucket, (total, _) in taken.items() if bucket not in set(buckets))
    if buckets:
        positions = _sequences(ledgers, stream, stream.service, buckets, keys)
        published = _sequences(ledgers, stream, stream.publisher, buckets, keys)
        stream.effected += sum(positions.values())
        stream.behind = {
            ticket: (published.get(ticket, 0), positions.get(ticket, 0))
            for ticket in published.keys() | positions.keys()
            if published.get(ticket, 0) != positions.get(ticket, 0)
        }


def _sums(ledgers: Ledgers, stream: Stream, service: str, keys: Keys) -> stream_store.Sums:
    with store.moment(ledgers[service]) as tx:
        return stream_store.sums(tx, stream_store.stream_of(stream.publisher, service), stream.source, keys)


def _sequences(
    ledgers: Ledgers, stream: Stream, service: str, buckets: Iterable[int], keys: Keys
) -> dict[str, int]:
    with store.moment(ledgers[service]) as tx:
        sql = stream_store.stream_of(stream.publisher, service)
        return stream_store.sequences(tx, sql, stream.source, list(buckets), keys)


def _place_held(ledgers: Ledgers, stream: Stream) -> None:
    """Finds what waits or is parked at the subscriber."""
    with store.moment(ledgers[stream.service]) as tx:
        held = stream_store.held(tx, stream.source, list(stream.behind))
    stream.fate |= {fact: where for fact, where in held.items() if fact in stream.fate}


def _place_under_way(ledgers: Ledgers, stream: Stream, grace: float) -> None:
    """Finds what was published a moment ago, or has arrived since the ledgers were read."""
    exchange = f"{stream.publisher}.events"
    with store.moment(ledgers[stream.publisher]) as tx:
        _mark(stream, stream_store.written_lately(tx, exchange, grace))
        if "missing" in stream.fate.values():
            _mark(stream, stream_store.sent_lately(tx, exchange, grace))
    late = sorted({ticket for (ticket, _), where in stream.fate.items() if where == "missing"})
    with store.moment(ledgers[stream.service]) as tx:
        positions: Mapping[str, int] = stream_store.positions(tx, stream.source, late) if late else {}
    stream.fate |= {
        (ticket, number): "under way"
        for (ticket, number), where in stream.fate.items()
        if where == "missing" and number <= positions.get(ticket, 0)
    }


def _mark(stream: Stream, bodies: Iterable[str]) -> None:
    for body in bodies:
        for ticket, source, number in facts_in(body):
            if source == stream.source and stream.fate.get((ticket, number)) == "missing":
                stream.fate[ticket, number] = "under way"
