"""The ticket service: what it hears, and which command follows."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from chassis import clock
from chassis.database import Database, Tx
from chassis.doors import answers, refused
from chassis.metrics import Metric
from chassis.model import Model
from chassis.settings import Settings
from chassis.shell import Service, consumes, errand, every
from contracts import dispatch, evaluation, intake, notification, ticket
from contracts.actor import Actor
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.privacy import Sought, TicketsFound
from contracts.problem import ContractViolation
from contracts.registry import events_of
from services.ticket import (
    alarms,
    calendar,
    commands,
    desk,
    domain,
    figure_store,
    hearing,
    letter_store,
    order_store,
    orders,
    sensor_store,
    store,
    suggesting,
    visits,
)
from services.ticket.alike.comparing import Comparer
from services.ticket.audit.sealing import Sealer
from services.ticket.custody import Custodian
from services.ticket.privacy import reveal_store, vault
from services.ticket.privacy.disclosure import Look, Verdict
from services.ticket.privacy.vault import Locked, Vault
from services.ticket.state import Intake
from services.ticket.store import Known

log = logging.getLogger(__name__)


class TicketService(Service):
    """The life of a request as the resident sees it."""

    name = "ticket"
    model = Model(ticket, domain, store)
    needs = ("vault_keys",)

    def begin(self, settings: Settings, database: Database) -> None:
        """Also gets ready to seal the history, and takes the keys of the vault."""
        super().begin(settings, database)
        self.sealer = Sealer(database)
        self.vault = Vault(settings.vault_keys)
        self.custodian = Custodian(database, self.vault)
        self.comparer = Comparer(database, self.vault)
        vault.use(self.vault)
        suggesting.use(suggesting.opened(settings.category_model))

    @consumes(intake.RequestSubmitted)
    def register(self, event: CloudEvent[intake.RequestSubmitted], known: Known) -> commands.RegisterRequest:
        """A request arrives: row 1, and rows 2 or 6 where they follow at once."""
        if event.source == orders.SOURCE:
            raise ContractViolation("source", 403, f"only the ticket service sends as {orders.SOURCE}")
        return commands.RegisterRequest(
            source=event.source, request=event.data, at=known.now, rules=known.rules, calendar=known.calendar,
            match=known.looked.matches.get(event.partitionkey), found=known.found.get(event.partitionkey),
            suggested=known.suggested.get(event.partitionkey),
        )  # fmt: skip

    @consumes(intake.RequestTriaged)
    def triage(self, event: CloudEvent[intake.RequestTriaged], known: Known) -> commands.TriageTicket:
        """The desk knows category, severity and grid: row 6."""
        said = event.data
        return commands.TriageTicket(
            category=said.category,
            severity=said.severity,
            grid=said.grid,
            at=known.now,
            rules=known.rules,
            calendar=known.calendar,
            actor=said.actor or Actor(role="operator", id=said.operator),
        )

    @consumes(intake.RequestDeclined)
    def decline(self, event: CloudEvent[intake.RequestDeclined], known: Known) -> commands.DeclineTicket:
        """The desk does not accept the request: row 3."""
        said = event.data
        actor = said.actor or Actor(role="operator", id=said.operator)
        return commands.DeclineTicket(
            reason_code=said.reason_code, statutory_path=said.statutory_path, actor=actor, at=known.now
        )

    @consumes(intake.RequestCancelled)
    def cancel(self, event: CloudEvent[intake.RequestCancelled], known: Known) -> commands.CancelTicket:
        """The requester takes the request back: row 21."""
        said = event.data
        actor = said.actor or commands.REQUESTER
        return commands.CancelTicket(reason_code=said.reason_code, confirmed=said.confirmed, actor=actor)

    @consumes(intake.MergeOrdered)
    def merge(self, event: CloudEvent[intake.MergeOrdered], known: Known) -> commands.MergeTicket:
        """The desk knows that it is about the same as another ticket: row 5."""
        primary = known.primaries.get(event.data.primary)
        return commands.MergeTicket(primary=primary, actor=event.data.actor, at=known.now, rules=known.rules)

    @consumes(*hearing.HEARD)
    def hear(self, event: CloudEvent[Event], known: Known) -> desk.Order:
        """What desk, assignee or requester says on the way: rows 3 to 5, 12 to 14, 16, 17, 19 and 20."""
        return hearing.order(event.data, known)

    @consumes(intake.StandingOrderPlaced)
    def open_order(
        self, event: CloudEvent[intake.StandingOrderPlaced], known: Known
    ) -> orders.OpenStandingOrder:
        """Somebody is to be visited again and again."""
        said = event.data
        words = Intake(title=said.title, body=said.body, address=said.address, requester=said.requester)
        return orders.OpenStandingOrder(
            source=event.source, external_id=said.external_id, plan=said.plan, intake=words, actor=said.actor,
            at=known.now, rules=known.rules, calendar=known.calendar,
        )  # fmt: skip

    @consumes(*events_of(dispatch), *events_of(evaluation), *events_of(notification))
    def observe(self, event: CloudEvent[Event], known: Known) -> commands.Observe:
        """What the other services publish goes into the history; it moves the ticket if the table says so."""
        return commands.Observe(fact=event.data, at=known.now, rules=known.rules, calendar=known.calendar)

    @every(2.0, store.due)
    def ring(self, ticket_no: str, known: Known) -> commands.RingAlarm:
        """A deadline comes near or is over, the next level's turn has come, a pause ends: rows 4, 12, 14."""
        return commands.RingAlarm(at=known.now, rules=known.rules, calendar=known.calendar)

    @every(2.0, letter_store.due)
    def read(self, ticket_no: str, known: Known) -> commands.ReadLetters:
        """Other tickets have written: those that follow this one, or that it follows (row 5)."""
        return commands.ReadLetters(
            letters=known.letters.get(ticket_no, ()), at=known.now, rules=known.rules, calendar=known.calendar
        )

    @errand(1.0)
    def compare(self, now: datetime) -> Sequence[Any]:
        """Requests with words much like those of open tickets are suspected: row 5."""
        return self.comparer.run(now)

    @consumes(intake.SensorRaised)
    def raise_alarm(self, event: CloudEvent[intake.SensorRaised], known: Known) -> commands.RaiseAlarm:
        """A device raises its alarm: a ticket, or once more on the one that is open."""
        return alarms.raised_by(event, known)

    @consumes(intake.SensorCleared)
    def clear_alarm(self, event: CloudEvent[intake.SensorCleared], known: Known) -> commands.ClearAlarm:
        """A device no longer raises it."""
        return commands.ClearAlarm(at=known.now, rules=known.rules, calendar=known.calendar)

    @consumes(intake.SensorOffline)
    def report_offline(self, event: CloudEvent[intake.SensorOffline], known: Known) -> commands.ReportOffline:
        """Nothing is heard of a device: somebody has to mend it, unless they know already."""
        return alarms.offline_by(event, known)

    @every(2.0, sensor_store.unanswered)
    def repeat_alarm(self, ticket_no: str, known: Known) -> commands.RepeatAlarm:
        """Nobody has reacted to an alarm: the next person is asked."""
        return commands.RepeatAlarm(at=known.now, rules=known.rules, calendar=known.calendar)

    @every(5.0, order_store.due)
    def plan_visits(self, order: str, known: Known) -> orders.PlanVisits:
        """A visit of a standing order has to become a ticket."""
        return orders.PlanVisits(at=known.now, rules=known.rules, calendar=known.calendar)

    @every(2.0, order_store.visits_due)
    def attend(self, ticket_no: str, known: Known) -> commands.RegisterRequest | orders.CheckVisit:
        """A visit becomes a ticket by row 1, like any request; later it must have been confirmed."""
        visit = known.visits[ticket_no]
        if not visit.opened:
            known.opened.append(ticket_no)
            return visits.registered(visit, known)
        known.checked.append(ticket_no)
        return orders.CheckVisit(visit=visit, at=known.now, rules=known.rules, calendar=known.calendar)

    def metrics(self, tx: Tx) -> Sequence[Metric]:
        """What its tables say, how far the seal lags, and whether there is a model."""
        return [
            figure_store.SEAL_LAG(self.sealer.lag),
            figure_store.MODEL(bool(suggesting.in_use())),
            *figure_store.figures(tx, clock.now()),
        ]

    @errand(1.0)
    def seal(self, now: datetime) -> Sequence[Any]:
        """What has become known is sealed soon, so that nobody can change it unnoticed; it has no command."""
        self.sealer.run()
        return ()

    @errand(3600.0)
    def look_ahead(self, now: datetime) -> Sequence[Any]:
        """Raises the alarm while nobody has entered the notice for the days to come; it has no command."""
        with self.database.statements() as tx:
            ahead = calendar.days_ahead(calendar.in_force(tx), now)
        if ahead < calendar.ENOUGH:
            log.error("the working calendar ends; enter the next notice", extra={"days": ahead})
        return ()

    @errand(60.0)
    def keep_vault(self, now: datetime) -> Sequence[Any]:
        """What an older version wrote in clear is sealed; it has no command."""
        self.custodian.seal()
        return ()

    @errand(600.0)
    def anonymise(self, now: datetime) -> Sequence[Any]:
        """Who asked long ago is forgotten, and what is compared no more; it has no command."""
        self.custodian.anonymise(now)
        self.comparer.forget(now)
        return ()

    @answers("POST", "/contacts")
    def contacts(self, request: Request) -> Any:
        """Contacts for other services: {"refs": […], "purpose", "who", "role", "words"}; each look is noted.

        403 where the table of roles and purposes does not allow it.
        """
        try:
            asked = msgspec.json.decode(request.get_data(), type=Look)
        except msgspec.MsgspecError as error:
            raise BadRequest from error
        try:
            with self.database.transaction() as tx:
                found = reveal_store.reveal(tx, self.vault, asked)
        except Locked as locked:
            log.error("the vault does not open", extra={"cause": str(locked)})  # noqa: TRY400 (said whole)
            return refused(503, "the vault does not open")
        return refused(403, found.reason or "") if isinstance(found, Verdict) else found

    @answers("POST", "/tickets-of")
    def tickets_of(self, request: Request) -> Any:
        """Numbers of the tickets of whoever has a telephone number, for operators; each look is noted."""
        try:
            sought = msgspec.json.decode(request.get_data(), type=Sought)
        except msgspec.MsgspecError as error:
            raise BadRequest from error
        with self.database.transaction() as tx:
            return TicketsFound(reveal_store.refs_behind(tx, self.vault, sought))
