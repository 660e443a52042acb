"""The lightest honest AMQP client: persistent messages with pipelined confirms, acknowledged batches."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from amqp import Connection
from amqp.basic_message import Message

from contracts.broker import broker

CONFIRM_SECONDS = 60.0
PIPELINE = 500


def connect(url: str) -> Any:
    """An open py-amqp connection to an amqp:// or amqps:// URL."""
    where = broker(url)
    parts = urlsplit(where.url)
    connection = Connection(
        host=f"{parts.hostname}:{parts.port}",
        userid=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        virtual_host=unquote(parts.path[1:]),
        heartbeat=0,
        ssl=where.kombu(),
    )
    connection.connect()
    return connection


class Publisher:
    """Publishes many messages and waits until the broker has confirmed every one.

    The broker vouches for them where `user` says who is connected.
    """

    def __init__(self, connection: Any, user: str | None = None) -> None:
        self._connection, self._user = connection, user
        self._channel = connection.channel()
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._on_ack)
        self._sent = self._confirmed = 0

    def publish(self, messages: Iterable[tuple[str, str, str, bytes]]) -> int:
        """Publishes (exchange, routing key, content type, body); returns how many, all of them confirmed."""
        before = self._sent
        for exchange, key, content_type, body in messages:
            message = Message(body, content_type=content_type, delivery_mode=2, user_id=self._user)
            self._channel.basic_publish(message, exchange, key)
            self._sent += 1
            if self._sent - self._confirmed >= PIPELINE:
                self._drain(PIPELINE // 2)
        self._drain(0)
        return self._sent - before

    def _drain(self, open_at_most: int) -> None:
        while self._sent - self._confirmed > open_at_most:
            self._connection.drain_events(timeout=CONFIRM_SECONDS)

    def _on_ack(self, delivery_tag: int, multiple: bool) -> None:  # noqa: ARG002 (tags only grow)
        self._confirmed = max(self._confirmed, delivery_tag)


class Reader:
    """Reads queues without acknowledging single messages: `take` returns what has come."""

    def __init__(self, connection: Any, queues: Sequence[str], prefetch: int = 500) -> None:
        self._connection = connection
        self._channel = connection.channel()
        self._channel.basic_qos(0, prefetch, False)
        self._bodies: list[bytes] = []
        self._tag = 0
        for queue in queues:
            self._channel.basic_consume(queue, callback=self._on_message)

    def take(self, seconds: float) -> list[bytes]:
        """The bodies that have come within `seconds`, acknowledged together."""
        try:
            self._connection.drain_events(timeout=seconds)
            while len(self._bodies) < PIPELINE:
                self._connection.drain_events(timeout=0.001)
        except TimeoutError:
            pass
        bodies, self._bodies = self._bodies, []
        if bodies:
            self._channel.basic_ack(self._tag, multiple=True)
        return bodies

    def _on_message(self, message: Any) -> None:
        body = message.body
        self._bodies.append(body.encode() if isinstance(body, str) else bytes(body))
        self._tag = message.delivery_info["delivery_tag"]
