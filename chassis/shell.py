"""The shell around a service, and the only module that knows nameko: decorators, dependencies, lifecycle."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, TypeVar

import psycopg
from nameko.extensions import DependencyProvider

from chassis import metrics, waiting
from chassis.benched import Bench
from chassis.clock import now
from chassis.consumer import Consumer
from chassis.database import Database, Tx
from chassis.delivery import Arrival, Unreadable
from chassis.effect import Effects, Handler, Tally
from chassis.halving import Care
from chassis.metrics import Metric
from chassis.model import Command, Known, Model, Stimulus
from chassis.relay import Relay
from chassis.settings import Settings
from chassis.topology import of_service
from chassis.worker import Worker
from contracts.event import Event, type_of

F = TypeVar("F", bound=Callable[..., Any])

Due = Callable[[Tx, datetime, int], Sequence[str]]
"""(tx, now, limit) → tickets whose time has come, locked FOR UPDATE SKIP LOCKED."""

log = logging.getLogger(__name__)

DUE_AT_ONCE = 200
"""Commands a timer hands over in one transaction; a full hand is followed by the next at once."""
FIRST_RUN = 2.0
"""Seconds after the start at which also a rare timer runs first: no restart puts it off for ever."""
ANSWERS_WITHIN = 5.0
"""Seconds after which a database that commits nothing counts as away."""


def consumes(*events: type[Event]) -> Callable[[F], F]:
    """Marks a method as the reaction to `events`: (self, event, known) → command, or None for nothing."""

    def mark(handler: F) -> F:
        handler.consumes = events  # type: ignore[attr-defined]
        return handler

    return mark


def every(seconds: float, due: Due) -> Callable[[F], F]:
    """Marks a method as a timer: (self, ticket, known) → command, for each ticket that `due` finds."""
    return _marked("every", (seconds, due))


def errand(seconds: float) -> Callable[[F], F]:
    """Marks a method that works outside any transaction: (self, now) → commands that report on its work."""
    return _marked("errand", seconds)


def _marked(kind: str, mark_: Any) -> Callable[[F], F]:
    def mark(method: F) -> F:
        setattr(method, kind, mark_)
        return method

    return mark


def marked(service: type, kind: str) -> Iterator[tuple[str, Any]]:
    """The methods of `service` with a mark, and what it says."""
    for name in dir(service):
        value = getattr(getattr(service, name), kind, None)
        if value is not None:
            yield name, value


def consumed_by(service: type) -> list[type[Event]]:
    """All events that `service` reacts to; its topology follows from them."""
    return [event for _, events in marked(service, "consumes") for event in events]


class Loops(DependencyProvider):  # type: ignore[misc]
    """Consumer, relay and timers of one service, started and stopped with its container."""

    def setup(self) -> None:
        """Wires the loops; nothing connects yet."""
        service_class: type[Any] = self.container.service_cls
        settings: Settings = self.container.config["settings"]
        name = service_class.name
        self.settings = settings
        self.stopping = threading.Event()
        self.database = Database(settings, name)
        self.service = service_class()
        self.service.begin(settings, self.database)
        self.relay = Relay(settings, self.database, name)
        handlers = self._handlers()
        effects = Effects(
            service_class.model, handlers, settings.shards, settings.retry_attempts, self.service.passes
        )
        self.worker = Worker(effects, self.database, self.relay, self.stopping)
        topology = of_service(name, consumed_by(service_class), settings.shards)
        self.consumer = Consumer(settings, topology, self.worker, name, service_class.gather)

    def start(self) -> None:
        """Starts every loop in a green thread of its own."""
        timers: list[tuple[float, Callable[[], bool]]] = [
            (0.5, self._resume),
            (5.0, self._wake_missed),
            (3600.0, self._partition),
        ]
        timers += [(s, self._timer(name, due)) for name, (s, due) in marked(type(self.service), "every")]
        timers += [(s, self._errand(name)) for name, s in marked(type(self.service), "errand")]
        self.threads = [self._spawn(self.consumer.run)]
        self.threads += [self._spawn(partial(self._repeat, *timer)) for timer in timers]
        self.relay_thread = self._spawn(self.relay.run)

    def stop(self) -> None:
        """Drains: what is under way is finished, committed, acknowledged and published."""
        self.stopping.set()
        for thread in self.threads:
            thread.wait()
        self.relay.stop()
        self.relay_thread.wait()
        self.database.close()

    @property
    def ready(self) -> dict[str, bool]:
        """Which of the service's lines stand."""
        # The timer that resumes waiting events asks the database twice a second.
        return {
            "consumer": self.consumer.connected,
            "relay": self.relay.connected,
            "database": self.database.answered(ANSWERS_WITHIN),
        }

    def metrics(self) -> str:
        """What the process has counted, and what its ledger says now, for Prometheus."""
        ledger: list[Metric] = []
        try:
            with self.database.transaction() as tx:
                ledger = [*metrics.backlog(tx), *self.service.metrics(tx)]
        except psycopg.Error as error:
            log.warning("the ledger could not be asked", extra={"cause": type(error).__name__})
        return metrics.text(self.service.name, [*metrics.counted(self.worker.counts, bool(ledger)), *ledger])

    def get_dependency(self, worker_ctx: Any) -> "Loops":  # noqa: ARG002 (nameko's signature)
        """The loops themselves."""
        return self

    def _handlers(self) -> dict[str, Handler]:
        return {
            type_of(event): getattr(self.service, name)
            for name, events in marked(type(self.service), "consumes")
            for event in events
        }

    def _spawn(self, loop: Callable[[], None]) -> Any:
        return self.container.spawn_managed_thread(loop)

    def _repeat(self, seconds: float, work: Callable[[], bool]) -> None:
        """Runs `work` soon and then every `seconds`, at once again while it says that there is more."""
        pause = min(seconds, FIRST_RUN)
        while not self.stopping.wait(pause):
            pause = seconds
            try:
                while work() and not self.stopping.is_set():
                    continue
            except Exception:
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
            stimuli = [Stimulus(command.ticket, partial(_said, command)) for command in run(now())]
            if stimuli:
                self.worker.commit(
                    lambda tx, tally, care: self.worker.effects.of_stimuli(tx, stimuli, now(), tally, care)
                )
            return len(stimuli) >= DUE_AT_ONCE

        return errand

    def _resume(self) -> bool:
        """Gives events whose next try is due their effect."""
        found: list[Arrival | Unreadable] = []
        with self.database.statements() as tx:
            found = waiting.due(tx, now(), DUE_AT_ONCE)
        return bool(found) and self.worker.take(found) and len(found) >= DUE_AT_ONCE

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


class Service:
    """What a service author inherits: a name, a model, a database, and the loops that run it all."""

    name: ClassVar[str]
    model: ClassVar[Model]
    gather: ClassVar[float] = 0.0
    """Seconds for which events are gathered into one batch where nobody waits for what follows from them."""
    needs: ClassVar[Sequence[str]] = ()
    """Settings that others can do without."""
    loops = Loops()

    def passes(self, event_type: str) -> bool:  # noqa: ARG002 (a service that may not care asks)
        """Whether nobody here wants an event of this type now; it then costs no look at its ticket."""
        return False

    def metrics(self, tx: Tx) -> Sequence[Metric]:  # noqa: ARG002 (a service with figures of its own asks)
        """Figures of the service alone, at the moment of a scrape."""
        return ()

    def begin(self, settings: Settings, database: Database) -> None:
        """Called once before the first event; a service that needs more than its database extends it."""
        self.settings, self.database = settings, database
