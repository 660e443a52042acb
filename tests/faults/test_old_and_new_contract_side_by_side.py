"""One service after the other is of a newer release: its facts say more, and one is unknown to the others."""

import json
import signal
from itertools import count
from typing import Any

import pika
import psycopg
import pytest

from chassis import decisions
from chassis.decisions import By
from contracts import release
from contracts.cloudevent import SINGLE
from contracts.numbering import ticket_number
from contracts.registry import SERVICES
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import START
from tests.integration.process import until

NEWER = "tests.faults.rig.newer:"
SAMPLE = release.RELEASED / "samples" / "cn.fengge.intake.RequestSubmitted.v1.json"
NUMBERS = count(1)
RECORDS = "SELECT no, reason, type FROM {s}.parked WHERE state = 'open' AND partitionkey = ANY(%s)"


@pytest.mark.accident(26)
@pytest.mark.long
def test_neighbours_of_another_release_understand_each_other(drill: Drill) -> None:
    drill.submit(400, rate=20)
    drill.flows()
    upgrade(drill, "dispatch")  # new says, old hears
    drill.flows(50)
    upgrade(drill, "ticket")  # old says, new hears
    drill.flows(50)
    drill.healed()
    drill.judge()
    unknown = open_records(drill)
    assert {(service, reason) for service, _, reason, _ in unknown} >= {
        ("evaluation", "unknown-type"), ("notification", "unknown-type")
    }  # fmt: skip
    assert {type_ for *_, type_ in unknown} == {"cn.fengge.dispatch.AssignmentAnnotated.v1"}

    upgrade(drill, "evaluation", "notification")
    for service, number, _, _ in unknown:
        with psycopg.connect(drill.house.endpoints.database_url(service)) as tx:
            decisions.decide(tx, "retry", number, By("drill", "this release knows it"))
    drill.healed()
    drill.judge()
    assert not open_records(drill)


@pytest.mark.accident(26)
@pytest.mark.long
def test_requests_of_the_first_release_and_of_the_next_are_taken(drill: Drill) -> None:
    drill.submit(20)
    first = json.loads(SAMPLE.read_bytes())
    submit(drill, first)
    submit(drill, first | {"futureextension": "x", "data": first["data"] | {"future_member": {"a": [1]}}})
    drill.healed()
    drill.judge()


@pytest.mark.accident(26)
@pytest.mark.long
def test_a_request_of_an_unknown_type_is_parked_and_answered(drill: Drill) -> None:
    drill.submit(20)
    foreseen = json.loads(SAMPLE.read_bytes()) | {"type": "cn.fengge.intake.RequestForeseen.v1"}
    drill.load.tickets.remove(submit(drill, foreseen))  # nobody can say which ticket it is about
    drill.healed()
    drill.judge(parked=1)


def upgrade(drill: Drill, *services: str) -> None:
    """Stops them in order and starts those of the newer release in their place."""
    drill.house.kill(*services, sign=signal.SIGTERM)
    started = [drill.house.launch(service, NEWER + service.capitalize()) for service in services]
    for process in started:
        until(process.ready, START)


def open_records(drill: Drill) -> list[tuple[Any, ...]]:
    """Service, number, reason and type of what is parked."""
    with drill.witnesses.connect() as tx:
        return [
            (service, *row)
            for service in SERVICES
            for row in tx.execute(RECORDS.format(s=service).encode(), [drill.load.tickets])
        ]


def submit(drill: Drill, event: dict[str, Any]) -> str:
    """Sends a request as it stands but for its ids, records that the broker has confirmed it.

    Returns the number of its ticket.
    """
    name = f"{drill.folder.name}-{next(NUMBERS)}"
    event = event | {"id": name, "data": event["data"] | {"external_id": name}}
    ticket = ticket_number(event["source"], name)
    drill.load.tickets.append(ticket)
    drill.load._mine.add(ticket)
    parameters = pika.URLParameters(drill.outside)
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        properties = pika.BasicProperties(
            content_type=SINGLE, delivery_mode=2, user_id=parameters.credentials.username
        )
        body = json.dumps(event).encode()
        channel.basic_publish("gov.inbound", f"request.{ticket}", body, properties, mandatory=True)
    drill.record.accepted(
        [{"source": event["source"], "id": name, "type": event["type"], "ticket": ticket, "digest": ""}]
    )
    return ticket
