"""The notification service as a process: real broker, database and mail server, each of which may fail."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pika
import psycopg
import pytest
from aiosmtpd.controller import Controller

from chassis.migrate import migrate
from chassis.policy import set_policy
from chassis.topology import declare, doors, queue_name
from contracts import cloudevent, dispatch, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import Event, publisher_of, type_of
from contracts.numbering import shard_of, ticket_number
from deploy.local.endpoints import Endpoints
from deploy.local.records import reserve_ports
from deploy.topology import PikaChannel

DATABASE = "notification_mail"
TOKEN = "between-services"
SHARDS = 2
PATIENCE = 20.0
T = TypeVar("T")


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


class TicketService(BaseHTTPRequestHandler):
    """Answers POST /contacts as the ticket service does, from `book`."""

    book: dict[str, str]
    away = False

    def do_POST(self) -> None:
        """One look at the contacts; http.server calls this by name."""
        if self.away:
            self.send_error(503)
            return
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        assert (asked["role"], asked["purpose"]) == ("notification", "notify")
        found = [{"ref": ref, "email": self.book.get(ref), "phone": "1"} for ref in asked["refs"]]
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing on the test's output."""


@dataclass
class House:
    """The running service and all that stands around it."""

    channel: Any
    database_url: str
    smtp_port: int
    book: dict[str, str]
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

    def request(self, email: str | None = None) -> str:
        """A new request of a person with this address has come in; returns its number."""
        self.count += 1
        number = ticket_number("urn:test", str(self.count))
        if email:
            self.book[number] = email
        self.publish(
            number, 1,
            ticket.TicketReceived(
                source="urn:test", external_id=str(self.count), channel="resident", severity="general",
                category="elderly_care", grid="C1", requester_ref=number,
            ),
        )  # fmt: skip
        return number

    def accept(self, number: str) -> str:
        """The request is accepted; returns the id of the event."""
        accepted = ticket.TicketAccepted(
            category="elderly_care", severity="general", grid="C1", channel="resident", source="urn:test"
        )
        return self.publish(number, 2, accepted)

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

    def deliveries(self, number: str) -> list[Any]:
        """Channel, state, try and error of the messages to the requester."""
        query = "SELECT channel, state, attempt, error FROM delivery WHERE ticket = %s AND audience = %s"
        with psycopg.connect(self.database_url) as tx:
            return tx.execute(query, [number, "requester"]).fetchall()


@pytest.fixture(scope="module")
def house(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The service in a database of its own, with quick retries."""
    url = _database(servers)
    ports = reserve_ports(tmp_path_factory.mktemp("ports"), ["smtp", "health"])
    contacts = HTTPServer(("127.0.0.1", 0), TicketService)
    TicketService.book = {}
    threading.Thread(target=contacts.serve_forever, daemon=True).start()
    connection = pika.BlockingConnection(pika.URLParameters(servers.amqp_url("admin")))
    channel = connection.channel()
    declare(PikaChannel(channel), doors())
    env = os.environ | {
        "AMQP_URL": servers.amqp_url("notification"), "DATABASE_URL": url, "SHARDS": str(SHARDS),
        "HEALTH_PORT": str(ports["health"]), "SMTP_URL": f"smtp://127.0.0.1:{ports['smtp']}",
        "TICKET_URL": f"http://127.0.0.1:{contacts.server_port}", "INTERNAL_TOKEN": TOKEN,
        "MAIL_FROM": "desk@fengge.example",
    }  # fmt: skip
    argv = [sys.executable, "-m", "chassis.runner", "services.notification.service:NotificationService"]
    with subprocess.Popen(argv, env=env, cwd=Path(__file__).parents[2]) as process:
        try:
            awaited(lambda: _ready(ports["health"]))
            yield House(channel, url, ports["smtp"], TicketService.book)
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(PATIENCE)
            for shard in range(SHARDS):
                channel.queue_delete(queue_name("notification", shard))
            connection.close()
            contacts.shutdown()
            contacts.server_close()
    assert status == 0


@pytest.fixture
def mail(house: House) -> Iterator[House]:
    """The house with its mail server open."""
    with house.mail_server():
        yield house


def _database(servers: Endpoints) -> str:
    superuser, owner, service = (
        urlsplit(servers.database_url(role)) for role in ("postgres", "fengge_owner", "notification")
    )
    with psycopg.connect(superuser.geturl(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE} OWNER fengge_owner")
    here = owner._replace(path=f"/{DATABASE}").geturl()
    with psycopg.connect(here) as owned:
        owned.execute("CREATE SCHEMA notification")
    migrate(here, ["notification"])
    url = service._replace(path=f"/{DATABASE}").geturl()
    with psycopg.connect(url) as tx:
        set_policy(tx, "retry_seconds", datetime.now(UTC), '{"seconds": [0.5, 0.5, 0.5, 0.5, 600]}')
    return url


def _ready(port: int) -> bool:
    where = f"http://127.0.0.1:{port}/readyz"
    with contextlib.suppress(OSError), urllib.request.urlopen(where, timeout=1) as answer:
        return bool(answer.status == 200)
    return False


def awaited(condition: Callable[[], T]) -> T:
    """The first true answer of `condition`; fails when patience ends."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"did not happen in {PATIENCE} s")


def test_the_mail_arrives_once_with_a_chinese_subject_and_the_id_of_its_event(mail: House) -> None:
    number = mail.request("resident@example.org")
    event = mail.accept(number)
    mail.accept(number)
    (letter,) = awaited(lambda: mail.mailbox.of(number))
    assert letter["Subject"] == f"您的诉求已受理（{number}）"
    assert letter["Message-ID"] == f"<{event}.requester@fengge.example>"
    assert letter["To"] == "resident@example.org"
    assert "elderly_care" in letter.get_content()
    awaited(lambda: mail.deliveries(number) == [("smtp", "sent", 1, None)])
    assert len(mail.mailbox.of(number)) == 1


def test_a_refused_recipient_reads_it_on_the_console_and_the_neighbour_gets_the_mail(mail: House) -> None:
    refused, taken = mail.request("refused@example.org"), mail.request("taken@example.org")
    mail.accept(refused)
    mail.accept(taken)
    awaited(lambda: mail.mailbox.of(taken))
    awaited(lambda: mail.on_console(refused) == [refused])
    assert mail.mailbox.of(refused) == []
    assert mail.on_console(taken) == []


def test_a_broken_address_hurts_nobody_else(mail: House) -> None:
    broken, whole = mail.request("a,b@[example"), mail.request("whole@example.org")
    mail.accept(broken)
    mail.accept(whole)
    awaited(lambda: mail.mailbox.of(whole))
    awaited(lambda: mail.on_console(broken))


def test_a_requester_without_an_address_is_told_on_the_console(mail: House) -> None:
    number = mail.request()
    mail.accept(number)
    awaited(lambda: mail.on_console(number) == [number])
    assert mail.mailbox.of(number) == []


def test_mail_waits_for_a_server_that_is_down_and_arrives_when_it_is_up(house: House) -> None:
    number = house.request("resident@example.org")
    house.accept(number)
    awaited(lambda: [row for row in house.deliveries(number) if row[2] >= 1 and row[3] == "unreachable"])
    with house.mail_server():
        assert len(awaited(lambda: house.mailbox.of(number))) == 1
        awaited(lambda: house.deliveries(number)[0][:2] == ("smtp", "sent"))
    assert house.on_console(number) == []


def test_letters_whose_addresses_cannot_be_asked_lose_no_try(
    mail: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(TicketService, "away", True)
        number = mail.request("resident@example.org")
        queued = datetime.now(UTC)
        mail.accept(number)
        awaited(lambda: mail.due_at(number) > queued + timedelta(seconds=2))
        awaited(lambda: mail.due_at(number) < datetime.now(UTC) + timedelta(seconds=4))
    assert len(awaited(lambda: mail.mailbox.of(number))) == 1
    awaited(lambda: mail.deliveries(number) == [("smtp", "sent", 1, None)])


def test_a_mail_server_that_hangs_does_not_delay_the_console(house: House) -> None:
    with socket.create_server(("127.0.0.1", house.smtp_port)) as silent:
        waiting = house.request("resident@example.org")
        house.accept(waiting)
        connection, _ = silent.accept()  # the mail round hangs from here on
        with connection:
            offer = dispatch.OfferMade(
                assignment="a1", assignee="officer-1", kind="grid_officer", hop=1,
                expires_at=datetime.now(UTC),
                explanation=dispatch.Explanation(place="code", kinds=["grid_officer"], candidates=[]),
            )  # fmt: skip
            house.publish(waiting, 1, offer)
            awaited(lambda: house.on_console(waiting) == ["officer-1"])
            assert house.deliveries(waiting) == [("smtp", "queued", 0, None)]
