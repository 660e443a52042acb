"""Drives inbox, effect and outbox of the ticket service on a real database, without broker and nameko."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from chassis import decisions, parked, waiting
from chassis.clock import now
from chassis.database import Database
from chassis.decisions import By
from chassis.delivery import Arrival, Delivery, Unreadable, read
from chassis.effect import Effects, Handler
from chassis.meter import Meter
from chassis.relay import Relay
from chassis.settings import Settings
from chassis.shell import marked
from chassis.worker import Worker
from contracts import cloudevent, dispatch, intake
from contracts.cloudevent import SINGLE, CloudEvent
from contracts.event import Event, type_of
from contracts.numbering import ticket_number
from services.ticket.privacy import vault
from services.ticket.privacy.vault import Vault
from services.ticket.service import TicketService

HOTLINE = "urn:test:hotline"
DISPATCH = "urn:fengge:dispatch"
THEN = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
Found = Arrival | Unreadable


def ticket_handlers() -> dict[str, Handler]:
    """The ticket service's own handlers by event type."""
    service = TicketService()
    return {
        type_of(event): getattr(service, name)
        for name, events in marked(TicketService, "consumes")
        for event in events
    }


def submitted(external_id: str, event_id: str = "", **said: Any) -> Found:
    """A request as the hotline sends it."""
    data = {
        "external_id": external_id,
        "channel": "hotline_12345",
        "title": "路灯不亮",
        "body": "三号楼",
        **said,
    }
    return from_outside(intake.RequestSubmitted, event_id or f"submit-{external_id}", data)


def cancelled(ticket: str, event_id: str) -> Found:
    """The requester takes it back."""
    return from_outside(intake.RequestCancelled, event_id, {"ticket": ticket})


def from_outside(event: type[Event], event_id: str, data: dict[str, Any]) -> Found:
    """One structured CloudEvent of the user `intake` in the exchange gov.inbound."""
    envelope = {"specversion": "1.0", "id": event_id, "source": HOTLINE, "type": type_of(event),
                "time": THEN, "data": data}  # fmt: skip
    body = msgspec.json.encode(envelope)
    (found,) = unwrapped(
        read(Delivery(body=body, content_type=SINGLE, exchange="gov.inbound", publisher="intake"))
    )
    return found


def offer_expired(ticket: str, number: int, assignee: str = "zhang") -> Arrival:
    """Fact number `number` of the dispatch service about `ticket`; the ticket service puts it on record."""
    fact = dispatch.OfferExpired(assignment="a", assignee=assignee, kind="grid_officer", hop=number)
    event = CloudEvent(
        specversion="1.0", id=f"{ticket}.dispatch.{number}", source=DISPATCH, type=type_of(type(fact)),
        time=THEN, data=fact, partitionkey=ticket, sequence=str(number), sequencetype="Integer",
    )  # fmt: skip
    content_type, body = cloudevent.encode([event])
    (found,) = unwrapped(read(Delivery(body=body, content_type=content_type, exchange="dispatch.events")))
    assert isinstance(found, Arrival)
    return found


def unwrapped(found: list[Arrival] | Unreadable) -> Sequence[Found]:
    """What `read` gives, always as a list."""
    return [found] if isinstance(found, Unreadable) else found


def number_of(external_id: str) -> str:
    """The ticket of the hotline's request."""
    return ticket_number(HOTLINE, external_id)


@dataclass
class Ledger:
    """One process at work on the ledger."""

    settings: Settings
    database: Database
    worker: Worker
    relay: Relay
    handlers: dict[str, Handler]
    fellows: list["Ledger"] = field(default_factory=list)

    @classmethod
    @contextmanager
    def opened(
        cls, database_url: str, amqp_url: str, kind: type[Database] = Database, sweep_after: float = 3.0
    ) -> Iterator["Ledger"]:
        """A process that has just started; its relay connects when it is run."""
        settings = Settings(
            amqp_url=amqp_url,
            database_url=database_url,
            retry_attempts=3,
            lock_timeout=0.1,
            statement_timeout=2,
            sweep_after=sweep_after,
        )
        vault.use(Vault([b"k" * 32]))
        ledger = cls._start(settings, kind)
        try:
            yield ledger
        finally:
            for one in [ledger, *ledger.fellows]:
                one.database.close()

    @classmethod
    def _start(cls, settings: Settings, kind: type[Database]) -> "Ledger":
        database, handlers = kind(settings, "ticket"), ticket_handlers()
        effects = Effects(TicketService.model, handlers, settings.shards, settings.retry_attempts)
        meter = Meter()
        relay = Relay(settings, database, "ticket", meter)
        worker = Worker(effects, database, relay, threading.Event(), meter)
        return cls(settings, database, worker, relay, handlers)

    def fellow(self) -> "Ledger":
        """Another process of the same service, or this one after a restart."""
        self.fellows.append(self._start(self.settings, type(self.database)))
        return self.fellows[-1]

    def breaks_on(
        self,
        broken: Callable[[Any], bool],
        failure: BaseException,
        event: type[Event] = dispatch.OfferExpired,
    ) -> None:
        """From now on the handler of `event` raises `failure` for those that are `broken`."""
        kind = type_of(event)
        whole = ticket_handlers()[kind]

        def handler(event: Any, known: Any) -> Any:
            if broken(event.data):
                raise failure
            return whole(event, known)

        self.handlers[kind] = handler

    def mends(self) -> None:
        """The handlers are whole again."""
        self.handlers.update(ticket_handlers())

    def take(self, *found: Found) -> None:
        """One batch; whatever it comes to, each of its events is accounted for."""
        assert self.worker.take(found)
        assert self.worker.counts.unaccounted == 0, self.worker.counts

    def resume(self, at: datetime | None = None) -> int:
        """What the timer does: tries again what is due at `at`; returns how many there were."""
        with self.database.transaction() as tx:
            found = waiting.due(tx, at or now(), 200)
        if found:
            self.take(*found)
        return len(found)

    def recorded(self, external_id: str, source: str = DISPATCH) -> list[int]:
        """The sequence numbers of a source's facts on record for the ticket, in the order of their effect."""
        query = "SELECT sequence FROM history WHERE ticket = %s AND source = %s ORDER BY no"
        return [number for (number,) in self.rows(query, number_of(external_id), source)]

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the ledger says."""
        with self.database.transaction() as tx:
            return tx.execute(query, parameters).fetchall()

    def published(self, exchange: str = "ticket.events") -> list[CloudEvent[Any]]:
        """All events in the outbox."""
        query = "SELECT content_type, body FROM outbox WHERE exchange = %s ORDER BY id"
        return [
            cloudevent.opened(event)
            for content_type, body in self.rows(query, exchange)
            for event in cloudevent.decode(content_type, body.encode())
        ]

    def parked(self) -> list[dict[str, Any]]:
        """The open parked records."""
        with self.database.transaction() as tx:
            return parked.listed(tx)

    def retry(self, no: int) -> None:
        """A person wants it tried again."""
        with self.database.transaction() as tx:
            decisions.decide(tx, "retry", no, By("tester", "mended"))

    def archive(self, no: int) -> None:
        """A person gives it up."""
        with self.database.transaction() as tx:
            decisions.decide(tx, "archive", no, By("tester", "hopeless"))
