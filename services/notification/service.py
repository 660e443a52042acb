"""The notification service: what it hears, and how each channel takes its turn."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from chassis import clock
from chassis.line import Deadline
from chassis.model import Model
from chassis.shell import DUE_AT_ONCE, Service, consumes, errand, every
from contracts import notification
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.terms import NotificationChannel
from services.notification import contacts, domain, store
from services.notification.channels import console, smtp
from services.notification.correspondence import Delivery, Outcome
from services.notification.messages import NOTES
from services.notification.store import Known

CONTACTS_PAUSE = timedelta(seconds=3)
"""After which letters are tried again whose addresses could not be asked; that is no try of theirs."""
ROUND = 4.0
"""Seconds after which a mail round sends no further message; what was started still ends within the drain."""

log = logging.getLogger(__name__)


class NotificationService(Service):
    """Tells requesters, assignees and the desk; keeps count of what got there."""

    name = "notification"
    model = Model(notification, domain, store)
    gather = 0.1

    @consumes(*NOTES)
    def tell(self, event: CloudEvent[Event], known: Known) -> domain.Tell:
        """Something happened that somebody should know."""
        return domain.Tell(
            event=event.id, fact=event.data, channels=self._to_requesters(), page=console.page, at=known.now
        )

    @every(1.0, store.due_on_console)
    def show(self, ticket_no: str, known: Known) -> domain.ShowOnConsole:
        """Messages that no other channel could deliver: claimed, shown and recorded in one transaction."""
        pages = {delivery.key: console.page(delivery) for delivery in known.on_console(ticket_no)}
        return domain.ShowOnConsole(pages=pages, at=known.now)

    @errand(1.0)
    def mail(self, now: datetime) -> list[domain.RecordOutcome]:
        """Messages for the mail server, which may take its time: claimed first, recorded afterwards."""
        deadline = Deadline(ROUND)
        with self.database.statements() as tx:
            due = store.claim(tx, "smtp", now, DUE_AT_ONCE)
            retries = store.retries(tx) if due else []
        try:
            outcomes = self._mailed(due, deadline) if due else {}
        except contacts.ContactsUnavailable as error:
            log.warning("contacts not available", extra={"cause": str(error), "letters": len(due)})
            with self.database.statements() as tx:
                store.put_back(tx, due, clock.now() + CONTACTS_PAUSE)
            return []
        at = clock.now()
        return [
            domain.RecordOutcome(
                ticket=delivery.ticket, key=delivery.key, channel=delivery.channel, attempt=delivery.attempt,
                outcome=outcomes[delivery.key], retries=retries, at=at,
            )
            for delivery in due
        ]  # fmt: skip

    def _mailed(self, due: Sequence[Delivery], deadline: Deadline) -> dict[str, Outcome]:
        settings = self.settings
        if not settings.smtp_url:
            return dict.fromkeys((delivery.key for delivery in due), smtp.NOT_CONFIGURED)
        refs = [delivery.destination for delivery in due]
        addresses = contacts.addresses(settings.ticket_url, settings.internal_token, refs)
        return smtp.send(due, addresses, settings.smtp_url, settings.mail_from, deadline)

    def _to_requesters(self) -> list[NotificationChannel]:
        return ["smtp", "console"] if self.settings.smtp_url else ["console"]
