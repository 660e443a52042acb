"""What lies in a queue of the broker, taken out of it without losing any."""

import time
from typing import Any, NamedTuple

PATIENCE = 60.0


class Delivery(NamedTuple):
    """One message as it was delivered."""

    method: Any
    properties: Any
    body: bytes


def drained(channel: Any, queue: str) -> list[Delivery]:
    """Takes out of a queue everything that was confirmed before this was called, in its order.

    A queue with a single active consumer gives nothing to who merely asks (basic.get). Each message is
    acknowledged as it comes: a consumer that need not do so loses what is on its way when it is cancelled.
    """
    found: list[Delivery] = []

    def take(on: Any, *delivered: Any) -> None:
        found.append(Delivery(*delivered))
        on.basic_ack(found[-1].method.delivery_tag)

    lying = count(channel, queue)
    consumer = channel.basic_consume(queue, take)
    end = time.monotonic() + PATIENCE
    while len(found) < lying or count(channel, queue):
        assert time.monotonic() < end, f"{queue} gave {len(found)} of {lying} messages"
        channel.connection.process_data_events(0.1)
    channel.basic_cancel(consumer)
    return found


def count(channel: Any, queue: str) -> int:
    """How many messages wait in a queue; what a consumer has in its hands is none of them."""
    return int(channel.queue_declare(queue, passive=True).method.message_count)
