"""Looks at the broker over AMQP alone: how full queues are, who reads them, whether it holds publishers back.

It works with any broker that speaks AMQP 0-9-1: no management plugin, no right but to enter and one exchange
of our own to knock at. A connection that publishes while an alarm stands is blocked and told why; so one
connection knocks, and another one looks.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pika
from amqp.exceptions import NotFound
from kombu.connection import Connection
from pika.exceptions import AMQPError

from chassis.line import BROKEN, Deadline
from chassis.topology import queue_name
from contracts.broker import broker, parameters_of
from services.console.now.seen import Broker, Queue

log = logging.getLogger(__name__)

KNOCK = "console.knock"
"""An exchange that leads nowhere: what is published there is confirmed and gone."""
TIMEOUT = 2.0
"""Seconds that the broker has for an answer."""
HEARTBEAT = 30
TROUBLE = (*BROKEN, AMQPError)
ANSWER = 0.2
"""Seconds in which it says that it holds us back."""


class Looker:
    """Two connections, opened when they are needed and thrown away when they fail."""

    def __init__(self, amqp_url: str) -> None:
        self._url = amqp_url
        self._eyes: Any = None
        self._hand: Any = None
        self._door: Any = None
        self._alarm = ""

    def look(self, shards: Mapping[str, int]) -> tuple[Broker, tuple[Queue, ...]]:
        """The broker, and every shard queue of these services."""
        for last in (False, True):  # a connection that was left alone for long may have been given up
            try:
                queues = tuple(self._queues(shards))
                return Broker(alarm=self._knock()), queues
            except TROUBLE as error:
                self.close()
                said = type(error).__name__
            if last:
                log.warning("the broker does not answer", extra={"cause": said})
        return Broker(answers=False, said=said), ()

    def close(self) -> None:
        """Ends both connections at once; nothing on them matters."""
        if self._eyes is not None:
            self._eyes.collect()
        if self._hand is not None and self._hand.is_open:
            # No farewell: a broker that holds us back would not read it.
            sock = self._hand._impl._transport._sock  # noqa: SLF001 (there is no other door)
            self._hand._cleanup()  # noqa: SLF001
            sock.close()
        self._eyes = self._hand = self._door = None
        self._alarm = ""

    def _queues(self, shards: Mapping[str, int]) -> Iterator[Queue]:
        if self._eyes is None:
            self._eyes = self._connect()
        channel = self._eyes.channel()
        for service, count in shards.items():
            for shard in range(count):
                try:
                    found = channel.queue_declare(queue_name(service, shard), passive=True)
                except NotFound:  # it closes the channel
                    channel = self._eyes.channel()
                    yield Queue(service=service, shard=shard, there=False)
                else:
                    yield Queue(
                        service=service,
                        shard=shard,
                        ready=found.message_count,
                        consumers=found.consumer_count,
                    )
        channel.close()

    def _knock(self) -> str:
        """Publishes nothing to nowhere, unless that is held back already; returns the alarm that stands."""
        if self._hand is None:
            self._hand = self._reach()
            self._door = self._hand.channel()
            self._door.exchange_declare(KNOCK, "fanout", durable=False, auto_delete=False)
        if not self._alarm:
            self._door.basic_publish(KNOCK, "", b"")
        waits = Deadline(ANSWER)
        while waits.left and not self._alarm:
            self._hand.process_data_events(waits.left)
        self._hand.process_data_events(0)
        return self._alarm

    def _blocked(self, _connection: Any, frame: Any) -> None:
        self._alarm = frame.method.reason or "blocked"

    def _unblocked(self, _connection: Any, _frame: Any) -> None:
        self._alarm = ""

    def _reach(self) -> Any:
        """By pika, which hears why it is blocked; py-amqp does not."""
        parameters = parameters_of(self._url)
        parameters.socket_timeout = parameters.stack_timeout = TIMEOUT
        parameters.blocked_connection_timeout, parameters.heartbeat = None, HEARTBEAT
        hand = pika.BlockingConnection(parameters)
        hand.add_on_connection_blocked_callback(self._blocked)
        hand.add_on_connection_unblocked_callback(self._unblocked)
        return hand

    def _connect(self) -> Any:
        address = broker(self._url)
        connection: Any = Connection(  # type: ignore[no-untyped-call]
            address.url,
            ssl=address.kombu(),
            heartbeat=0,  # whoever does not answer a look in time is gone
            connect_timeout=TIMEOUT,
            transport_options={
                "client_properties": {"connection_name": "console"},
                "read_timeout": TIMEOUT, "write_timeout": TIMEOUT,
            },
        )  # fmt: skip
        return connection.transport.establish_connection()
