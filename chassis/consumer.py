"""Reads this service's shards, a batch at a time: one transaction, then the acks; what is not acked comes again."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from chassis.clock import now
from chassis.database import Database, Tx
from chassis.delivery import Arrival, Delivery, Unreadable, read
from chassis.effect import Effects, Tally
from chassis.line import BROKEN, Deadline, Line, pauses
from chassis.recovery import TransientFailure
from chassis.relay import Relay
from chassis.settings import Settings
from chassis.topology import Topology, declare, queue_name

log = logging.getLogger(__name__)

IDLE = 0.2
"""Seconds between looks at the stop flag while nothing arrives."""

TRANSIENT = (psycopg.OperationalError, psycopg.InterfaceError, TransientFailure)
"""What says nothing about the batch: it is done again, whole, on a fresh connection."""


class Worker:
    """Turns work into committed effects and hands the messages to the relay; again after a transient failure."""

    def __init__(self, effects: Effects, database: Database, relay: Relay, stopping: threading.Event) -> None:
        self.effects, self._database, self._relay, self._stopping = effects, database, relay, stopping

    def commit(self, work: Callable[[Tx, Tally], None]) -> Tally | None:
        """Runs `work` in a transaction until it commits; None if a stop came before it could."""
        pause = pauses()
        while True:
            tally = Tally()
            try:
                with self._database.transaction() as tx:
                    work(tx, tally)
            except TRANSIENT as error:
                log.warning("batch will be done again", extra={"cause": type(error).__name__})
                if self._stopping.wait(next(pause)):
                    return None
            else:
                self._relay.hand_over(tally.messages)
                return tally


class Consumer:
    """One connection to the broker that consumes all shards of the service."""

    def __init__(self, settings: Settings, topology: Topology, worker: Worker, service: str) -> None:
        self._settings, self._topology, self._worker, self._service = settings, topology, worker, service
        self._stopping = worker._stopping
        self._arrived: list[Arrival | Unreadable] = []
        self._last_tag = 0
        self.connected = False

    def run(self) -> None:
        """Consumes until stopped; reconnects after 0.2 to 5 seconds when the broker is gone."""
        pause = pauses()
        while not self._stopping.is_set():
            try:
                with Line(self._settings, self._service) as line:
                    self._arrived.clear()
                    tags = self._subscribe(line)
                    self.connected = True
                    pause = pauses()
                    self._consume(line)
                    self._drain(line, tags)
            except BROKEN as error:
                log.warning("consumer interrupted", extra={"cause": type(error).__name__, "said": str(error)[:200]})
                self._stopping.wait(next(pause))
            finally:
                self.connected = False

    def _subscribe(self, line: Line) -> list[str]:
        declare(line.channel, self._topology)
        line.channel.basic_qos(0, self._settings.prefetch, False)
        return [
            line.channel.basic_consume(queue_name(self._service, shard), callback=self._take)
            for shard in self._shards()
        ]

    def _shards(self) -> Sequence[int]:
        """This instance's own shards first; of the others it is the standby."""
        mine, all_ = self._settings.instance - 1, range(self._settings.shards)
        own = [shard for shard in all_ if shard % self._settings.instances == mine]
        return own + [shard for shard in all_ if shard not in own]

    def _consume(self, line: Line) -> None:
        beat = Deadline(self._settings.heartbeat / 2)
        while not self._stopping.is_set():
            if self._collect(line):
                self._effect_and_ack(line)
            if not beat.left:
                line.check()
                beat = Deadline(self._settings.heartbeat / 2)

    def _drain(self, line: Line, tags: Sequence[str]) -> None:
        """Stops the flow, then finishes what has already been delivered: nothing is left to redeliver."""
        with line.writing:
            for tag in tags:
                line.channel.basic_cancel(tag)
        while line.drain(0):
            continue
        if self._arrived:
            self._effect_and_ack(line)

    def _collect(self, line: Line) -> bool:
        """Gathers up to a batch of events, or what comes within the window after the first."""
        if not line.drain(IDLE):
            return False
        window = Deadline(self._settings.batch_window)
        while len(self._arrived) < self._settings.batch_events and line.drain(window.left) and window.left:
            continue
        return bool(self._arrived)

    def _take(self, message: Any) -> None:
        info, properties = message.delivery_info, message.properties
        body = message.body
        delivery = Delivery(
            body=body.encode() if isinstance(body, str) else bytes(body),
            content_type=properties.get("content_type"),
            exchange=info["exchange"],
            publisher=properties.get("user_id"),
            message_id=properties.get("message_id"),
        )
        found = read(delivery)
        self._arrived.extend([found] if isinstance(found, Unreadable) else found)
        self._last_tag = info["delivery_tag"]

    def _effect_and_ack(self, line: Line) -> None:
        arrived, self._arrived = self._arrived, []
        if (
            self._worker.commit(lambda tx, tally: _effect(self._worker.effects, tx, arrived, tally))
            is not None
        ):
            with line.writing:
                line.channel.basic_ack(self._last_tag, multiple=True)


def _effect(effects: Effects, tx: Tx, arrived: Sequence[Arrival | Unreadable], tally: Tally) -> None:
    arrivals = [item for item in arrived if isinstance(item, Arrival)]
    for message in arrived:
        if isinstance(message, Unreadable):
            effects.of_unreadable(tx, message, tally)
    if arrivals:
        effects.of_arrivals(tx, arrivals, now(), tally)
