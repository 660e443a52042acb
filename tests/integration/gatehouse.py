"""The gateway as a process with a database of its own, and the clients that come to it."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pika
import psycopg

from chassis import decisions, outbox
from chassis.decisions import By
from chassis.service import consumed_by
from chassis.topology import INBOUND, declare, doors, of_outside, of_service
from contracts import cloudevent, ticket
from contracts.cloudevent import SINGLE, CloudEvent
from contracts.event import Event, type_of
from contracts.intake import EventRefused
from contracts.numbering import shard_of, ticket_number
from contracts.signing import SIGNERS, Spoken, authorization
from deploy.local.endpoints import Endpoints
from deploy.local.records import reserve_ports
from deploy.topology import PikaChannel
from services.gateway import client_store, open311_store
from services.gateway.clients import Kind
from services.gateway.enrolment import Application, Given, enrol
from services.gateway.open311_store import Offered
from services.gateway.service import GatewayService
from tests.integration.own_database import own_database
from tests.integration.process import patient, until

SHARDS = 2
ROOT = "g" * 40
HOTLINE = "urn:gate:hotline"
HOTLINES = Path(__file__).parents[2] / "directory" / "hotlines"
"""The sample city's file."""
RECEIVED = "gate-received"
"""A queue that gets what the gateway sends to the intake."""
REQUEST = "cn.fengge.intake.RequestSubmitted.v1"


@dataclass(frozen=True)
class Reply:
    """What the gateway answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; of a problem, its type is checked."""
        if self.status >= 400:
            assert self.headers["content-type"] == "application/problem+json", self
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The last part of the problem's type."""
        told = self.json
        assert told["status"] == self.status
        assert told["trace"] == self.headers["x-trace-id"]
        return str(told["type"]).removeprefix("urn:fengge:problem:")


@dataclass
class Gate:
    """The running gateway, seen from outside and from behind."""

    port: int
    health: int
    database_url: str
    admin: Any
    process: subprocess.Popen[bytes]
    log: Path
    env: dict[str, str] = field(default_factory=dict)
    keys: dict[str, Given] = field(default_factory=dict)
    sequence: dict[str, int] = field(default_factory=dict)

    def let_in(self, name: str, *sources: str, kind: Kind = "api-key", **more: Any) -> Given:
        """A new client, known to the gateway when this returns."""
        wanted = Application(name=name, kind=kind, sources=sources, by="test", **{"types": ["*"], **more})
        with psycopg.connect(self.database_url) as tx:
            given = enrol(tx, wanted, ROOT)
        assert given
        self.keys[name] = given
        time.sleep(client_store.known.seconds)  # the time within which a change is promised to take effect
        return given

    def kill(self) -> None:
        """The process ends as in a power cut."""
        self.process.kill()
        self.process.wait(20)

    def restart(self, **settings: str) -> None:
        """Another process stands where this one was killed, or is killed now."""
        self.kill()
        self.process = _launched(self.env | settings, self.log)
        until(lambda: _ready(self))

    def retry(self, no: int) -> None:
        """An operator wants a parked record tried again."""
        with psycopg.connect(self.database_url) as tx:
            decisions.retried(tx, [no], By("test", "let in again"))

    def ask(
        self, method: str, target: str, body: bytes = b"", client: str | None = None, **headers: str
    ) -> Reply:
        """One request; `client` sends its API key. Header names take `_` for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if client:
            sent["X-API-Key"] = self.keys[client].key
        return self.raw(method, target, body, sent)

    def raw(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """One request as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, target, body or None, dict(headers))
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, told, answer.read())
        finally:
            connection.close()

    def send(self, event: Mapping[str, Any], client: str = "hotline", **headers: str) -> Reply:
        """One structured event."""
        return self.ask("POST", "/events", json.dumps(event).encode(), client, Content_Type=SINGLE, **headers)

    def signed(
        self, name: str, scheme: str, method: str, target: str, body: bytes = b"", **said: Any
    ) -> Reply:
        """A request signed with the secret of a client."""
        given = self.keys[name]
        assert given.secret
        headers = {"Content-Type": SINGLE} if body else {}
        spoken = Spoken(method, target, headers, said.get("signs", body))
        moment = said.get("at", int(time.time()))
        secret = bytes.fromhex(said.get("secret", given.secret))
        header = authorization(SIGNERS[scheme], secret, given.key, spoken, moment, "nonce-12345")
        return self.raw(method, target, body, headers | {"Authorization": header})

    def received(self, patience: float = 60.0) -> tuple[Any, dict[str, Any], str]:
        """The next event that came to the intake: properties, event, routing key."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            method, properties, body = self.admin.basic_get(RECEIVED, auto_ack=True)
            if method:
                return properties, json.loads(body), method.routing_key
            time.sleep(0.02)
        raise AssertionError("nothing came to the intake")

    def nothing_more(self) -> bool:
        """Whether all that was taken in has gone to the intake and been read there."""
        until(lambda: self.query("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(0,)])
        return bool(self.admin.basic_get(RECEIVED, auto_ack=True)[0] is None)

    def tell(self, number: str, *facts: Event) -> None:
        """The ticket service publishes facts about a ticket."""
        for fact in facts:
            self.sequence[number] = self.sequence.get(number, 0) + 1
            event = _fact(number, self.sequence[number], fact)
            self._publish("ticket.events", str(shard_of(number, SHARDS)), event)

    def tell_all(self, facts: Sequence[tuple[str, Event]]) -> None:
        """The same of many tickets, up to 50 facts to a message as its relay sends them."""
        events = []
        for number, fact in facts:
            self.sequence[number] = self.sequence.get(number, 0) + 1
            events.append(_fact(number, self.sequence[number], fact))
        for exchange, key, content_type, body in outbox.pack("ticket", events, SHARDS):
            properties = pika.BasicProperties(content_type=content_type, delivery_mode=2)
            self.admin.basic_publish(exchange, key, body.encode(), properties, mandatory=True)

    def received_by_desk(self, external_id: str, source: str = HOTLINE) -> str:
        """The ticket service has made a ticket of a request; its number."""
        number = ticket_number(source, external_id)
        self.tell(
            number,
            ticket.TicketReceived(
                source=source, external_id=external_id, channel="hotline_12345", severity="general"
            ),
        )
        return number

    def offer(self, *services: Offered) -> bool:
        """The catalogue offers these by Open311, and nothing else; False if it did before."""
        with psycopg.connect(self.database_url) as tx:
            return open311_store.renew(tx, services)

    def refuse(self, refused: EventRefused) -> None:
        """A service answers an event that came through the gateway."""
        event = CloudEvent(
            specversion="1.0", id=str(uuid4()), source="urn:fengge:ticket", type=type_of(EventRefused),
            time=datetime.now(UTC), data=refused,
        )  # fmt: skip
        self._publish("gov.replies", "gateway", event)

    def query(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the gateway's ledger says."""
        with psycopg.connect(self.database_url) as tx:
            return tx.execute(query.encode(), values).fetchall()

    def _publish(self, exchange: str, key: str, event: CloudEvent[Any]) -> None:
        content_type, body = cloudevent.encode([event])
        properties = pika.BasicProperties(content_type=content_type, delivery_mode=2)
        self.admin.basic_publish(exchange, key, body, properties, mandatory=True)


def _fact(number: str, sequence: int, fact: Event) -> CloudEvent[Event]:
    return CloudEvent(
        specversion="1.0", id=f"{number}.ticket.{sequence}", source="urn:fengge:ticket",
        type=type_of(type(fact)), time=datetime.now(UTC), data=fact, partitionkey=number,
        sequence=str(sequence), sequencetype="Integer",
    )  # fmt: skip


def service(code: str, name: str = "路灯照明", **more: Any) -> Offered:
    """A service as the catalogue offers it."""
    said = {
        "description": "street light", "keywords": ["路灯"], "path": "城乡建设/市政设施",
        "valid_from": date(2024, 1, 1),
    }  # fmt: skip
    return Offered(code=code, name=name, **{**said, **more})


def request(external_id: str, source: str = HOTLINE, **data: Any) -> dict[str, Any]:
    """A request as an event; its id follows from the sender's number."""
    said = {"external_id": external_id, "channel": "hotline_12345", "title": "路灯不亮", **data}
    return {
        "specversion": "1.0", "id": f"{external_id}/1", "source": source, "type": REQUEST,
        "time": "2026-11-21T08:12:05+08:00", "data": said,
    }  # fmt: skip


def about(number: str, name: str, event_id: str, source: str = HOTLINE, **data: Any) -> dict[str, Any]:
    """Another event about a ticket."""
    event = request(event_id, source)
    return event | {"type": f"cn.fengge.intake.{name}.v1", "data": {"ticket": number, **data}}


@contextlib.contextmanager
def opened(servers: Endpoints, folder: Path, name: str, **settings: str) -> Iterator[Gate]:
    """The gateway with an empty ledger, and with a client `hotline`."""
    with own_database(servers, "gateway", name) as database_url:
        ports = reserve_ports(folder, ["health", "edge"])
        connection = patient(servers.amqp_url("admin"))
        admin = connection.channel()
        admin.confirm_delivery()
        _declare(admin)
        env = os.environ | {
            "AMQP_URL": servers.amqp_url("gateway"), "DATABASE_URL": database_url, "SHARDS": str(SHARDS),
            "HEALTH_PORT": str(ports["health"]), "GATEWAY_PORT": str(ports["edge"]), "GATEWAY_TOKEN": ROOT,
            "SWEEP_AFTER": "0.5", "HOTLINES": str(HOTLINES), **settings,
        }  # fmt: skip
        log = folder / "log"
        gate = Gate(ports["edge"], ports["health"], database_url, admin, _launched(env, log), log, env)
        try:
            until(lambda: _ready(gate))
            gate.let_in("hotline", HOTLINE)
            yield gate
        finally:
            gate.process.send_signal(signal.SIGTERM)
            status = gate.process.wait(20)
            _undeclare(admin)
            connection.close()
        assert status == 0, log.read_text()[-2000:]


def _launched(env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "chassis.threads", "services.gateway.service:GatewayService"]
    with log.open("ab") as output:
        return subprocess.Popen(argv, env=env, stdout=output, stderr=output)


def _declare(admin: Any) -> None:
    own = of_service("gateway", consumed_by(GatewayService), SHARDS)
    for topology in (doors(["intake"]), of_service("ticket", [], 0), own, of_outside("gateway", SHARDS)):
        declare(PikaChannel(admin), topology)
    admin.queue_declare(RECEIVED, durable=True, arguments={"x-queue-type": "quorum"})
    admin.queue_bind(RECEIVED, INBOUND, "#")
    for queue in _queues():
        admin.queue_purge(queue)


def _undeclare(admin: Any) -> None:
    for queue in _queues():
        admin.queue_delete(queue)


def _queues() -> list[str]:
    shards = range(SHARDS)
    return [RECEIVED, *(f"{name}.{shard}" for name in ("gateway", "gateway.outside") for shard in shards)]


def _ready(gate: Gate) -> bool:
    assert gate.process.poll() is None, gate.log.read_text()
    connection = http.client.HTTPConnection("127.0.0.1", gate.health, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
