"""One channel's turn: claim what is due, hold back what must wait, ask for addresses, send, report."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from chassis import clock, policy
from chassis.asking import NotAnswered
from chassis.database import Database
from chassis.line import Deadline
from chassis.settings import Settings
from chassis.shell import DUE_AT_ONCE
from contracts.terms import NotificationChannel
from services.notification import channel_store, contacts, outcomes, store, template_store
from services.notification.breaker import Breaker
from services.notification.commands import RecordOutcome
from services.notification.correspondence import Delivery, Letter, Outcome
from services.notification.holding import quiet_for
from services.notification.signing import fingerprint
from services.notification.templates import MissingText, render
from services.notification.way import Way

CONTACTS_PAUSE = timedelta(seconds=3)
"""After which letters are tried again whose addresses could not be asked; that is no try of theirs."""
ROUND = 4.0
"""Seconds after which a round sends no further message; what was started still ends within the drain."""
SELDOM = 10
"""Turns of which a channel that is not configured takes one: it has only strays to move on."""

log = logging.getLogger(__name__)

Outcomes = dict[str, Outcome]


class Round:
    """The turns of one channel in one process, with a breaker of its own."""

    def __init__(
        self, channel: NotificationChannel, way: Way, settings: Settings, database: Database
    ) -> None:
        self.channel, self._way, self._settings, self._database = channel, way, settings, database
        self.breaker, self._turn = Breaker(), count()

    def take(self, now: datetime) -> list[RecordOutcome]:
        """Takes a turn; the reports on it are still to be given their effect."""
        deadline, configured = Deadline(ROUND), self._way.configured(self._settings)
        if next(self._turn) % SELDOM and not configured:
            return []
        with self._database.statements() as tx:
            due = store.claim(tx, self.channel, now, DUE_AT_ONCE)
            policies = policy.in_force(tx) if due else {}
            if due:
                template_store.in_use(tx)
        if not due:
            return []
        found = (
            self._answers(due, policies, now, deadline) if configured else _all(due, outcomes.NOT_CONFIGURED)
        )
        return _reports(due, found, policies["retry_seconds"].value["seconds"])

    def _answers(
        self,
        due: Sequence[Delivery],
        policies: Mapping[str, policy.Policy],
        now: datetime,
        deadline: Deadline,
    ) -> Outcomes:
        found = self._held_by_night(due, policies["quiet_hours"].value, now)
        rest = [delivery for delivery in due if delivery.key not in found]
        allowed = self.breaker.allowed(now, len(rest))
        found |= _all(rest[allowed:], outcomes.later("postponed", 1.0) if allowed else outcomes.DOWN)
        chosen = rest[:allowed]
        try:
            return found | (self._tried(chosen, policies["pace"].value, now, deadline) if chosen else {})
        except NotAnswered as error:
            log.warning("contacts not available", extra={"cause": str(error), "letters": len(chosen)})
            with self._database.statements() as tx:
                store.put_back(tx, chosen, clock.now() + CONTACTS_PAUSE)
            return found

    def _held_by_night(self, due: Sequence[Delivery], rule: Mapping[str, Any], now: datetime) -> Outcomes:
        seconds = quiet_for(now, rule) if self.channel in rule["channels"] else 0.0
        held = [delivery for delivery in due if not delivery.urgent] if seconds else []
        return _all(held, outcomes.later("quiet_hours", seconds))

    def _tried(
        self, due: Sequence[Delivery], paces: Mapping[str, Any], now: datetime, deadline: Deadline
    ) -> Outcomes:
        settings = self._settings
        refs = [delivery.destination for delivery in due]
        addresses = contacts.addresses(settings.ticket_url, settings.internal_token, refs, self._way.ADDRESS)
        known = [delivery for delivery in due if delivery.destination in addresses]
        found = _all(due, outcomes.NO_ADDRESS) | self._unwanted(
            known, addresses, paces.get(self.channel), now
        )
        letters = []
        for delivery in known:
            if found[delivery.key] is outcomes.NO_ADDRESS:
                try:
                    letters.append(_letter(delivery, addresses[delivery.destination]))
                except MissingText:
                    found[delivery.key] = outcomes.NO_TEXT
        sent = self._way.send(letters, settings, deadline) if letters else {}
        self._learn(sent)
        return found | sent

    def _unwanted(
        self, known: Sequence[Delivery], addresses: Mapping[str, str], pace: Mapping[str, Any] | None,
        now: datetime,
    ) -> Outcomes:  # fmt: skip
        """Messages to who has opted out, or has had enough for the moment."""
        token = self._settings.notify_token
        marks = {
            delivery.key: fingerprint(token, addresses[delivery.destination])
            if token
            else delivery.destination
            for delivery in known
        }
        if not known or not (token or pace):
            return {}
        with self._database.transaction() as tx:
            out = channel_store.opted_out(tx, self.channel, marks.values()) if token else set()
            found = _all([each for each in known if marks[each.key] in out], outcomes.OPTED_OUT)
            patient = [each for each in known if each.key not in found and not each.urgent] if pace else []
            waits = (
                channel_store.waits(tx, self.channel, [marks[each.key] for each in patient], now, pace)
                if pace and patient
                else []
            )
        slow = zip(patient, waits, strict=True)
        return found | {each.key: outcomes.later("pace", wait) for each, wait in slow if wait}

    def _learn(self, sent: Outcomes) -> None:
        """Lets the breaker know, and the operators, when the channel has gone or come back."""
        faults = [outcome for outcome in sent.values() if outcome.fault]
        worked = any(not outcome.fault and outcome.counted for outcome in sent.values())
        if not self.breaker.note(worked, bool(faults), clock.now()):
            return
        with self._database.statements() as tx:
            if self.breaker.open:
                said = faults[0].error or "unknown"
                log.error("channel is down", extra={"channel": self.channel, "cause": said})
                channel_store.raise_alarm(tx, "channel_down", self.channel, said)
            else:
                log.warning("channel is back", extra={"channel": self.channel})
                channel_store.clear_alarm(tx, "channel_down", self.channel, clock.now())


def _letter(delivery: Delivery, address: str) -> Letter:
    subject, body = render(delivery.template, delivery.fields)
    return Letter(delivery=delivery, address=address, subject=subject, body=body)


def _all(deliveries: Sequence[Delivery], outcome: Outcome) -> Outcomes:
    return dict.fromkeys((delivery.key for delivery in deliveries), outcome)


def _reports(due: Sequence[Delivery], found: Outcomes, retries: Sequence[float]) -> list[RecordOutcome]:
    at = clock.now()
    return [
        RecordOutcome(
            ticket=delivery.ticket, key=delivery.key, channel=delivery.channel, attempt=delivery.attempt,
            outcome=found[delivery.key], retries=retries, at=at,
        )
        for delivery in due if delivery.key in found
    ]  # fmt: skip
