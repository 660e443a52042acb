"""The loops that run a service, consumer, relay and timers; they know neither nameko nor eventlet."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import psycopg

from chassis import alive, backlog, figures, pause, resuming, traces, waiting
from chassis.alive import Alive
from chassis.benched import Bench
from chassis.clock import now
from chassis.consumer import Consumer
from chassis.database import Database, Tx
from chassis.effect import Effects, Handler
from chassis.halving import Care
from chassis.meter import Meter
from chassis.metrics import Board, Metric
from chassis.model import Command, Known, Stimulus
from chassis.relay import Relay
from chassis.resuming import Resumption
from chassis.service import Due, consumed_by, marked
from chassis.settings import Settings
from chassis.tally import Tally
from chassis.topology import of_outside, of_service, outside
from chassis.worker import Worker
from contracts.event import type_of

Spawn = Callable[[Callable[[], None]], Any]

log = logging.getLogger(__name__)

DUE_AT_ONCE = 200
"""Commands a timer hands over in one transaction; a full hand is followed by the next at once."""
FIRST_RUN = 2.0
"""Seconds after the start at which also a rare timer runs first: no restart puts it off for ever."""
ANSWERS_WITHIN = 5.0
"""Seconds after which a database that commits nothing counts as away."""


class Loops:
    """Consumer, relay and timers of one service; `spawn` gives each a thread with `wait()`, green or not."""

    def __init__(self, service_class: type[Any], settings: Settings, spawn: Spawn) -> None:
        name = service_class.name
        self._spawn = spawn
        self.stopping = threading.Event()
        self.database = Database(settings, name)
        self.service = service_class()
        self.service.begin(settings, self.database)
        self.meter = Meter()
        self.relay = Relay(settings, self.database, name, self.meter, service_class.linger)
        handlers = self._handlers()
        door = self.service.door()
        effects = Effects(
            service_class.model,
            handlers,
            settings.shards,
            settings.retry_attempts,
            self.service.passes,
            door=door,
        )
        self.traces = traces.start(settings, name)
        self.worker = Worker(effects, self.database, self.relay, self.stopping, self.meter, self.traces)
        topology = of_service(name, consumed_by(service_class), settings.shards)
        self.holds = pause.Holds(self.database)
        self.alive = Alive(self.database, settings.instance)
        self.resumption = Resumption(self.database, self.worker, self.holds, self.stopping)
        self.consumers = [Consumer(settings, topology, self.worker, name, service_class.gather, self.holds)]
        if door:
            queues = of_outside(name, settings.shards)
            self.consumers.append(Consumer(settings, queues, self.worker, outside(name), 0.0, self.holds))
        self._shards = range(settings.shards)
        self._timers = self._all_timers()
        own = {
            "timer": frozenset(name for name, _, _ in self._timers),
            "shard": frozenset(map(str, self._shards)),
            "line": frozenset(self.ready),
        }
        self._board = Board(name, own, self._metrics)

    def start(self) -> None:
        """Starts every loop in a thread of its own."""
        self.threads = [self._spawn(consumer.run) for consumer in self.consumers]
        self.threads += [self._spawn(partial(self._repeat, *timer)) for timer in self._timers]
        self.relay_thread = self._spawn(self.relay.run)

    def stop(self) -> None:
        """Drains: what is under way is finished, committed, acknowledged and published."""
        self.stopping.set()
        for thread in self.threads:
            thread.wait()
        self.relay.stop()
        self.relay_thread.wait()
        self.database.close()
        if self.traces:
            self.traces.close()

    @property
    def ready(self) -> dict[str, bool]:
        """Which of the service's lines stand."""
        # The timer that resumes waiting events asks the database once a second.
        return {
            "consumer": all(consumer.connected for consumer in self.consumers),
            "relay": self.relay.connected,
            "database": self.database.answered(ANSWERS_WITHIN),
        }

    def metrics(self) -> str:
        """What the process has counted, and what its ledger says now, for Prometheus."""
        return self._board.text()

    def _metrics(self) -> list[Metric]:
        ledger, readable = self._ledger()
        reads = frozenset.intersection(*(consumer.shards for consumer in self.consumers))
        held = self.holds.now
        return [
            *backlog.counted(self.worker.counts, readable),
            *self.meter.metrics(),
            *(figures.SHARD(shard in reads, shard=str(shard)) for shard in self._shards),
            *(figures.HELD(held.holds(shard), shard=str(shard)) for shard in self._shards),
            *(figures.LINE(up, line=line) for line, up in self.ready.items()),
            *ledger,
        ]

    def _ledger(self) -> tuple[list[Metric], bool]:
        """What waits and is parked, then what the service says of its own tables; whether all was told."""
        found: list[Metric] = []
        try:
            with self.database.transaction() as tx:
                found += list(backlog.backlog(tx))
                found += self.service.metrics(tx)
        except psycopg.Error as error:
            log.warning("the ledger could not be asked", extra={"cause": type(error).__name__})
            return found, False
        return found, True

    def _all_timers(self) -> list[tuple[str, float, Callable[[], bool]]]:
        """Name, seconds and work of every clock of the process."""
        service = type(self.service)
        return [
            ("resume", resuming.EVERY, self.resumption.turn),
            ("wake_missed", 5.0, self._wake_missed),
            ("holds", pause.LOOK_EVERY, self.holds.look),
            ("alive", alive.EVERY, self.alive.sign),
            ("partition", 3600.0, self._partition),
            *((name, seconds, self._timer(name, due)) for name, (seconds, due) in marked(service, "every")),
            *((name, seconds, self._errand(name)) for name, seconds in marked(service, "errand")),
        ]

    def _handlers(self) -> dict[str, Handler]:
        return {
            type_of(event): getattr(self.service, name)
            for name, events in marked(type(self.service), "consumes")
            for event in events
        }

    def _repeat(self, name: str, seconds: float, work: Callable[[], bool]) -> None:
        """Runs `work` soon and then every `seconds`, at once again while it says that there is more."""
        pause, timer = min(seconds, FIRST_RUN), self.meter.timer(name, seconds)
        while not self.stopping.wait(pause):
            pause = seconds
            try:
                while work() and not self.stopping.is_set():
                    timer.done()
                timer.done()
            except Exception:
                timer.failures += 1
                log.exception("timer failed; it will run again")

    def _timer(self, name: str, due: Due) -> Callable[[], bool]:
        handler: Callable[[str, Any], Command | None] = getattr(self.service, name)
        bench = Bench()

        def work(tx: Tx, tally: Tally, care: Care) -> None:
            moment = now()
            keys = bench.fit(due(tx, moment, DUE_AT_ONCE + bench.size), moment)
            stimuli = [Stimulus(key, partial(handler, key)) for key in keys]
            self.worker.effects.of_stimuli(tx, stimuli, moment, tally, care)

        def timer() -> bool:
            if self.holds.now.everything:
                return False
            with self.database.statements() as tx:
                if not due(tx, now(), 1):
                    return False
            tally = self.worker.commit(work) or Tally()
            bench.note(tally.failed, now())
            return tally.effected >= DUE_AT_ONCE

        return timer

    def _errand(self, name: str) -> Callable[[], bool]:
        run: Callable[[datetime], Sequence[Command]] = getattr(self.service, name)

        def errand() -> bool:
            if self.holds.now.everything:
                return False
            stimuli = [Stimulus(command.ticket, partial(_said, command)) for command in run(now())]
            if stimuli:
                self.worker.commit(
                    lambda tx, tally, care: self.worker.effects.of_stimuli(tx, stimuli, now(), tally, care)
                )
            return len(stimuli) >= DUE_AT_ONCE

        return errand

    def _wake_missed(self) -> bool:
        with self.database.statements() as tx:
            woken = waiting.wake_missed(tx, now())
        if woken:
            log.info("missed predecessors found", extra={"events": woken})
        return False

    def _partition(self) -> bool:
        with self.database.transaction() as tx:
            tx.execute("SELECT keep_partitions()")
        return False


def _said(command: Command, known: Known) -> Command:  # noqa: ARG001 (an errand has made its command already)
    return command
