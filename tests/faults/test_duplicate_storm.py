"""Every event comes three times, and at the end the whole day is played again by its publishers."""

import pika
import pytest

from contracts.registry import SERVICES
from tests.faults.rig import broker
from tests.faults.rig.broker import Message
from tests.faults.rig.drill import Drill

DAY = """
SELECT exchange, routing_key, content_type, body FROM {service}.outbox
WHERE created_at > now() - interval '24 hours' AND exchange LIKE '%.events' ORDER BY id
"""


@pytest.mark.accident(18)
def test_each_event_takes_effect_once(drill: Drill) -> None:
    drill.load.repeat = 3
    drill.submit(200)
    drill.judge()
    said = published_today(drill)
    with broker.channel(drill.witnesses.amqp_url) as admin:
        for _ in range(2):
            broker.publish(admin, said)
    drill.healed()
    drill.judge()


def published_today(drill: Drill) -> list[Message]:
    """All facts of all services, as they were sent."""
    with drill.witnesses.connect() as tx:
        rows = [row for service in SERVICES for row in tx.execute(DAY.format(service=service).encode())]
    return [
        Message(exchange, key, pika.BasicProperties(content_type=kind, delivery_mode=2), body.encode())
        for exchange, key, kind, body in rows
    ]
