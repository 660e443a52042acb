"""One connection to the broker with publisher confirms, served by a thread of its own."""

from collections.abc import Sequence
from functools import partial
from itertools import takewhile
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import pika
from pika.adapters.select_connection import SelectConnection

from contracts.broker import parameters_of
from contracts.cloudevent import SINGLE
from contracts.publisher.errors import Broken, reading_of
from contracts.publisher.sending import Message, Verdict

CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 2.0
OUTSIDE = "gov.outside"
"""Where other systems publish."""
INSIDE = "gov.inbound"
"""The same for programs of the house itself."""

News = dict[str, Verdict] | Exception | None
"""Verdicts by event id, the end of the line, or None: open now."""


def parameters(amqp_url: str, timeout: float) -> pika.URLParameters:
    """The connection's parameters with a deadline on every wait, none longer than `timeout` seconds."""
    asked = parameters_of(amqp_url)
    asked.socket_timeout = min(CONNECT_SECONDS / 2, timeout)
    asked.stack_timeout = min(CONNECT_SECONDS, timeout)
    asked.blocked_connection_timeout = min(CONNECT_SECONDS, timeout)
    asked.heartbeat = 10
    asked.connection_attempts = 1
    asked.client_properties = {"connection_name": "fengge-publisher"}
    return asked


class Line:
    """An open connection; its thread alone touches pika, the caller sends and waits for news."""

    def __init__(self, asked: pika.URLParameters, exchange: str) -> None:
        """Connects; raises Broken, or AccessRefused where another attempt is no use."""
        self._user, self._exchange = asked.credentials.username, exchange
        self._news: SimpleQueue[News] = SimpleQueue()
        self._tags: dict[int, str] = {}
        self._returned: set[str] = set()
        self._last_tag = 0
        self._thread = Thread(target=self._serve, args=(asked,), name="fengge-publisher", daemon=True)
        self._thread.start()
        try:
            self._hear(asked.stack_timeout + 1.0)
        except Exception:
            self.close()
            raise

    def send(self, messages: Sequence[Message]) -> None:
        """Hands messages to the connection's thread."""
        if messages:
            self._connection.ioloop.add_callback_threadsafe(partial(self._publish, messages))

    def verdicts(self, seconds: float) -> dict[str, Verdict]:
        """The next verdicts by event id, waiting up to `seconds`; raises Broken after that."""
        return self._hear(seconds) or {}

    def close(self) -> None:
        """Closes the connection and its thread."""
        if self._thread.is_alive():
            self._connection.ioloop.add_callback_threadsafe(self._hang_up)
            self._thread.join(CLOSE_SECONDS)

    def _hear(self, seconds: float) -> dict[str, Verdict] | None:
        try:
            news = self._news.get(timeout=max(seconds, 0.0))
        except Empty:
            raise Broken(f"no answer within {seconds:.0f} s") from None
        if isinstance(news, Exception):
            raise news
        return news

    # From here on everything runs in the connection's thread.

    def _serve(self, asked: pika.URLParameters) -> None:
        self._connection = SelectConnection(
            asked,
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._on_channel),
            on_open_error_callback=self._on_end,
            on_close_callback=self._on_end,
        )
        try:
            self._connection.ioloop.start()
        except ValueError as error:  # pika's word for a socket that was reset in the moment it connected
            self._news.put(Broken(str(error)))
        finally:
            self._news.put(Broken("the connection has ended"))
        self._connection.ioloop.close()

    def _on_channel(self, channel: Any) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(self._on_confirm, callback=lambda _: self._news.put(None))

    def _publish(self, messages: Sequence[Message]) -> None:
        if not self._channel.is_open:
            return  # the news of the end is on its way
        for message in messages:
            self._last_tag += 1
            self._tags[self._last_tag] = message.id
            properties = pika.BasicProperties(
                content_type=SINGLE, delivery_mode=2, message_id=message.id, user_id=self._user
            )
            self._channel.basic_publish(
                self._exchange, message.routing_key, message.body, properties, mandatory=True
            )

    def _on_return(self, _channel: Any, _method: Any, properties: Any, _body: bytes) -> None:
        self._returned.add(properties.message_id)

    def _on_confirm(self, frame: Any) -> None:
        tag, name = frame.method.delivery_tag, frame.method.NAME
        tags = list(takewhile(tag.__ge__, self._tags)) if frame.method.multiple else [tag]
        verdict = Verdict.CONFIRMED if name == "Basic.Ack" else Verdict.NACKED
        ids = [self._tags.pop(settled) for settled in tags]
        self._news.put({ident: Verdict.RETURNED if ident in self._returned else verdict for ident in ids})
        self._returned.difference_update(ids)

    def _on_channel_closed(self, _channel: Any, reason: Exception) -> None:
        self._news.put(reading_of(reason))
        self._hang_up()

    def _on_end(self, _connection: Any, reason: Exception | str) -> None:
        self._news.put(reading_of(reason) if isinstance(reason, Exception) else Broken(reason))
        self._connection.ioloop.stop()

    def _hang_up(self) -> None:
        if not (self._connection.is_closing or self._connection.is_closed):
            self._connection.close()
