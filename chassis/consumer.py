"""Reads this service's shards, a batch at a time: one transaction, then the acks; the unacked comes again."""

import logging
import time
from collections.abc import Sequence
from typing import Any

from chassis.delivery import Arrival, Delivery, Unreadable, read
from chassis.line import BROKEN, Deadline, Line, pauses, reason
from chassis.pause import Holds
from chassis.settings import Settings
from chassis.shards import LOOK_EVERY, Shards
from chassis.topology import Topology, declare
from chassis.worker import Worker

log = logging.getLogger(__name__)

QUIET = 0.2
"""Seconds of silence after which nothing is taken to be on its way any more."""
SETTLE = 1.5
"""Seconds to wait for that silence at most."""
LONGEST_WINDOW = 0.5
"""Seconds for which events are gathered at most, however long the last batch took."""
IDLE = 0.5
"""Seconds between looks at the stop flag while nothing arrives."""


class Consumer:
    """One connection to the broker that consumes this instance's shards of the service."""

    def __init__(
        self,
        settings: Settings,
        topology: Topology,
        worker: Worker,
        service: str,
        gather: float,
        holds: Holds,
    ) -> None:
        self._settings, self._topology, self._worker, self._service = settings, topology, worker, service
        self._holds, self._held = holds, holds.now
        self._window = max(settings.batch_window, gather)
        self._shards = Shards(settings, service)
        self._stopping = worker.stopping
        self._arrived: list[tuple[Sequence[Arrival | Unreadable], int]] = []
        self._events = 0
        self._worked = 0.0
        self.connected = False

    def run(self) -> None:
        """Consumes until stopped; reconnects after 0.2 to 5 seconds when the broker is gone."""
        pause = pauses()
        while not self._stopping.is_set():
            try:
                with Line(self._settings, self._service) as line:
                    self._arrived, self._events = [], 0
                    self._subscribe(line)
                    self.connected = True
                    pause = pauses()
                    self._consume(line)
                    self._drain(line)
            except BROKEN as error:
                log.warning("consumer interrupted", extra=reason(error))
                self._stopping.wait(next(pause))
            finally:
                self.connected = False

    @property
    def shards(self) -> frozenset[int]:
        """The shards it reads at this moment."""
        return self._shards.read if self.connected else frozenset()

    def _subscribe(self, line: Line) -> None:
        declare(line.channel, self._topology)
        line.channel.basic_qos(0, self._settings.prefetch, False)
        self._held = self._holds.known()
        self._shards.subscribe(line.channel, self._take, self._held)

    def _consume(self, line: Line) -> None:
        look = Deadline(LOOK_EVERY)
        while not self._stopping.is_set():
            if self._collect(line) and not self._effect_and_ack(line):
                return
            if self._holds.now is not self._held:
                self._hold(line)
            if self._settings.instances > 1 and not look.left:
                with line.writing:
                    self._shards.look(line.channel)
                look = Deadline(LOOK_EVERY)

    def _hold(self, line: Line) -> None:
        """Stops reading what an operator holds, or reads it again; what was delivered takes effect."""
        held = self._holds.now
        if held != self._held:
            self._settle_down(line)
            with line.writing:
                self._shards.hold(line.channel, held)
            self._settle_down(line)
            log.warning("held shards have changed", extra={"held": self._shards.held})
        self._held = held

    def _drain(self, line: Line) -> None:
        """Stops the flow, then finishes what has already been delivered: nothing is left to redeliver."""
        self._settle_down(line)
        with line.writing:
            self._shards.cancel(line.channel)
        self._settle_down(line)
        while self._arrived and self._effect_and_ack(line):
            continue

    def _settle_down(self, line: Line) -> None:
        """Takes in what is on its way, acking nothing, until it is quiet or every consumer has its fill.

        A quorum queue hands out what an ack has made room for; what crosses the cancel on its way is lost to
        this consumer, and would count as delivered once when the next one gets it (RabbitMQ 3.10).
        """
        most = Deadline(SETTLE)
        while line.drain(QUIET) and most.left:
            continue

    def _collect(self, line: Line) -> bool:
        """Gathers up to a batch of events, or what comes within the window after the first."""
        if not self._arrived and not line.drain(IDLE):
            return False
        # Half as long as the last batch took, so that a busy machine works on fewer, larger ones.
        window = Deadline(max(self._window, min(self._worked / 2, LONGEST_WINDOW)))
        while self._events < self._settings.batch_events and line.drain(window.left) and window.left:
            continue
        return bool(self._arrived)

    def _take(self, message: Any) -> None:
        info, properties = message.delivery_info, message.properties
        delivery = Delivery(
            body=bytes(message.body),
            content_type=_storable(properties.get("content_type")),
            exchange=info["exchange"],
            publisher=properties.get("user_id"),
            message_id=properties.get("message_id"),
            redelivered=bool(info["redelivered"]),
        )
        self._worker.meter.delivered[delivery.exchange] += 1
        found = read(delivery)
        events = [found] if isinstance(found, Unreadable) else found
        self._arrived.append((events, info["delivery_tag"]))
        self._events += len(events)

    def _effect_and_ack(self, line: Line) -> bool:
        """Commits one batch, then acks it; False, with all still in hand, if a stop came before that."""
        batch: list[Arrival | Unreadable] = []
        messages = last_tag = 0
        for found, tag in self._arrived:
            if len(batch) >= self._settings.batch_events:
                break
            batch += found
            messages, last_tag = messages + 1, tag
        begun = time.monotonic()
        if not self._worker.take(batch):
            return False
        self._worked = time.monotonic() - begun
        del self._arrived[:messages]
        self._events -= len(batch)
        with line.writing:
            line.channel.basic_ack(last_tag, multiple=True)
        return True


def _storable(text: str | None) -> str | None:
    """A sender's header in a form that the ledger can hold."""
    return (
        text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}") if text else text
    )
