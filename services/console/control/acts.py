"""What can be done, for the page and the command alike; each act runs in the schema of its service.

Whoever calls one puts it on record in the same transaction.
"""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct

from chassis import pause
from chassis.clock import now
from chassis.database import Tx
from chassis.decisions import By, retried
from chassis.pause import Part, Pause
from services.console.control import grid_store, restart_store, store
from services.console.control.replay_store import Wanted

CHANNELS = ("smtp", "sms", "app")
"""Ways of notifying that can be paused; the console itself always shows."""
AT_ONCE = 500
"""Parked records that one act tries again; the page *Failed* does more, at a chosen rate."""
BEFORE = timedelta(minutes=1)


class What(Struct, frozen=True, kw_only=True):
    """What of a service is paused: all of its consumer, one shard, everything (a drain), or a channel."""

    part: Part = "consumer"
    shard: int | None = None
    channel: str | None = None
    minutes: int | None = None
    """How long at most; None: until somebody ends it."""


class NotPossible(Exception):
    """This cannot be done; the message says why, in Chinese and English."""


def begin_pause(tx: Tx, service: str, what: What, who: str, reason: str) -> int:
    """Pauses it and returns the number of the pause; raises NotPossible."""
    if what.part == "channel" and (service != "notification" or what.channel not in CHANNELS):
        raise NotPossible("没有这个渠道 · there is no such channel")
    until = now() + timedelta(minutes=what.minutes) if what.minutes else None
    try:
        return pause.begin(
            tx, what.part, shard=what.shard, channel=what.channel, until=until, who=who, reason=reason
        )
    except pause.AlreadyPaused:
        raise NotPossible("已经暂停 · it is paused already") from None


def resume(tx: Tx, no: int, who: str, reason: str) -> None:
    """Ends a pause; raises NotPossible."""
    if not pause.end(tx, no, who, reason):
        raise NotPossible("暂停已结束 · this pause has ended already")


def paused(tx: Tx) -> Sequence[Pause]:
    """The pauses of the service in force."""
    return pause.in_force(tx)


def restart(tx: Tx, service: str, who: str, reason: str) -> int:
    """Wants the processes of a service started anew; returns the number of the request.

    Whoever watches over the processes takes it: the supervisor of a house does.
    """
    return restart_store.ask(tx, service, who, reason)


def retry(tx: Tx, type_: str, why: str, who: str, reason: str) -> int:
    """Lets the service try again what is parked with this type and reason; returns how many records."""
    return len(retried(tx, store.parked_of(tx, type_, why, AT_ONCE), By(who, reason)))


def hang(tx: Tx, grid: str, home: str) -> str:
    """Lets a grid lie in another cell, whose people are asked from then on; returns in which it lay.

    Raises NotPossible.
    """
    grid_store.lock(tx)
    way = grid_store.way(tx, grid)
    found = next((cell for cell in grid_store.homes(tx, grid) if cell.code == home), None)
    if not way or found is None:
        raise NotPossible("网格不能归到那里 · the grid cannot lie there")
    grid_store.hang(tx, grid, found)
    return way[-2].code if len(way) > 1 else ""


def lost(subscriber: str, shards: Sequence[int], publishers: Sequence[str], minutes: int) -> Wanted:
    """What brings back that a subscriber lacks of the last `minutes`."""
    at = now()
    return Wanted(
        subscriber=subscriber, shards=list(shards) or None, publishers=list(publishers),
        since=at - timedelta(minutes=minutes) - BEFORE, until=at, missing=True, rate=1000,
    )  # fmt: skip
