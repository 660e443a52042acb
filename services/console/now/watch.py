"""Looks every few seconds, judges, remembers since when, and says it: the read model of the page *Now*."""

import logging
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from chassis.clock import now
from chassis.database import Tx, passing, too_slow
from contracts.registry import LEDGERS
from services.console.now import domain, newest, store
from services.console.now.broker import Looker
from services.console.now.domain import Cause
from services.console.now.finding import NOBODY, Affected, Finding, told
from services.console.now.seen import Broker, Hears, Proved, Queue, Rate, Sight, Store

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between looks."""
WITHIN = 900.0
"""Seconds for which a message that was not taken in is looked for among the newest."""
OVER = timedelta(seconds=60)
"""Time over which rates are taken."""


UNDER_WAY = frozenset({"no_consumer", "service_down", "queue_gone", "stuck", "lost", "paused", "drained"})
"""Kinds for which what is under way to the service waits."""


class Ledgers(Protocol):
    """Hands out transactions in which all schemas can be read."""

    def transaction(self) -> AbstractContextManager[Tx]: ...


class Picture(Struct, frozen=True, kw_only=True):
    """What was seen at one moment and what it means."""

    sight: Sight
    findings: tuple[Finding, ...]
    lost: Mapping[tuple[str, int], int] = {}
    """How many of the newest messages to a shard (service, number) lie in no queue and were not taken in."""
    seconds: float
    """How long the look took."""


class Watch:
    """One observer: it keeps its connections, the counts of the last minute, and what it saw first when."""

    def __init__(self, ledgers: Ledgers, amqp_url: str) -> None:
        self._ledgers, self._looker = ledgers, Looker(amqp_url)
        self._counts: deque[tuple[datetime, Mapping[str, Rate]]] = deque()
        self._seen: dict[str, datetime] = {}
        self._hears: Hears = {}
        self._proved: Proved = {}
        self._shards: Mapping[str, int] = {}

    def look(self) -> Picture:
        """Looks once; nothing that is away keeps it from telling so."""
        begun = now()
        try:
            with self._ledgers.transaction() as tx:
                self._hears, self._shards = store.hears(tx), store.shards(tx)
                broker, queues = self._looker.look(self._shards)
                picture = self._judged(tx, broker, queues)
        except psycopg.Error as error:
            if not (passing(error) or too_slow(error)):
                raise
            log.warning("the ledgers cannot be read", extra={"cause": type(error).__name__})
            broker, queues = self._looker.look(self._shards)
            away = Store(answers=False, said=type(error).__name__)
            sight = Sight(at=now(), broker=broker, store=away, queues=queues)
            picture = Picture(sight=sight, findings=self._told_blindly(sight), seconds=0)
        return replace(picture, seconds=(now() - begun).total_seconds())

    def close(self) -> None:
        """Lets go of the broker."""
        self._looker.close()

    def _judged(self, tx: Tx, broker: Broker, queues: tuple[Queue, ...]) -> Picture:
        sight = self._sight(tx, broker, queues)
        causes = domain.causes(sight)
        since = store.remember(tx, [cause.key for cause in causes], sight.at)
        self._seen = dict(since)
        lasting = [cause for cause in causes if domain.lasts(cause, since[cause.key], sight.at)]
        findings = [
            told(cause, _first(cause, since), affected(tx, self._hears, cause), sight.at) for cause in lasting
        ]
        return Picture(sight=sight, findings=ranked(findings), lost=domain.lost(sight, lasting), seconds=0)

    def _told_blindly(self, sight: Sight) -> tuple[Finding, ...]:
        """What can be told without the ledgers; since when is in memory alone."""
        causes = domain.causes(sight)
        self._seen = {cause.key: self._seen.get(cause.key, sight.at) for cause in causes}
        lasting = [cause for cause in causes if domain.lasts(cause, self._seen[cause.key], sight.at)]
        return ranked([told(cause, _first(cause, self._seen), NOBODY, sight.at) for cause in lasting])

    def _sight(self, tx: Tx, broker: Broker, queues: tuple[Queue, ...]) -> Sight:
        ledgers = store.ledgers(tx)
        arrived = newest.arrived(tx, self._hears, WITHIN, self._proved)
        self._proved = domain.proved(arrived)
        at = now()
        self._counts.append((at, {each.service: Rate(each.taken, each.sent) for each in ledgers}))
        return Sight(
            at=at, broker=broker, store=store.database(tx), queues=queues, ledgers=ledgers,
            under_way=tuple(each for each in arrived if not each.taken),
            looked_at=Counter(each.subscriber for each in arrived),
            pauses=store.pauses(tx), blocked=store.blocked(tx),
            parked=store.parked(tx) if any(each.parked for each in ledgers) else (),
            channels=store.channels(tx), restarts=store.restarts(tx), rates=self._rates(at),
        )  # fmt: skip

    def _rates(self, at: datetime) -> Mapping[str, Rate]:
        while at - self._counts[0][0] > OVER:
            self._counts.popleft()
        (began, first), (ended, last) = self._counts[0], self._counts[-1]
        minutes = (ended - began).total_seconds() / 60
        if not minutes:
            return {}
        return {
            name: Rate(
                max(0.0, (last[name].taken - first[name].taken) / minutes),
                max(0.0, (last[name].sent - first[name].sent) / minutes),
            )
            for name in last
            if name in first
        }


def ranked(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The worst first: by severity, then by who waits, then by how long."""
    return tuple(
        sorted(
            findings,
            key=lambda each: (
                domain.RANKS[each.severity], -each.affected.urgent, -each.affected.count, each.since,
            ),
        )
    )  # fmt: skip


def affected(tx: Tx, heard: Hears, cause: Cause) -> Affected:
    """The tickets that wait because of it."""
    return store.affected(tx, sorted(set(_keys(tx, heard, cause))))


def _keys(tx: Tx, heard: Hears, cause: Cause) -> Iterator[str]:
    if cause.tickets is not None:
        yield from cause.tickets
    elif cause.kind in UNDER_WAY:
        yield from newest.keys_under_way(tx, heard, cause.service, cause.shards, cause.about)
    elif cause.kind in ("broker_away", "broker_alarm"):
        yield from store.keys_unsent(tx, LEDGERS)
    elif cause.kind == "unsent":
        yield from store.keys_unsent(tx, [cause.service])
    elif cause.kind == "parked":
        type_, _, why = cause.about.partition(":")
        yield from store.keys_parked(tx, cause.service, type_, why)
    elif cause.kind in ("overdue", "gap"):
        yield from store.keys_waiting(tx, cause.service, gap=cause.kind == "gap")
    elif cause.kind in ("channel_paused", "channel_down"):
        yield from store.keys_notified(tx, cause.about)


def _first(cause: Cause, seen: Mapping[str, datetime]) -> datetime:
    return min(cause.since, seen[cause.key]) if cause.since else seen[cause.key]
