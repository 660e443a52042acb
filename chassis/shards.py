"""Which shards this process reads: its own at once, and those of an absent fellow until it is back."""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

from chassis.pause import NOTHING, Hold
from chassis.settings import Settings
from chassis.topology import queue_name

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between looks at the fellows' shards."""
OFFER_BACK = 4
"""Looks after which a fellow's shard is offered back."""


class Shards:
    """The subscriptions of instance k of n on one channel.

    What an operator holds is read by nobody. A queue serves one consumer at a time (single active consumer),
    the first that came; so a fellow's shard is taken only when nobody reads it, by the next instance first.
    Who waits behind the active consumer cannot be seen (RabbitMQ 3.10), so it is offered back now and then:
    let go, and read again if unread.
    """

    def __init__(self, settings: Settings, service: str) -> None:
        self._service, self._instance, self._instances = service, settings.instance - 1, settings.instances
        self._all = range(settings.shards)
        self._tags: dict[int, str] = {}
        self._unread: Counter[int] = Counter()
        self._looks = 0
        self._held = NOTHING

    @property
    def read(self) -> frozenset[int]:
        """The shards subscribed to."""
        return frozenset(self._tags)

    def subscribe(self, channel: Any, callback: Callable[[Any], None], held: Hold = NOTHING) -> None:
        """Reads this instance's own shards but those held; every reconnection begins here."""
        self._tags, self._unread, self._callback, self._held = {}, Counter(), callback, held
        self._read_own(channel)

    def hold(self, channel: Any, held: Hold) -> None:
        """Lets go of what is held, and reads again what of this instance's own is not."""
        self._held = held
        for shard in [shard for shard in self._tags if held.holds(shard)]:
            self._give_up(channel, shard)
        self._read_own(channel)

    def look(self, channel: Any) -> None:
        """Takes over what nobody reads, offers back what is a fellow's."""
        self._looks += 1
        for shard in self._all:
            if self._distance(shard) > 0 and not self._held.holds(shard):
                self._look_at(channel, shard)

    def cancel(self, channel: Any) -> None:
        """Ends all subscriptions; what has been delivered stays in hand."""
        for shard in list(self._tags):
            self._give_up(channel, shard)

    @property
    def held(self) -> list[int]:
        """The shards that are not read because an operator wants it so."""
        return [shard for shard in self._all if self._held.holds(shard)]

    def _read_own(self, channel: Any) -> None:
        for shard in self._all:
            if self._distance(shard) == 0 and shard not in self._tags and not self._held.holds(shard):
                self._read(channel, shard)

    def _look_at(self, channel: Any, shard: int) -> None:
        if shard in self._tags:
            if self._looks % OFFER_BACK == 0:
                self._offer_back(channel, shard)
            return
        self._unread[shard] = 0 if self._is_read(channel, shard) else self._unread[shard] + 1
        if self._unread[shard] > self._distance(shard):
            log.warning("shard taken over", extra={"shard": shard})
            self._read(channel, shard)

    def _offer_back(self, channel: Any, shard: int) -> None:
        self._give_up(channel, shard)
        if self._is_read(channel, shard):
            log.info("shard given back", extra={"shard": shard})
            self._unread[shard] = 0
        else:
            self._read(channel, shard)

    def _is_read(self, channel: Any, shard: int) -> bool:
        queue = channel.queue_declare(queue_name(self._service, shard), passive=True)
        return bool(queue.consumer_count)

    def _distance(self, shard: int) -> int:
        """How many instances come before this one for a shard; 0 for its owner."""
        return (self._instance - shard) % self._instances

    def _read(self, channel: Any, shard: int) -> None:
        self._tags[shard] = channel.basic_consume(queue_name(self._service, shard), callback=self._callback)

    def _give_up(self, channel: Any, shard: int) -> None:
        channel.basic_cancel(self._tags.pop(shard))
