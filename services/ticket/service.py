"""The ticket service: what it hears, and which command follows."""

from typing import Any

import msgspec
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from chassis.doors import answers
from chassis.model import Model
from chassis.policy import Known
from chassis.shell import Service, consumes
from contracts import dispatch, evaluation, intake, notification, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.registry import events_of
from services.ticket import commands, domain, store


class TicketService(Service):
    """The life of a request as the resident sees it."""

    name = "ticket"
    model = Model(ticket, domain, store)

    @consumes(intake.RequestSubmitted)
    def register(self, event: CloudEvent[intake.RequestSubmitted], known: Known) -> commands.RegisterRequest:
        """A request arrives: row 1, and rows 2 or 6 where they follow at once."""
        return commands.RegisterRequest(
            source=event.source, request=event.data, at=known.now, rules=store.rules(known)
        )

    @consumes(intake.RequestTriaged)
    def triage(self, event: CloudEvent[intake.RequestTriaged], known: Known) -> commands.TriageTicket:
        """The desk knows category, severity and grid: row 6."""
        said = event.data
        return commands.TriageTicket(
            category=said.category,
            severity=said.severity,
            grid=said.grid,
            at=known.now,
            rules=store.rules(known),
        )

    @consumes(intake.RequestDeclined)
    def decline(self, event: CloudEvent[intake.RequestDeclined], known: Known) -> commands.DeclineTicket:
        """The desk does not accept the request: row 3."""
        said = event.data
        return commands.DeclineTicket(
            reason_code=said.reason_code, statutory_path=said.statutory_path, operator=said.operator
        )

    @consumes(intake.RequestCancelled)
    def cancel(self, event: CloudEvent[intake.RequestCancelled], known: Known) -> commands.CancelTicket:
        """The requester takes the request back: row 21."""
        return commands.CancelTicket(reason_code=event.data.reason_code, confirmed=event.data.confirmed)

    @consumes(*events_of(dispatch), *events_of(evaluation), *events_of(notification))
    def observe(self, event: CloudEvent[Event], known: Known) -> commands.Observe:
        """What the other services publish goes into the history; it moves the ticket if the table says so."""
        return commands.Observe(fact=event.data, at=known.now, rules=store.rules(known))

    @answers("POST", "/contacts")
    def contacts(self, request: Request) -> list[dict[str, Any]]:
        """Contacts for other services: {"refs": […], "purpose": "…", "who": "…"}; each look is logged."""
        try:
            asked = msgspec.json.decode(request.get_data(), type=Look)
        except msgspec.DecodeError as error:
            raise BadRequest from error
        with self.database.transaction() as tx:
            return store.reveal(tx, asked.refs, asked.purpose, asked.who)


class Look(msgspec.Struct, frozen=True):
    """Who wants to see which contacts, and what for."""

    refs: list[str]
    purpose: str
    who: str
