"""What a service author writes with: the marks on a service's methods, and what its class inherits."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from chassis.database import Database, Tx
from chassis.effect import Door
from chassis.metrics import Metric
from chassis.model import Model
from chassis.settings import Settings
from contracts.event import Event

F = TypeVar("F", bound=Callable[..., Any])

Due = Callable[[Tx, datetime, int], Sequence[str]]
"""(tx, now, limit) → tickets whose time has come, locked FOR UPDATE SKIP LOCKED."""


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


class Service:
    """What a service inherits whatever shell runs it: a name, a model, a database."""

    name: ClassVar[str]
    model: ClassVar[Model]
    gather: ClassVar[float] = 0.0
    """Seconds for which events are gathered into one batch where nobody waits for what follows from them."""
    linger: ClassVar[float] = 0.0
    """Seconds for which messages are gathered before they are published: many cost hardly more than one."""
    needs: ClassVar[Sequence[str]] = ()
    """Settings that others can do without."""

    def passes(self, event_type: str) -> bool:  # noqa: ARG002 (a service that may not care asks)
        """Whether nobody here wants an event of this type now; it then costs no look at its ticket."""
        return False

    def door(self) -> Door | None:
        """What takes in what other systems publish at the broker; without one nothing of it is read."""
        return None

    def metrics(self, tx: Tx) -> Sequence[Metric]:  # noqa: ARG002 (a service with figures of its own asks)
        """Figures of the service alone, at the moment of a scrape."""
        return ()

    def begin(self, settings: Settings, database: Database) -> None:
        """Called once before the first event; a service that needs more than its database extends it."""
        self.settings, self.database = settings, database
