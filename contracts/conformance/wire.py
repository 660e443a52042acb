"""The broker as one system enters it: it is let do things, or refused them, and reads its replies."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pika
from pika import exceptions

from contracts.cloudevent import decode, opened
from contracts.intake import EventRefused
from contracts.publisher.errors import TROUBLE, PublishFailed, reading_of
from contracts.publisher.line import OUTSIDE, parameters

Attempt = Callable[[Any], object]


class Wire:
    """An AMQP URL; every call connects anew and raises PublishFailed where the broker is away or says no."""

    def __init__(self, url: str, timeout: float) -> None:
        self._asked = parameters(url, timeout)
        self.user = self._asked.credentials.username

    def attempt(self, attempt: Attempt) -> int:
        """On a connection of its own: the code with which the broker refuses it, 0 where it does not."""
        try:
            with pika.BlockingConnection(self._asked) as connection:
                channel = connection.channel()
                channel.confirm_delivery()
                attempt(channel)
        except exceptions.ChannelClosedByBroker as refusal:
            return int(refusal.reply_code)
        except TROUBLE as error:
            raise _failed(error) from error
        return 0

    def publish(self, messages: Iterable[tuple[str, str, bytes]]) -> None:
        """Sends messages (routing key, content type, body), each confirmed before the next."""
        try:
            with pika.BlockingConnection(self._asked) as connection:
                channel = connection.channel()
                channel.confirm_delivery()
                for key, kind, body in messages:
                    properties = pika.BasicProperties(content_type=kind, delivery_mode=2, user_id=self.user)
                    channel.basic_publish(OUTSIDE, key, body, properties, mandatory=True)
        except TROUBLE as error:
            raise _failed(error) from error

    def refusals(self, quiet: float, wanted: Callable[[EventRefused], bool]) -> Iterator[EventRefused]:
        """Those that are wanted, until none of them comes for a while; all others stay in the queue."""
        queue, end = f"gov.replies.{self.user}", time.monotonic() + quiet
        try:
            with pika.BlockingConnection(self._asked) as connection:
                channel = connection.channel()
                for method, properties, body in channel.consume(queue, inactivity_timeout=0.2):
                    refusal = _refusal(properties, body) if method else None
                    if refusal and wanted(refusal):
                        channel.basic_ack(method.delivery_tag)
                        end = time.monotonic() + quiet
                        yield refusal
                    elif time.monotonic() > end:
                        return
        except TROUBLE as error:
            raise _failed(error) from error


def _refusal(properties: Any, body: bytes) -> EventRefused | None:
    (event,) = decode(properties.content_type, body)
    told = opened(event).data
    return told if isinstance(told, EventRefused) else None


def _failed(error: Exception) -> PublishFailed:
    found = reading_of(error)
    return (
        found if isinstance(found, PublishFailed) else PublishFailed(f"the broker does not answer: {found}")
    )
