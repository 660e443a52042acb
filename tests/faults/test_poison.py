"""Poison of every kind among good requests: each is parked by itself, and its neighbours flow."""

import hashlib
import json
import os
from collections.abc import Iterator

import pika
import pytest
from msgspec.structs import replace

from bench.people import CATEGORIES, GRIDS, request
from contracts.cloudevent import SINGLE
from contracts.intake import routing_key
from contracts.numbering import ticket_number
from contracts.publisher import INSIDE, Publisher
from tests.faults.rig import broker
from tests.faults.rig.broker import Message
from tests.faults.rig.drill import Drill
from tests.integration.accidents import DEADLY
from tests.integration.process import until

DEADLY_SERVICE = "tests.integration.accidents:DeadlyTicketService"
SENDER = "urn:drill:poison"
RAISES = f"raises-{os.getpid()}"
TRAP = f"""
CREATE FUNCTION ticket.trap() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'sprung'; END $$;
CREATE TRIGGER trap BEFORE INSERT ON ticket.request FOR EACH ROW
    WHEN (NEW.ticket = '{ticket_number(SENDER, RAISES)}') EXECUTE FUNCTION ticket.trap();
"""
DISARM = "DROP TRIGGER IF EXISTS trap ON ticket.request; DROP FUNCTION IF EXISTS ticket.trap()"
PARKED = "SELECT count(*) >= 2 FROM ticket.parked WHERE state = 'open' AND partitionkey = ANY(%s)"


@pytest.fixture
def trapped(drill: Drill) -> Iterator[Drill]:
    """A house whose database refuses a certain request for ever."""
    with drill.witnesses.connect() as tx:
        tx.execute(TRAP.encode())
        try:
            yield drill
        finally:
            tx.execute(DISARM)


@pytest.mark.accident(20)
def test_poison_is_parked_alone(trapped: Drill) -> None:
    drill = trapped
    drill.house.kill("ticket")
    drill.house.launch("ticket", DEADLY_SERVICE, RETRY_ATTEMPTS="3")
    drill.submit(100)
    unreadable = [*bad_bodies()]
    with broker.channel(drill.witnesses.amqp_url) as admin:
        broker.publish(admin, unreadable)
    drill.record.accepted(as_input(message) for message in unreadable)
    poison(drill, RAISES, "raises each time")
    poison(drill, f"deadly-{os.getpid()}", DEADLY)
    keep_alive(drill)
    drill.letters_are_due()  # nobody could say where to send them
    drill.healed()
    drill.judge(parked=len(unreadable) + 2)


def bad_bodies() -> Iterator[Message]:
    """Bad JSON, a type nobody knows, data of another shape, ten megabytes, another content type."""
    whole = {
        "specversion": "1.0", "id": f"poison-{os.getpid()}", "source": SENDER,
        "type": "cn.fengge.intake.RequestSubmitted.v1", "time": "2026-11-21T08:00:00Z",
        "data": {"external_id": "1", "channel": "hotline_12345", "title": "路灯不亮"},
    }  # fmt: skip
    yield message(b"\xff\x00{")
    yield message(json.dumps({**whole, "type": "cn.fengge.intake.RequestUnheardOf.v1", "id": "a"}).encode())
    yield message(json.dumps({**whole, "data": {"titel": 1}, "id": "b"}).encode())
    yield message(json.dumps({**whole, "id": "c"}).encode().ljust(10_000_000))
    yield message(json.dumps({**whole, "id": "d"}).encode(), "text/plain")


def message(body: bytes, content_type: str = SINGLE) -> Message:
    """A message for the intake that names no publisher."""
    return Message(
        "gov.inbound",
        "request.poison",
        pika.BasicProperties(content_type=content_type, delivery_mode=2),
        body,
    )


def as_input(message: Message) -> dict[str, str]:
    """What nobody can read is known by its body."""
    digest = hashlib.sha256(message.body).hexdigest()
    return {"source": SENDER, "id": f"poison {digest[:8]}", "ticket": "", "digest": digest}


def poison(drill: Drill, number: str, title: str) -> None:
    """One request whose words make its handling fail."""
    with Publisher(drill.outside, source=SENDER, exchange=INSIDE) as publisher:
        event = replace(request(number, 0, GRIDS, CATEGORIES), title=title)
        drill.load.tickets.append(routing_key(SENDER, event).split(".")[1])
        drill.load.publish(publisher, [publisher.enveloped(event, number)])


def keep_alive(drill: Drill) -> None:
    """Starts the service anew each time it has died, until both requests are parked."""

    def parked() -> bool:
        if not drill.house.processes["ticket"].lives:
            drill.house.launch("ticket", DEADLY_SERVICE, RETRY_ATTEMPTS="3")
        return bool(drill.asks(PARKED))

    until(parked, 60)
