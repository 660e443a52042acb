"""10,000 parked requests are tried again at a pace while others ask; the console is killed half-way."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pika
import psycopg
import pytest

from bench.people import CATEGORIES, GRIDS
from bench.people import request as asked
from contracts.cloudevent import CloudEvent, encode
from contracts.event import Event, type_of
from contracts.intake import routing_key
from contracts.numbering import ticket_number
from contracts.registry import CONSOLE
from services.console.failed.domain import DEFAULT_RATE
from tests.faults.evidence import ENDED
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import START
from tests.faults.rig.turns import Job, grown, residents
from tests.integration.process import until

MANY, RATE = 10_000, DEFAULT_RATE
LIVE = 20
"""Requests a second of residents who ask meanwhile."""
GROWS_LESS_THAN = 1.5
SENDER = "urn:drill:wrong-header"
OPEN = "SELECT count(*) FROM ticket.parked WHERE state = 'open' AND reason = 'content-type'"
DEEDS = """
SELECT count(*), count(*) FILTER (WHERE jsonb_array_length(history) = 1),
       count(*) FILTER (WHERE state = 'retried')
FROM ticket.parked WHERE reason = 'content-type'
"""
BORN = """
SELECT count(*), count(DISTINCT ticket) FROM ticket.history
WHERE ticket = ANY(%s) AND type = 'cn.fengge.ticket.TicketReceived.v1'
"""


@pytest.mark.accident(20)
@pytest.mark.long
def test_residents_do_not_feel_a_retry_of_10_000_and_a_killed_console_goes_on(drill: Drill) -> None:
    house = drill.house
    house.start(CONSOLE)
    drill.submit(100, rate=LIVE)  # whoever has just started is not measured
    until(lambda: drill.load.asked)
    tickets = park(drill, MANY)
    (group,) = [row for row in fengge(drill, "groups") if row["reason"] == "content-type"]
    assert group["records"] == MANY
    job = fengge(drill, "retry", "--group", group["group"], "--rate", str(RATE), "--reason", "drill")["id"]
    retry = Job(drill, job)
    with residents(drill, LIVE) as told:
        turns = list(retry.by_turns(until_done=MANY // 2))
        house.kill(CONSOLE)
        half = retry.done
        house.start(CONSOLE)
        until(lambda: retry.done > half, START)
        turns += retry.by_turns(until_done=MANY)
    drill.healed()
    figures = grown(told, turns)
    print(f"\n{json.dumps({'rate': RATE, 'live': LIVE, 'done when killed': half, **figures})}", flush=True)
    judge(drill, tickets, fengge(drill, "job", str(job)))
    assert figures["p99_grows"] < GROWS_LESS_THAN


def judge(drill: Drill, tickets: Sequence[str], job: dict[str, Any]) -> None:
    """Each was decided about once, took effect once, and the house adds up."""
    assert (job["done"], job["left_as_is"], job["came_back"]) == (MANY, 0, 0)
    drill.ends = (*ENDED, "dispatching")  # offered, and nobody answers here
    drill.judge(within=120)
    with drill.witnesses.connect() as tx:
        assert tx.execute(DEEDS).fetchall() == [(MANY, MANY, MANY)]
        assert tx.execute(BORN, [list(tickets)]).fetchall() == [(MANY, MANY)]


def park(drill: Drill, count: int) -> list[str]:
    """So many good requests under a wrong content type, parked; the numbers of their tickets."""
    parameters = pika.URLParameters(drill.house.endpoints.amqp_url("world"))
    inputs: list[dict[str, str]] = []
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        for number in range(count):
            name = f"{drill.folder.name}-{number}"
            request = asked(name, number, GRIDS, CATEGORIES)
            properties = pika.BasicProperties(
                content_type="text/plain", delivery_mode=2, user_id=parameters.credentials.username,
                message_id=name,
            )  # fmt: skip
            event: CloudEvent[Event] = CloudEvent(
                specversion="1.0", id=name, source=SENDER, type=type_of(type(request)),
                time=datetime.now(UTC), data=request,
            )  # fmt: skip
            channel.basic_publish("gov.inbound", routing_key(SENDER, request), encode([event])[1], properties)
            inputs.append({
                "source": SENDER, "id": name, "type": event.type, "digest": "",
                "ticket": ticket_number(SENDER, name),
            })  # fmt: skip
    tickets = [each["ticket"] for each in inputs]
    drill.load.tickets += tickets
    drill.record.accepted(inputs)
    with psycopg.connect(drill.witnesses.database_url, autocommit=True) as tx:
        until(lambda: tx.execute(OPEN).fetchone() == (count,), 300)
    return tickets


def fengge(drill: Drill, *words: str) -> Any:
    """What `fengge parked` says to scripts."""
    argv = [sys.executable, "-W", "ignore", "-m", "cli.main", "--run", str(drill.house.run), "parked", *words]
    done = subprocess.run([*argv, "--json"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
