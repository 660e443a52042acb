"""An administrator's hands at the broker: takes messages out of queues and puts them back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pika

from tests.broker import drained


@dataclass(frozen=True)
class Message:
    """A message as it lay in a queue."""

    exchange: str
    routing_key: str
    properties: Any
    body: bytes


@contextmanager
def channel(url: str) -> Iterator[Any]:
    """A channel in confirm mode."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        opened = connection.channel()
        opened.confirm_delivery()
        yield opened


def taken(admin: Any, queue: str) -> list[Message]:
    """All that lies in a queue, taken out of it."""
    return [
        Message(method.exchange, method.routing_key, properties, body)
        for method, properties, body in drained(admin, queue)
    ]


def publish(admin: Any, messages: Sequence[Message]) -> None:
    """Sends messages to where they were once sent; each is confirmed."""
    for message in messages:
        admin.basic_publish(
            message.exchange, message.routing_key, message.body, message.properties, mandatory=True
        )
