"""The notification service as a process, the tickets it hears of, and everything it sends to."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pika
import psycopg
from aiosmtpd.controller import Controller

from chassis.policy import set_policy
from chassis.topology import declare, doors, queue_name
from contracts import cloudevent, evaluation, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import Event, publisher_of, type_of
from contracts.numbering import shard_of, ticket_number
from contracts.terms import Severity
from deploy.local.endpoints import Endpoints
from deploy.local.records import reserve_ports
from deploy.topology import PikaChannel
from tests.integration.own_database import own_database
from tests.integration.process import patient

TOKEN = "between-services"
RATING_LINK = "https://rate.example.org/rate#{ticket}/{token}"
SHARDS = 2
PATIENCE = 60.0
T = TypeVar("T")
Person = dict[str, str | None]
"""A requester's addresses by kind."""


class Mailbox:
    """What a mail server has taken; it refuses every recipient whose name says so."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Refuses or takes one recipient; aiosmtpd calls this by name."""
        if address.startswith("refused"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Keeps one message; aiosmtpd calls this by name."""
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def of(self, number: str) -> list[EmailMessage]:
        """The mails about one ticket."""
        return [mail for mail in self.mails if number in mail["Subject"]]


class Inside(BaseHTTPRequestHandler):
    """An inside door of another service, which may be away."""

    away = False

    def do_POST(self) -> None:
        """One question; http.server calls this by name."""
        if self.away:
            self.send_error(503)
            return
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        body = json.dumps(self.answer(asked)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self, asked: Any) -> Any:
        """What is told."""
        raise NotImplementedError

    def log_message(self, *_: Any) -> None:
        """Says nothing on the test's output."""


class TicketService(Inside):
    """Answers POST /contacts as the ticket service does, from `book`."""

    book: dict[str, Person]

    def answer(self, asked: Any) -> Any:
        """The addresses that were asked for."""
        assert (asked["role"], asked["purpose"]) == ("notification", "notify")
        return [{"ref": ref, **self.book.get(ref, {})} for ref in asked["refs"]]


class EvaluationService(Inside):
    """Answers POST /rating-keys as the evaluation service does, for tickets that are `open`."""

    open: set[str]
    made: list[dict[str, str]]

    def answer(self, asked: Any) -> Any:
        """A new key for each ticket that is asked about."""
        keys = [
            {"ticket": number, "token": secrets.token_urlsafe(32), "code": f"{secrets.randbelow(10**6):06d}"}
            for number in asked["tickets"]
            if number in self.open
        ]
        self.made.extend(keys)
        return [key | {"round": 1, "until": "2026-11-30T00:00:00Z"} for key in keys]


class DispatchService(Inside):
    """Answers POST /outcomes as the dispatch service does, from `words`."""

    words: dict[str, str]

    def answer(self, asked: Any) -> Any:
        """What was done, in words, of the tickets that are asked about."""
        found = [number for number in asked["tickets"] if number in self.words]
        return [{"ticket": number, "text": self.words[number]} for number in found]


@dataclass
class House:
    """The running service and all that stands around it."""

    channel: Any
    database_url: str
    smtp_port: int
    book: dict[str, Person]
    health_port: int
    mailbox: Mailbox = field(default_factory=Mailbox)
    count: int = 0

    @contextlib.contextmanager
    def mail_server(self) -> Iterator[None]:
        """The mail server takes mail for the length of a block."""
        server = Controller(self.mailbox, hostname="127.0.0.1", port=self.smtp_port)
        server.start()
        try:
            yield
        finally:
            server.stop()

    def request(
        self, email: str | None = None, phone: str | None = None, severity: Severity = "general"
    ) -> str:
        """A new request of a person with these addresses has come in; returns its number."""
        self.count += 1
        number = ticket_number("urn:test", str(self.count))
        self.book[number] = {"email": email, "phone": phone}
        self.publish(
            number, 1,
            ticket.TicketReceived(
                source="urn:test", external_id=str(self.count), channel="resident", severity=severity,
                category="elderly_care", grid="C1", requester_ref=number,
            ),
        )  # fmt: skip
        return number

    def accept(self, number: str, category: str = "elderly_care", severity: Severity = "general") -> str:
        """The request is accepted; returns the id of the event."""
        accepted = ticket.TicketAccepted(
            category=category, severity=severity, grid="C1", channel="resident", source="urn:test"
        )
        return self.publish(number, 2, accepted)

    def ask(self, number: str) -> str:
        """Its requester is asked for a rating; returns the id of the event."""
        EvaluationService.open.add(number)
        return self.publish(number, 1, evaluation.RatingRequested(round=1, window_ends_at=datetime.now(UTC)))

    def publish(self, number: str, sequence: int, fact: Event) -> str:
        """Publishes a fact as its service would; returns the id of the event."""
        publisher = publisher_of(type(fact))
        event = CloudEvent(
            specversion="1.0", id=f"{number}.{publisher}.{sequence}", source=f"urn:fengge:{publisher}",
            type=type_of(type(fact)), time=datetime.now(UTC), data=fact, partitionkey=number,
            sequence=str(sequence), correlationid=number,
        )  # fmt: skip
        content_type, body = cloudevent.encode([event])
        properties = pika.BasicProperties(content_type=content_type, delivery_mode=2)
        shard = str(shard_of(number, SHARDS))
        self.channel.basic_publish(f"{publisher}.events", shard, body, properties, mandatory=True)
        return event.id

    def metrics(self) -> str:
        """What the process says of itself."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/metrics", timeout=5) as answer:
            text: bytes = answer.read()
            return text.decode()

    def on_console(self, number: str) -> list[str]:
        """To whom the console shows messages about a ticket."""
        query = "SELECT destination FROM console_message WHERE ticket = %s ORDER BY no"
        with psycopg.connect(self.database_url) as tx:
            return [destination for (destination,) in tx.execute(query, [number])]

    def due_at(self, number: str) -> datetime:
        """When the next message about a ticket is tried."""
        query = "SELECT coalesce(min(due_at), 'epoch') FROM delivery WHERE ticket = %s"
        with psycopg.connect(self.database_url) as tx:
            ((moment,),) = tx.execute(query, [number]).fetchall()
            assert isinstance(moment, datetime)
            return moment

    def standing(self, number: str) -> tuple[Any, ...]:
        """The first of them; nothing while there is none."""
        return next(iter(self.deliveries(number)), (None, None, 0, None))

    def deliveries(self, number: str) -> list[Any]:
        """Channel, state, try and error of the messages to the requester."""
        query = """
        SELECT channel, state, attempt, error FROM delivery
        WHERE ticket = %s AND audience = 'requester' ORDER BY key
        """
        with psycopg.connect(self.database_url) as tx:
            return tx.execute(query, [number]).fetchall()


@contextlib.contextmanager
def notifying(servers: Endpoints, folder: Path, database: str, **extra: str) -> Iterator[House]:
    """The service runs for the length of a block, in a database of its own and with quick retries."""
    ports = reserve_ports(folder, ["smtp", "health"])
    contacts, keys, outcomes = doors_ = [
        ThreadingHTTPServer(("127.0.0.1", 0), door)
        for door in (TicketService, EvaluationService, DispatchService)
    ]
    DispatchService.words = {}
    TicketService.book, EvaluationService.open, EvaluationService.made = {}, set(), []
    for server in doors_:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    connection = patient(servers.amqp_url("admin"))
    channel = connection.channel()
    declare(PikaChannel(channel), doors())
    for shard in range(SHARDS):  # what others have left there is not for this one
        channel.queue_delete(queue_name("notification", shard))
    with own_database(servers, "notification", database) as url:
        with psycopg.connect(url) as tx:
            set_policy(tx, "retry_seconds", datetime.now(UTC), '{"seconds": [0.5, 0.5, 0.5, 0.5, 600]}')
        env = os.environ | {
            "AMQP_URL": servers.amqp_url("notification"), "DATABASE_URL": url, "SHARDS": str(SHARDS),
            "HEALTH_PORT": str(ports["health"]), "SMTP_URL": f"smtp://127.0.0.1:{ports['smtp']}",
            "TICKET_URL": f"http://127.0.0.1:{contacts.server_port}", "INTERNAL_TOKEN": TOKEN,
            "EVALUATION_URL": f"http://127.0.0.1:{keys.server_port}", "RATING_LINK": RATING_LINK,
            "DISPATCH_URL": f"http://127.0.0.1:{outcomes.server_port}",
            "MAIL_FROM": "desk@fengge.example", **extra,
        }  # fmt: skip
        argv = [sys.executable, "-m", "chassis.runner", "services.notification.service:NotificationService"]
        with subprocess.Popen(argv, env=env, cwd=Path(__file__).parents[2]) as process:
            try:
                awaited(lambda: _ready(ports["health"]))
                yield House(channel, url, ports["smtp"], TicketService.book, ports["health"])
            finally:
                process.send_signal(signal.SIGTERM)
                status = process.wait(PATIENCE)
                for shard in range(SHARDS):
                    channel.queue_delete(queue_name("notification", shard))
                connection.close()
                for server in doors_:
                    server.shutdown()
                    server.server_close()
    assert status == 0


def _ready(port: int) -> bool:
    where = f"http://127.0.0.1:{port}/readyz"
    with contextlib.suppress(OSError), urllib.request.urlopen(where, timeout=1) as answer:
        return bool(answer.status == 200)
    return False


def awaited(condition: Callable[[], T], seconds: float = PATIENCE) -> T:
    """The first true answer of `condition`; fails when patience ends."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"did not happen in {seconds} s")
