"""What a hotline is told: facts about its own orders in its own words, and what was answered in public."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from chassis import clock
from chassis.asking import NotAnswered, asked
from chassis.database import Database
from chassis.settings import Settings
from contracts.event import type_of
from contracts.hotline.members import ANSWER
from contracts.hotline.outward import message_of
from contracts.ticket import TicketHandled
from services.notification import channel_store
from services.notification.subscribers import FOLLOWS, TEST, Queued, Subscriber

HANDLED = type_of(TicketHandled)

log = logging.getLogger(__name__)

Answers = Mapping[str, str]
"""What was answered in public, by ticket."""


class Said(msgspec.Struct, frozen=True):
    """The words of the last outcome of a ticket."""

    ticket: str
    text: str


class Hotlines:
    """The words for hotlines; those of an outcome are asked for as a message goes out, and not kept."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._alarmed: bool | None = None
        """Whether outcomes could not be had the last time; None: nobody has asked yet."""

    def asking(self, subscriber: Subscriber, messages: Sequence[Queued]) -> list[Queued]:
        """The messages that tell an outcome in words."""
        return [each for each in messages if subscriber.hotline and each.event_type == HANDLED]

    def answers(self, messages: Sequence[Queued]) -> Answers | None:
        """What was done, in the words of who has done it; None while they are not to be had."""
        try:
            found = _answers(self._settings, [number for each in messages for number in _outcomes_of(each)])
        except NotAnswered as error:
            log.warning("outcomes not available", extra={"cause": str(error), "messages": len(messages)})
            self._alarm(str(error))
            return None
        self._alarm(None)
        return found

    def in_its_words(self, subscriber: Subscriber, message: Queued, answers: Answers) -> Queued | None:
        """The message as it is posted; None where the city's file is not there, or has no words for it."""
        if subscriber.hotline is None or message.event_type == TEST:
            return message
        city = self._settings.hotlines.get(subscriber.hotline)
        answer = next((answers[each] for each in _outcomes_of(message) if answers.get(each)), None)
        told = message_of(city, message.event_type, _data(message) | {ANSWER: answer}) if city else None
        return replace(message, body=msgspec.json.encode(told).decode()) if told else None

    def _alarm(self, cause: str | None) -> None:
        """Operators learn once that outcomes cannot be had, and when they can again."""
        if (cause is not None) == self._alarmed:
            return
        self._alarmed = cause is not None
        with self._database.statements() as tx:
            if cause is None:
                channel_store.clear_alarm(tx, "outcomes", "dispatch", clock.now())
            else:
                channel_store.raise_alarm(tx, "outcomes", "dispatch", cause)


def _data(message: Queued) -> dict[str, Any]:
    return dict(msgspec.json.decode(message.body)["data"])


def _outcomes_of(message: Queued) -> list[str]:
    """The tickets whose outcome it may be: its own, else that of the one it follows."""
    return [number for number in (message.ticket, _data(message).get(FOLLOWS)) if number]


def _answers(settings: Settings, tickets: Sequence[str]) -> Answers:
    wanted = msgspec.json.encode({"tickets": sorted(set(tickets))})
    body = asked(settings.dispatch_url, "/outcomes", settings.internal_token, wanted)
    try:
        return {each.ticket: each.text for each in msgspec.json.decode(body, type=list[Said])}
    except msgspec.DecodeError as error:
        raise NotAnswered("not a list of outcomes") from error
