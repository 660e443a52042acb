"""Judges what was seen: pure rules, each of which names one kind of cause."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from services.console.now.seen import Arrived, Proved, Queue, Sight
from services.console.now.standing import PASSING, ago, heard, held, silent

Severity = Literal["alarm", "warning", "note"]
RANKS: dict[str, int] = {"alarm": 0, "warning": 1, "note": 2}

LATE = timedelta(seconds=7)
"""After which a message that nobody has taken in, and that lies in no queue, counts as lost on its way."""
FORGOTTEN = timedelta(minutes=15)
"""After which a pause without an end counts as forgotten."""
GAP = timedelta(seconds=30)
MOST_CONNECTIONS = 0.9


class Cause(Struct, frozen=True, kw_only=True):
    """Why somebody waits, or will: what it is, where, and since when as far as the ledgers know it."""

    kind: str
    severity: Severity
    service: str = ""
    shards: tuple[int, ...] = ()
    about: str = ""
    """What else tells it from others of its kind: a publisher, an event type, a cell, a channel."""
    said: str = ""
    since: datetime | None = None
    count: int = 0
    tickets: tuple[str, ...] | None = None
    """The tickets where the rule knows them; None: the ledgers are to be asked."""
    pause: int = 0
    who: str = ""

    @property
    def key(self) -> str:
        """What stays the same from look to look."""
        where = ".".join(map(str, self.shards))
        return f"{self.kind}/{self.service}/{where}/{self.about}"


def causes(sight: Sight) -> list[Cause]:
    """Every cause in sight; the worst kinds first."""
    found = [cause for rule in RULES for cause in rule(sight)]
    return sorted(found, key=lambda cause: RANKS[cause.severity])


def _database(sight: Sight) -> Iterator[Cause]:
    store = sight.store
    if not store.answers:
        yield Cause(kind="database_away", severity="alarm", said=store.said)
    elif store.most_connections and store.connections > MOST_CONNECTIONS * store.most_connections:
        yield Cause(kind="connections_full", severity="warning", count=store.connections)
    elif store.locked_seconds > PASSING.total_seconds():
        yield Cause(kind="locked", severity="warning", since=ago(sight, store.locked_seconds))


def _broker(sight: Sight) -> Iterator[Cause]:
    if not sight.broker.answers:
        yield Cause(kind="broker_away", severity="alarm", said=sight.broker.said)
    elif sight.broker.alarm:
        yield Cause(kind="broker_alarm", severity="alarm", said=sight.broker.alarm)


def _queues(sight: Sight) -> Iterator[Cause]:
    """Queues that are gone; services that are, as a whole or for some shards that nobody has paused."""
    by_service: dict[str, list[Queue]] = defaultdict(list)
    for queue in sight.queues:
        by_service[queue.service].append(queue)
    for service, queues in by_service.items():
        gone = tuple(queue.shard for queue in queues if not queue.there)
        if gone:
            yield Cause(kind="queue_gone", severity="alarm", service=service, shards=gone)
        left = [queue for queue in queues if queue.there and not held(sight, service, queue.shard)]
        unread = [queue for queue in left if not queue.consumers]
        still = silent(sight, service)
        if len(unread) == len(queues):
            yield _down(service, unread, "not_running")
        elif still and left:
            yield _down(service, left, "not_reacting", ago(sight, still))
        elif unread:
            yield Cause(
                kind="no_consumer", severity="alarm", service=service, count=_ready(unread),
                shards=tuple(queue.shard for queue in unread),
            )  # fmt: skip


def _down(service: str, queues: Sequence[Queue], said: str, since: datetime | None = None) -> Cause:
    return Cause(
        kind="service_down", severity="alarm", service=service, count=_ready(queues), said=said, since=since
    )


def _ready(queues: Sequence[Queue]) -> int:
    return sum(queue.ready for queue in queues)


Late = dict[tuple[str, int], dict[str, datetime]]
"""By service and shard, and by publisher: since when the first message has not been taken in."""


def _stuck(sight: Sight) -> Iterator[Cause]:
    """Messages in a queue that is read, and yet does not move."""
    queues = {(queue.service, queue.shard): queue for queue in sight.queues}
    for (service, shard), since in _late(sight).items():
        if ready := queues[service, shard].ready:
            yield Cause(
                kind="stuck", severity="warning", service=service, shards=(shard,), since=min(since.values()),
                count=ready,
            )  # fmt: skip


def _lost(sight: Sight) -> Iterator[Cause]:
    """Messages that were confirmed, lie in no queue and are not taken in."""
    if sight.store.locked_seconds >= PASSING.total_seconds():
        return  # they are in the hands of somebody who waits for a lock
    empty = {(queue.service, queue.shard) for queue in sight.queues if not queue.ready}
    gone: dict[tuple[str, str], dict[int, datetime]] = defaultdict(dict)
    for (service, shard), since in _late(sight).items():
        if (service, shard) in empty:
            for publisher, first in since.items():
                gone[service, publisher][shard] = first
    for (service, publisher), shards in sorted(gone.items()):
        yield Cause(
            kind="lost", severity="alarm", service=service, shards=tuple(shards), about=publisher,
            since=min(shards.values()),
        )  # fmt: skip


def _late(sight: Sight) -> Late:
    """What is not taken in although somebody reads its queue."""
    read = {(queue.service, queue.shard) for queue in sight.queues if queue.there and queue.consumers}
    late: Late = defaultdict(dict)
    for each in sorted(sight.under_way, key=lambda each: (each.subscriber, each.shard, each.sent_at)):
        where = each.subscriber, each.shard
        works = where in read and not held(sight, *where) and not silent(sight, each.subscriber)
        if works and sight.at - each.sent_at >= LATE:
            late[where].setdefault(each.publisher, each.sent_at)
    return late


def _outboxes(sight: Sight) -> Iterator[Cause]:
    """Messages that do not get out although the broker takes messages."""
    if not sight.broker.answers or sight.broker.alarm:
        return
    for ledger in heard(sight):
        since = ledger.unsent_since
        if ledger.unsent and since and sight.at - since > PASSING:
            yield Cause(
                kind="unsent", severity="alarm", service=ledger.service, count=ledger.unsent, since=since
            )


def _waiting(sight: Sight) -> Iterator[Cause]:
    for ledger in heard(sight):
        if ledger.overdue_seconds > PASSING.total_seconds() and not held(sight, ledger.service, None):
            yield Cause(
                kind="overdue", severity="warning", service=ledger.service, count=ledger.retries_due,
                since=ago(sight, ledger.overdue_seconds),
            )  # fmt: skip
        since = ledger.gap_since
        if since and sight.at - since > GAP and not ledger.parked:
            yield Cause(
                kind="gap", severity="warning", service=ledger.service, count=ledger.gaps, since=since
            )


def _parked(sight: Sight) -> Iterator[Cause]:
    for group in sight.parked:
        yield Cause(
            kind="parked", severity="alarm", service=group.service, about=f"{group.type}:{group.reason}",
            said=group.reason, count=group.count, since=group.since,
        )  # fmt: skip


def _pauses(sight: Sight) -> Iterator[Cause]:
    for service, pause in sight.pauses:
        forgotten = pause.until is None and sight.at - pause.since > FORGOTTEN
        kind = {"consumer": "paused", "all": "drained", "channel": "channel_paused"}[pause.part]
        yield Cause(
            kind=kind, severity="warning" if forgotten else "note", service=service,
            shards=() if pause.shard is None else (pause.shard,), about=pause.channel or "",
            since=pause.since, pause=pause.no, who=pause.who, said=pause.reason,
        )  # fmt: skip


def _restarts(sight: Sight) -> Iterator[Cause]:
    """Restarts that an operator has asked for and nobody carries out."""
    for asked in sight.restarts:
        if sight.at - asked.asked_at > PASSING:
            yield Cause(
                kind="restart_waits", severity="warning", service=asked.service, since=asked.asked_at,
                who=asked.who, said=asked.reason,
            )  # fmt: skip


def _blocked(sight: Sight) -> Iterator[Cause]:
    for blocked in sight.blocked:
        yield Cause(
            kind="blocked", severity="alarm", service="dispatch", about=f"{blocked.grid}:{blocked.reason}",
            said=blocked.reason, since=blocked.since, tickets=blocked.tickets, count=len(blocked.tickets),
        )  # fmt: skip


def _channels(sight: Sight) -> Iterator[Cause]:
    for alarm in sight.channels:
        yield Cause(
            kind="channel_down", severity="warning", service="notification", about=alarm.about,
            said=alarm.kind, since=alarm.since,
        )  # fmt: skip


LASTING = frozenset({"service_down", "no_consumer", "broker_away", "database_away"})
"""Kinds that a restart shows for a moment; told once they last."""


def lasts(cause: Cause, seen: datetime, at: datetime) -> bool:
    """Whether it is no passing thing, having first been `seen` then, or standing since before."""
    return cause.kind not in LASTING or at - min(seen, cause.since or seen) >= PASSING - timedelta(seconds=1)


RULES: Sequence[Callable[[Sight], Iterator[Cause]]] = (
    _database, _broker, _queues, _stuck, _lost, _outboxes, _parked, _blocked, _waiting, _channels, _pauses,
    _restarts,
)  # fmt: skip


def lost(sight: Sight, found: Sequence[Cause]) -> dict[tuple[str, int], int]:
    """By service and shard how many of the newest messages are lost, by what was found."""
    gone = {(c.about, c.service, shard) for c in found if c.kind == "lost" for shard in c.shards}
    counts: Counter[tuple[str, int]] = Counter(
        (each.subscriber, each.shard)
        for each in sight.under_way
        if (each.publisher, each.subscriber, each.shard) in gone and sight.at - each.sent_at >= LATE
    )
    return dict(counts)


def proved(arrived: Sequence[Arrived]) -> Proved:
    """The messages that every subscriber has taken in."""
    missing = {(each.publisher, each.message) for each in arrived if not each.taken}
    found: dict[str, set[int]] = defaultdict(set)
    for each in arrived:
        if (each.publisher, each.message) not in missing:
            found[each.publisher].add(each.message)
    return found
