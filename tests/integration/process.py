"""The ticket service as a real process between a real broker and a real database."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import msgspec
import pika
import psycopg

from bench.wire import Publisher, connect
from chassis.shell import consumed_by
from chassis.topology import declare, doors, of_service
from contracts import cloudevent
from contracts.broker import parameters_of
from contracts.cloudevent import SINGLE, CloudEvent
from contracts.event import type_of
from contracts.intake import RequestSubmitted
from contracts.numbering import ticket_number
from deploy.local.endpoints import Endpoints
from deploy.topology import PikaChannel
from services.ticket.service import TicketService
from tests.broker import drained

SHARDS = 4
TICKET = "services.ticket.service:TicketService"
LISTENER = "listener"
"""A queue that hears every fact of the ticket service."""
HOTLINE = "urn:test:hotline"
VAULT_KEY = "5e" * 32


def until(condition: Callable[[], Any], seconds: float = 60.0) -> float:
    """Waits for `condition`; returns the seconds it took, fails after `seconds`."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "this did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - begun


@dataclass
class Process:
    """One running service process and its output."""

    popen: subprocess.Popen[bytes]
    log: Path
    port: int

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Status and body of its HTTP door; status 0 while nobody listens."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)
        except OSError:
            return 0, {}

    def ready(self) -> bool:
        """Whether all its lines stand."""
        return self.get("/readyz")[0] == 200

    def stop(self, sign: int = signal.SIGTERM) -> tuple[int, float]:
        """Sends the signal; returns exit status and seconds."""
        begun = time.monotonic()
        self.popen.send_signal(sign)
        status = self.popen.wait(20)
        return status, time.monotonic() - begun

    def lines(self) -> list[dict[str, Any]]:
        """Its log, one JSON object a line."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


class Stage:
    """Broker, database and listener around one service; the admin's eyes on both."""

    def __init__(self, endpoints: Endpoints, folder: Path) -> None:
        self.endpoints, self._folder, self._processes = endpoints, folder, list[Process]()

    def start(self, service: str = TICKET, **extra: str) -> Process:
        """Starts the service and waits until it is ready."""
        process = self.launch(service, **extra)
        until(process.ready)
        return process

    def launch(self, service: str = TICKET, **extra: str) -> Process:
        """Starts the service."""
        log = self._folder / f"ticket-{len(self._processes)}.log"
        port = free_port()
        environ = {**os.environ, **self.environ(port), **extra}
        argv = [sys.executable, "-m", "chassis.runner", service]
        with log.open("wb") as output:
            popen = subprocess.Popen(argv, env=environ, stdout=output, stderr=subprocess.STDOUT)
        self._processes.append(Process(popen, log, port))
        return self._processes[-1]

    def environ(self, port: int) -> dict[str, str]:
        """What the service is told."""
        return {
            "AMQP_URL": self.endpoints.amqp_url("ticket"),
            "DATABASE_URL": self.endpoints.database_url("ticket"),
            "HEALTH_PORT": str(port),
            "SWEEP_AFTER": "0.5",
            "INTERNAL_TOKEN": "secret-of-the-house",
            "VAULT_KEYS": VAULT_KEY,
        }

    def close(self) -> None:
        """Ends what a test has left running."""
        for process in self._processes:
            if process.popen.poll() is None:
                process.popen.kill()
                process.popen.wait()

    @contextlib.contextmanager
    def channel(self) -> Iterator[Any]:
        """The admin at the broker."""
        connection = pika.BlockingConnection(parameters_of(self.endpoints.amqp_url("admin")))
        try:
            yield connection.channel()
        finally:
            connection.close()

    def clear(self) -> None:
        """All queues empty, the listener bound."""
        with self.channel() as channel:
            topologies = [doors(["intake"]), of_service("ticket", consumed_by(TicketService), SHARDS)]
            for service in ("dispatch", "evaluation", "notification"):
                declare(PikaChannel(channel), of_service(service, [], 0))
            for topology in topologies:
                declare(PikaChannel(channel), topology)
                for queue in topology.queues:
                    channel.queue_purge(queue.name)
            channel.queue_declare(LISTENER, durable=True, arguments={"x-queue-type": "quorum"})
            channel.queue_purge(LISTENER)
            for shard in range(SHARDS):
                channel.queue_bind(LISTENER, "ticket.events", str(shard))

    def submit(self, numbers: range, **said: Any) -> None:
        """The hotline's requests, in the broker's hands when this returns."""
        self.publish((number, request(number, **said)) for number in numbers)

    def publish(self, requests: Iterable[tuple[int, bytes]]) -> None:
        """The same of requests that are written already."""
        with connect(self.endpoints.amqp_url("admin")) as connection:
            Publisher(connection).publish(
                ("gov.inbound", f"request.{ticket_number(HOTLINE, str(number))}", SINGLE, body)
                for number, body in requests
            )

    def send(self, body: bytes, key: str = "request.x", content_type: str = SINGLE) -> None:
        """Anything else, from the user `intake`."""
        parameters = parameters_of(self.endpoints.amqp_url("intake"))
        connection = pika.BlockingConnection(parameters)
        try:
            channel = connection.channel()
            channel.confirm_delivery()
            properties = pika.BasicProperties(
                content_type=content_type, delivery_mode=2, user_id=parameters.credentials.username
            )
            channel.basic_publish("gov.inbound", key, body, properties, mandatory=True)
        finally:
            connection.close()

    def heard(self, queue: str = LISTENER) -> list[CloudEvent[Any]]:
        """What the queue holds, taken out of it."""
        events: list[CloudEvent[Any]] = []
        with self.channel() as channel:
            while True:
                method, properties, body = channel.basic_get(queue, auto_ack=True)
                if method is None:
                    return events
                events += [cloudevent.opened(e) for e in cloudevent.decode(properties.content_type, body)]

    def left(self) -> list[bool]:
        """Of each message left in the service's queues, whether it was delivered before."""
        found: list[bool] = []
        with self.channel() as channel:
            for shard in range(SHARDS):
                found += [each.method.redelivered for each in drained(channel, f"ticket.{shard}")]
        return found

    def query(self, query: str) -> list[tuple[Any, ...]]:
        """What the ledger of the ticket service says."""
        with psycopg.connect(self.endpoints.database_url("ticket")) as tx:
            return tx.execute(query).fetchall()

    def tickets(self) -> int:
        """How many tickets there are."""
        return int(self.query("SELECT count(*) FROM ticket")[0][0])

    def quiet(self) -> bool:
        """Whether everything in the outbox is published."""
        return self.query("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(0,)]


def request(number: int, **said: Any) -> bytes:
    """One request of the hotline."""
    data = {"external_id": str(number), "channel": "hotline_12345", "title": "路灯不亮", **said}
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": f"request-{number}",
            "source": HOTLINE,
            "type": type_of(RequestSubmitted),
            "time": "2026-11-21T08:00:00Z",
            "data": data,
        }
    )


def patient(url: str) -> pika.BlockingConnection:
    """A connection without heartbeats: nobody answers them while the test is busy elsewhere."""
    parameters = pika.URLParameters(url)
    parameters.heartbeat = 0
    return pika.BlockingConnection(parameters)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
