"""Facts reach a service in any order, and one is withheld: its ticket waits for it, all others go on."""

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from tests.faults.rig import broker
from tests.faults.rig.broker import Message
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import SHARDS
from tests.integration.process import until

SINGLE = "application/cloudevents+json"


@pytest.mark.accident(19)
@pytest.mark.parametrize("withheld", [3, pytest.param(60, marks=pytest.mark.long)])
def test_the_order_is_kept_and_only_the_gap_waits(drill: Drill, withheld: int) -> None:
    drill.house.kill("dispatch")
    drill.submit(100)
    until(lambda: drill.load.asked)
    drill.flows_by("SELECT count(*) >= 200 FROM ticket.history WHERE ticket = ANY(%s)")
    with broker.channel(drill.witnesses.amqp_url) as admin:
        late, *rest = shuffled(m for shard in range(SHARDS) for m in broker.taken(admin, f"dispatch.{shard}"))
        drill.house.start("dispatch")
        broker.publish(admin, rest)
        drill.flows_by("SELECT count(*) >= 90 FROM ticket.ticket WHERE id = ANY(%s) AND state = 'closed'")
    time.sleep(withheld)
    with broker.channel(drill.witnesses.amqp_url) as admin:
        broker.publish(admin, [late])
    drill.healed()
    drill.judge()


def shuffled(messages: Iterator[Message]) -> Sequence[Message]:
    """Each event by itself, in no order; first the first fact of some ticket."""
    single = [one for message in messages for one in apart(message)]
    random.Random(19).shuffle(single)
    first = next(one for one in single if json.loads(one.body)["sequence"] == "1")
    return [first, *(one for one in single if one is not first)]


def apart(message: Message) -> Iterator[Message]:
    """The events of a message, one message each."""
    document = json.loads(message.body)
    message.properties.content_type = SINGLE
    for event in document if isinstance(document, list) else [document]:
        yield replace(message, body=json.dumps(event).encode())
