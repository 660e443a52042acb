"""From claimed messages to what became of them: addresses, opt-outs and pace, rating keys, the way itself."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from chassis import clock
from chassis.asking import NotAnswered
from chassis.database import Database
from chassis.line import Deadline
from chassis.settings import Settings
from contracts.terms import NotificationChannel
from services.notification import channel_store, contacts, outcomes
from services.notification.correspondence import NEEDS, Delivery, Outcome
from services.notification.letters import NO_KEYS, letters
from services.notification.rating_keys import asks, rating_keys
from services.notification.signing import fingerprint
from services.notification.way import Way

PAUSE = 3.0
"""Seconds after which letters are tried again for which no address or key was to be had: no try of theirs."""
ALARM = "rating_keys"

log = logging.getLogger(__name__)

Outcomes = dict[str, Outcome]


class Turn(Struct, frozen=True):
    """What holds for all messages of one turn."""

    now: datetime
    pace: Mapping[str, Any] | None
    newest: Mapping[str, int]
    deadline: Deadline
    addresses: Mapping[str, str] = {}

    def mark(self, delivery: Delivery, token: str) -> str:
        """What stands for the address of a message where only equality matters."""
        address = self.addresses[delivery.destination]
        return fingerprint(token, address) if token else delivery.destination


class Sending:
    """What one channel of one process sends."""

    def __init__(
        self, channel: NotificationChannel, way: Way, settings: Settings, database: Database
    ) -> None:
        self._channel, self._way, self._settings, self._database = channel, way, settings, database
        self._alarmed: bool | None = None
        """Whether keys could not be had the last time; None: nobody has asked yet."""

    def addresses(self, due: Sequence[Delivery]) -> dict[str, str]:
        """Where the messages go, by reference; raises NotAnswered."""
        settings, refs = self._settings, [delivery.destination for delivery in due]
        return contacts.addresses(settings.ticket_url, settings.internal_token, refs, NEEDS[self._channel])

    def unwanted(self, known: Sequence[Delivery], turn: Turn) -> Outcomes:
        """Messages to who has opted out, or has had enough for the moment; the others take their share."""
        token, pace = self._settings.notify_token, turn.pace
        marks = {delivery.key: turn.mark(delivery, token) for delivery in known}
        if not known or not (token or pace):
            return {}
        with self._database.transaction() as tx:
            out = channel_store.opted_out(tx, self._channel, marks.values()) if token else set()
            found = all_of([each for each in known if marks[each.key] in out], outcomes.OPTED_OUT)
            patient = [each for each in known if each.key not in found and not each.urgent] if pace else []
            waits = (
                channel_store.waits(tx, self._channel, [marks[each.key] for each in patient], turn.now, pace)
                if pace and patient
                else []
            )
        slow = zip(patient, waits, strict=True)
        return found | {each.key: outcomes.later("pace", wait) for each, wait in slow if wait}

    def send(self, wanted: Sequence[Delivery], turn: Turn) -> Outcomes:
        """What became of each; those that ask for a rating come last, so that no key delays the others."""
        with_keys = bool(self._settings.evaluation_url)
        asking = [each for each in wanted if with_keys and asks(each)]
        sent = self._sent([each for each in wanted if not (with_keys and asks(each))], turn)
        if not asking:
            return sent
        if not turn.deadline.left or any(outcome.fault for outcome in sent.values()):
            return sent | all_of(asking, outcomes.POSTPONED)
        return sent | self._sent_with_keys(asking, turn)

    def _sent(
        self, deliveries: Sequence[Delivery], turn: Turn, keys: Mapping[str, Mapping[str, str]] = NO_KEYS
    ) -> Outcomes:
        written, wrong = letters(deliveries, turn.addresses, turn.newest, keys)
        return wrong | (self._way.send(written, self._settings, turn.deadline) if written else {})

    def _sent_with_keys(self, asking: Sequence[Delivery], turn: Turn) -> Outcomes:
        try:
            keys = rating_keys(self._settings, [delivery.ticket for delivery in asking])
        except NotAnswered as error:
            self._without_keys(asking, turn, str(error))
            return all_of(asking, outcomes.later("no_key", PAUSE))
        if self._alarmed is not False:
            self._alarmed = False
            with self._database.statements() as tx:
                channel_store.clear_alarm(tx, ALARM, self._channel, clock.now())
        open_ = [delivery for delivery in asking if delivery.ticket in keys]
        return all_of(asking, outcomes.NOT_ASKED) | self._sent(open_, turn, keys)

    def _without_keys(self, asking: Sequence[Delivery], turn: Turn, cause: str) -> None:
        """Operators learn of it; and since nothing was sent, nobody's share is used up."""
        log.warning("rating keys not available", extra={"cause": cause, "letters": len(asking)})
        self._alarmed = True
        token = self._settings.notify_token
        with self._database.transaction() as tx:
            channel_store.raise_alarm(tx, ALARM, self._channel, cause)
            if turn.pace:
                marks = [turn.mark(each, token) for each in asking if not each.urgent]
                channel_store.give_back(tx, self._channel, marks, turn.pace["seconds"])


def all_of(deliveries: Sequence[Delivery], outcome: Outcome) -> Outcomes:
    """The same became of all of them."""
    return dict.fromkeys((delivery.key for delivery in deliveries), outcome)
