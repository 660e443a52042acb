"""The shell around a service, and the only module that knows nameko: decorators, dependencies, lifecycle."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, TypeVar

from nameko.extensions import DependencyProvider

from chassis import inbox, outbox
from chassis.clock import now
from chassis.consumer import Consumer, Worker
from chassis.database import Database, Tx
from chassis.effect import Effects, Handler, Tally
from chassis.model import Command, Known, Model, Stimulus
from chassis.relay import Relay
from chassis.settings import Settings
from chassis.topology import of_service
from contracts.event import Event, type_of

F = TypeVar("F", bound=Callable[..., Any])

Due = Callable[[Tx, datetime, int], Sequence[str]]
"""(tx, now, limit) → tickets whose time has come, locked FOR UPDATE SKIP LOCKED."""

log = logging.getLogger(__name__)

DUE_AT_ONCE = 200
"""Commands a timer hands over in one transaction; a full hand is followed by the next at once."""


def consumes(*events: type[Event]) -> Callable[[F], F]:
    """Marks a method as the reaction to `events`: (self, event, known) → command, or None for nothing to do."""

    def mark(handler: F) -> F:
        handler.consumes = events  # type: ignore[attr-defined]
        return handler

    return mark


def every(seconds: float, due: Due) -> Callable[[F], F]:
    """Marks a method as a timer: (self, ticket, known) → command, for each ticket that `due` finds and locks."""
    return _marked("every", (seconds, due))


def errand(seconds: float) -> Callable[[F], F]:
    """Marks a method that works outside any transaction, e.g. sends mail: (self, now) → commands that report on it."""
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
        effects = Effects(service_class.model, self._handlers(), settings.shards, settings.retry_attempts)
        self.worker = Worker(effects, self.database, self.relay, self.stopping)
        topology = of_service(name, consumed_by(service_class), settings.shards)
        self.consumer = Consumer(settings, topology, self.worker, name)

    def start(self) -> None:
        """Starts every loop in a green thread of its own."""
        timers: list[tuple[float, Callable[[], bool]]] = [(0.5, self._resume), (86_400.0, self._partition)]
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
        return {"consumer": self.consumer.connected, "relay": self.relay.connected}

    def backlog(self) -> tuple[int, float]:
        """Unsent messages and the age of the oldest in seconds."""
        with self.database.transaction() as tx:
            return outbox.backlog(tx)

    def get_dependency(self, worker_ctx: Any) -> "Loops":
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
        """Runs `work` every `seconds`, at once again while it says that there is more."""
        while not self.stopping.wait(seconds):
            try:
                while work() and not self.stopping.is_set():
                    continue
            except Exception:
                log.exception("timer failed; it will run again")

    def _timer(self, name: str, due: Due) -> Callable[[], bool]:
        handler: Callable[[str, Any], Command | None] = getattr(self.service, name)

        def work(tx: Tx, tally: Tally) -> None:
            moment = now()
            keys = due(tx, moment, DUE_AT_ONCE)
            stimuli = [Stimulus(key, partial(handler, key)) for key in keys]
            self.worker.effects.of_stimuli(tx, stimuli, moment, tally)
            tally.effected = len(keys)

        return lambda: self._committed(work) >= DUE_AT_ONCE

    def _errand(self, name: str) -> Callable[[], bool]:
        run: Callable[[datetime], Sequence[Command]] = getattr(self.service, name)

        def errand() -> bool:
            stimuli = [Stimulus(command.ticket, partial(_said, command)) for command in run(now())]
            if stimuli:
                self.worker.commit(
                    lambda tx, tally: self.worker.effects.of_stimuli(tx, stimuli, now(), tally)
                )
            return len(stimuli) >= DUE_AT_ONCE

        return errand

    def _resume(self) -> bool:
        """Gives events whose next try is due their effect."""

        def work(tx: Tx, tally: Tally) -> None:
            arrivals, unreadable = inbox.due(tx, now(), DUE_AT_ONCE)
            for message in unreadable:
                self.worker.effects.of_unreadable(tx, message, tally)
            if arrivals:
                self.worker.effects.of_arrivals(tx, arrivals, now(), tally)

        return self._committed(work) >= DUE_AT_ONCE

    def _partition(self) -> bool:
        with self.database.transaction() as tx:
            tx.execute("SELECT ensure_partitions()")
        return False

    def _committed(self, work: Callable[[Tx, Tally], None]) -> int:
        tally = self.worker.commit(work)
        return tally.effected if tally else 0


def _said(command: Command, known: Known) -> Command:  # noqa: ARG001 (an errand has made its command already)
    return command


class Service:
    """What a service author inherits: a name, a model, a database, and the loops that run it all."""

    name: ClassVar[str]
    model: ClassVar[Model]
    loops = Loops()

    def begin(self, settings: Settings, database: Database) -> None:
        """Called once before the first event; a service that needs more than its database extends it."""
        self.settings, self.database = settings, database
