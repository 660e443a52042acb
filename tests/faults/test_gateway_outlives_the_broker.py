"""The broker is away while systems post: all they send is taken, and each event takes effect exactly once."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from contracts.cloudevent import SINGLE
from services.gateway.enrolment import Application, enrol
from tests.faults.rig import house as rig
from tests.faults.rig.house import House
from tests.integration.gatehouse import request
from tests.integration.process import until

SENDERS = 8
BEFORE, AFTER = 1.0, 2.0
MINUTE = 60.0
"""Seconds away from which on the whole house is up."""
"""Seconds of load before the broker goes and after it is back."""
IDLE = ("dispatch", "notification", "evaluation")

RECEIVED = "SELECT count(*), count(DISTINCT external_id) FROM ticket.ticket WHERE source = %s"
UNSENT = "SELECT count(*) FROM gateway.outbox WHERE sent_at IS NULL"
HAPPENED = """
SELECT count(*) FROM ticket.history h JOIN ticket.ticket t ON t.id = h.ticket
WHERE t.source = %s AND h.type = 'cn.fengge.ticket.TicketReceived.v1'
"""


@pytest.fixture(scope="module")
def house(servers_run: Path) -> Iterator[House]:
    """Broker, database, ticket service and gateway."""
    with rig.opened(servers_run / "gateway", direct=True) as house:
        house.kill(*IDLE)
        yield house


@dataclass
class Senders:
    """Systems that post at a pace, each event once, and note how each was answered."""

    url: str
    key: str
    source: str
    rate: float
    answers: list[int] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> list[threading.Thread]:
        """Every sender in a thread of its own."""
        threads = [threading.Thread(target=self._send, args=[number]) for number in range(SENDERS)]
        for thread in threads:
            thread.start()
        return threads

    def _send(self, number: int) -> None:
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=20)
        headers = {"Content-Type": SINGLE, "X-API-Key": self.key}
        begun, count = time.monotonic(), 0
        while not self.stop.is_set():
            count += 1
            body = json.dumps(request(f"{number}-{count}", self.source)).encode()
            connection.request("POST", "/events", body, headers)
            answer = connection.getresponse()
            answer.read()
            self.answers.append(answer.status)
            self.stop.wait(max(0.0, begun + count * SENDERS / self.rate - time.monotonic()))
        connection.close()


@pytest.mark.parametrize(("away", "rate"), [(5.0, 100.0), pytest.param(60.0, 200.0, marks=pytest.mark.long)])
def test_every_event_that_was_taken_is_there_once_and_none_was_refused(
    house: House, away: float, rate: float
) -> None:
    source = f"urn:outage:{away:g}"
    url = house.endpoints.database_url("postgres")
    with psycopg.connect(house.endpoints.database_url("gateway")) as tx:
        wanted = Application(
            name=f"outage-{away:g}", kind="api-key", sources=[source], types=["*"], by="test"
        )
        given = enrol(tx, wanted, "")
    assert given
    time.sleep(1.1)  # the time within which a new client is promised to be known
    if away >= MINUTE:
        house.start(*IDLE)
    senders = Senders(house.specs["gateway"].edge, given.key, source, rate)
    begun, threads = time.monotonic(), senders.start()
    try:
        time.sleep(BEFORE)
        house.broker.kill()
        time.sleep(away)
        house.broker.revive()
        time.sleep(AFTER)
    finally:
        senders.stop.set()
        for thread in threads:
            thread.join()
    ended = time.monotonic()
    assert set(senders.answers) == {202}
    sent = len(senders.answers)
    assert sent > rate * away / 2
    with psycopg.connect(url, autocommit=True) as tx:
        until(lambda: tx.execute(RECEIVED, [source]).fetchone() == (sent, sent), 120.0)
        assert tx.execute(HAPPENED, [source]).fetchone() == (sent,)
        until(
            lambda: (
                tx.execute("SELECT count(*) FROM gateway.outbox WHERE sent_at IS NULL").fetchone() == (0,)
            ),
            30.0,
        )
        refused = tx.execute("SELECT count(*) FROM gateway.intake WHERE state <> 'accepted'").fetchone()
        assert refused == (0,)
    took = time.monotonic() - ended
    pace = f"{sent} posted, {sent / (ended - begun):.0f} a second, broker away for {away:g} s"
    print(f"{pace}: all answered 202, all there once, {took:.1f} s after the last")
