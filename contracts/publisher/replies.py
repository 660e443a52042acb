"""The answers to a publisher whose events were refused, from its own queue."""

from collections.abc import Iterator

import pika

from contracts.cloudevent import decode, opened
from contracts.intake import EventRefused
from contracts.publisher.errors import TROUBLE, PublishFailed, reading_of


def refusals(asked: pika.URLParameters, publisher: str, timeout: float) -> Iterator[EventRefused]:
    """What waits on `gov.replies.<publisher>`, until nothing comes for `timeout` seconds.

    A message is acked when the caller asks for what follows it; who stops early gets it again.
    """
    try:
        with pika.BlockingConnection(asked) as connection:
            channel = connection.channel()
            channel.basic_qos(prefetch_count=100)
            queue = f"gov.replies.{publisher}"
            for method, properties, body in channel.consume(queue, inactivity_timeout=timeout):
                if method is None:
                    break
                for event in decode(properties.content_type, body):
                    refused = opened(event).data
                    if isinstance(refused, EventRefused):
                        yield refused
                channel.basic_ack(method.delivery_tag)
            channel.cancel()
    except TROUBLE as error:
        found = reading_of(error)
        raise found if isinstance(found, PublishFailed) else PublishFailed(str(found)) from error
