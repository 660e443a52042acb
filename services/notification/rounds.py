"""One channel's turn: claim what is due, hold back what must wait, ask for addresses, send, report."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from msgspec.structs import replace

from chassis import clock, policy
from chassis.asking import NotAnswered
from chassis.database import Database
from chassis.line import Deadline
from chassis.settings import Settings
from chassis.shell import DUE_AT_ONCE
from contracts.terms import NotificationChannel
from services.notification import channel_store, outcomes, store, template_store
from services.notification.breaker import Breaker
from services.notification.commands import RecordOutcome
from services.notification.correspondence import Delivery
from services.notification.holding import quiet_for
from services.notification.sending import PAUSE, Outcomes, Sending, Turn, all_of
from services.notification.way import Way

ROUND = 4.0
"""Seconds after which a round sends no further message; what was started still ends within the drain."""
SELDOM = 10
"""Turns of which a channel that is not configured takes one: it has only strays to move on."""

log = logging.getLogger(__name__)


class Round:
    """The turns of one channel in one process, with a breaker of its own."""

    def __init__(
        self, channel: NotificationChannel, way: Way, settings: Settings, database: Database
    ) -> None:
        self.channel, self._way, self._settings, self._database = channel, way, settings, database
        self.breaker, self._turn = Breaker(), count()
        self._sending = Sending(channel, way, settings, database)

    def take(self, now: datetime) -> list[RecordOutcome]:
        """Takes a turn; the reports on it are still to be given their effect."""
        deadline, configured = Deadline(ROUND), self._way.configured(self._settings)
        if next(self._turn) % SELDOM and not configured:
            return []
        with self._database.statements() as tx:
            due = store.claim(tx, self.channel, now, DUE_AT_ONCE)
            policies = policy.in_force(tx) if due else {}
            newest = template_store.in_use(tx) if due else {}
        if not due:
            return []
        if configured:
            turn = Turn(now, policies["pace"].value.get(self.channel), newest, deadline)
            found = self._answers(due, policies["quiet_hours"].value, turn)
        else:
            found = all_of(due, outcomes.NOT_CONFIGURED)
        return _reports(due, found, policies["retry_seconds"].value["seconds"])

    def _answers(self, due: Sequence[Delivery], night: Mapping[str, Any], turn: Turn) -> Outcomes:
        found = self._held_by_night(due, night, turn.now)
        rest = [delivery for delivery in due if delivery.key not in found]
        allowed = self.breaker.allowed(turn.now, len(rest))
        found |= all_of(rest[allowed:], outcomes.later("postponed", 1.0) if allowed else outcomes.DOWN)
        chosen = rest[:allowed]
        try:
            return found | (self._tried(chosen, turn) if chosen else {})
        except NotAnswered as error:
            log.warning("contacts not available", extra={"cause": str(error), "letters": len(chosen)})
            with self._database.statements() as tx:
                store.put_back(tx, chosen, clock.now() + timedelta(seconds=PAUSE))
            return found

    def _held_by_night(self, due: Sequence[Delivery], rule: Mapping[str, Any], now: datetime) -> Outcomes:
        seconds = quiet_for(now, rule) if self.channel in rule["channels"] else 0.0
        held = [delivery for delivery in due if not delivery.urgent] if seconds else []
        return all_of(held, outcomes.later("quiet_hours", seconds))

    def _tried(self, due: Sequence[Delivery], turn: Turn) -> Outcomes:
        turn = replace(turn, addresses=self._sending.addresses(due))
        known = [delivery for delivery in due if delivery.destination in turn.addresses]
        unwanted = self._sending.unwanted(known, turn)
        sent = self._sending.send([each for each in known if each.key not in unwanted], turn)
        self._learn(sent)
        return all_of(due, outcomes.NO_ADDRESS) | unwanted | sent

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


def _reports(due: Sequence[Delivery], found: Outcomes, retries: Sequence[float]) -> list[RecordOutcome]:
    at = clock.now()
    return [
        RecordOutcome(
            ticket=delivery.ticket, key=delivery.key, channel=delivery.channel, attempt=delivery.attempt,
            outcome=found[delivery.key], retries=retries, at=at,
        )
        for delivery in due if delivery.key in found
    ]  # fmt: skip
