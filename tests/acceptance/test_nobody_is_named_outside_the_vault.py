"""People are planted in all that comes in, good or broken; whoever listens, logs or looks finds nobody."""

import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pika
import psycopg
import pytest

from contracts.cloudevent import SINGLE
from contracts.numbering import ticket_number
from contracts.public import TYPES
from contracts.registry import LEDGERS, SERVICES
from tests.acceptance.conftest import Fengge, eventually
from tests.acceptance.test_bad_input_gets_its_documented_answer import SOURCE, Outsider, request, written

NAME = f"欧阳{chr(0x4E00 + secrets.randbelow(5000))}{chr(0x4E00 + secrets.randbelow(5000))}"
PHONE = f"137{secrets.randbelow(10**8):08}"
IDENTITY = f"11010519{secrets.randbelow(10**10):010}"
EMAIL = f"who{secrets.token_hex(4)}@example.org"
HOME = f"幸福里{secrets.randbelow(10**6):06}号"
PLANTED = (NAME, PHONE, IDENTITY, EMAIL, HOME)
SAYS = f"我叫{NAME}，电话{PHONE}，身份证{IDENTITY}，邮箱{EMAIL}，住{HOME}"
WHO: dict[str, Any] = {"requester": {"name": NAME, "phone": PHONE, "email": EMAIL}, "address": HOME}
SAID: dict[str, Any] = WHO | {"title": f"{NAME} {PHONE} {IDENTITY}", "body": SAYS}

PARKED: dict[str, tuple[bytes, str]] = {
    "bad JSON": (f'{{"title": "{SAYS}", '.encode(), SINGLE),
    "not UTF-8": (SAYS.encode("gb18030") + SAYS.encode(), SINGLE),
    "wrong type": (written(request(**SAID) | {"type": f"cn.fengge.{PHONE}.{EMAIL}"}), SINGLE),
    "wrong schema": (written(request(**SAID, grid=SAYS, occurred_at=SAYS, severity=SAYS)), SINGLE),
    "wrong requester": (written(request(**SAID | {"requester": {"name": NAME, "phone": [PHONE]}})), SINGLE),
    "unknown members": (written(request(**SAID, note=SAYS) | {"data_note": SAYS}), SINGLE),
    "no envelope": (written({"data": SAYS}), SINGLE),
    "wrong content type": (written(request(**SAID)), f"text/plain; name={PHONE}"),
}


class Wire:
    """A queue that hears every fact of every service and every reply."""

    def __init__(self, url: str) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self._channel = self._connection.channel()
        self._queue = self._channel.queue_declare("", exclusive=True).method.queue
        for service in SERVICES:
            for shard in range(4):
                self._channel.queue_bind(self._queue, f"{service}.events", str(shard))
        for name in TYPES:
            self._channel.queue_bind(self._queue, "gov.facts", name)
        for user in ("intake", OTHER):
            self._channel.queue_bind(self._queue, "gov.replies", user)

    def heard(self) -> list[str]:
        """Properties and bodies of what has come."""
        messages: list[str] = []
        while True:
            method, properties, body = self._channel.basic_get(self._queue, auto_ack=True)
            if method is None:
                return messages
            messages.append(f"{method.routing_key} {properties} {body.decode()}")

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()


@pytest.fixture(scope="module")
def endpoints(fengge: Fengge) -> dict[str, Any]:
    """Where everything is."""
    document: dict[str, Any] = json.loads((fengge.run / "endpoints.json").read_text())
    return document


OTHER = "nobody-amqp"
"""A system of another office, at the broker; and its name by HTTP."""
OTHER_HTTP = "nobody-http"


class ByHttp:
    """The same system at the gateway's other door."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key

    def send(self, body: bytes, content_type: str = SINGLE) -> None:
        """One request; whatever the answer is, it names nobody."""
        headers = {
            "Content-Type": content_type,
            "X-API-Key": self._key,
            "Idempotency-Key": secrets.token_hex(8),
        }
        asked = urllib.request.Request(f"{self._url}/events", body, headers)
        try:
            answer = urllib.request.urlopen(asked, timeout=20)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            assert named(answer.read().decode()) == []


class ByAmqp:
    """The same at the broker."""

    def __init__(self, url: str, password: str) -> None:
        parts = urlsplit(url)
        own = parts._replace(netloc=f"{OTHER}:{password}@{parts.netloc.rpartition('@')[2]}").geturl()
        self._connection = pika.BlockingConnection(pika.URLParameters(own))
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()

    def send(self, body: bytes, content_type: str = SINGLE) -> None:
        """One message, confirmed by the broker."""
        said = pika.BasicProperties(content_type=content_type, user_id=OTHER, delivery_mode=2)
        self._channel.basic_publish("gov.outside", "request.x", body, said, mandatory=True)

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()


@pytest.fixture(scope="module")
def others(fengge: Fengge, endpoints: dict[str, Any]) -> Iterator[tuple[ByHttp, ByAmqp]]:
    """A system of another office by both doors; it hears facts, too."""
    key = fengge.json("client", "add", OTHER_HTTP, "--source", SOURCE)["key"]
    told = fengge.json(
        "client", "add", OTHER, "--auth", "amqp", "--source", SOURCE, "--hears", "TicketReceived"
    )
    by_amqp = ByAmqp(endpoints["broker"]["url"], told["secret"])
    yield ByHttp(endpoints["gateway"]["gateway"], key), by_amqp
    by_amqp.close()
    for name in (OTHER, OTHER_HTTP):
        fengge("client", "revoke", name)


@pytest.fixture(scope="module")
def captured(fengge: Fengge, endpoints: dict[str, Any], others: tuple[ByHttp, ByAmqp]) -> Iterator[list[str]]:
    """What was on the bus while the planted people asked."""
    wire, outsider = Wire(endpoints["broker"]["url"]), Outsider(endpoints["broker"]["users"]["intake"])
    before = len(fengge.json("parked", "list", "--limit", "10000"))
    good = [request(**SAID), request(**SAID, grid=None, category=None), request(**SAID, lives_alone=True)]
    again = request(good[0]["data"]["external_id"], **SAID)
    for event in (*good, again):
        outsider.send(written(event))
    for body, content_type in PARKED.values():
        outsider.send(body, content_type)
    for door in others:
        door.send(written(request(**SAID)))
        door.send(written(request(good[0]["data"]["external_id"], **SAID)))
        for body, content_type in PARKED.values():
            door.send(body, content_type)
    numbers = [ticket_number(SOURCE, event["data"]["external_id"]) for event in good]
    # The same person, in the same words: one of the two leads.
    eventually(lambda: {_state(fengge, numbers[n]) for n in (0, 2)} == {"dispatching", "merged"})
    eventually(
        lambda: len(fengge.json("parked", "list", "--limit", "10000")) >= before + 2 * (len(PARKED) - 1)
    )
    eventually(lambda: not _unsent(endpoints))
    yield wire.heard()
    outsider.close()
    wire.close()


def named(*texts: str) -> list[str]:
    """Where somebody planted is named."""
    return [text[:300] for text in texts if any(each in text for each in PLANTED)]


def test_nobody_is_named_on_the_bus(captured: list[str]) -> None:
    assert any("TicketReceived" in message for message in captured)
    assert sum("EventRefused" in message for message in captured) >= 2 * (len(PARKED) - 1)
    assert any("cn.fengge.ticket.TicketReceived.v1" in message[:100] for message in captured)
    assert named(*captured) == []


def test_nobody_is_named_in_any_log(fengge: Fengge, captured: list[str]) -> None:
    logs = [*fengge.run.rglob("*.log"), *fengge.run.rglob("*log*")]
    files = {path for path in logs if path.is_file() and "data/base" not in str(path)}
    assert {"ticket.log", "dispatch.log", "gateway.log"} <= {path.name for path in files}
    assert named(*(path.read_text(errors="replace") for path in files if path.suffix == ".log")) == []


def test_nobody_is_named_in_the_metrics(endpoints: dict[str, Any], captured: list[str]) -> None:
    for door in endpoints["http"].values():
        with urllib.request.urlopen(f"{door}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        assert "fengge_line_up" in text
        assert named(text) == []


def test_nobody_is_named_where_operators_look(fengge: Fengge, captured: list[str]) -> None:
    records = [row["record"] for row in fengge.json("parked", "list", "--limit", "10000")]
    looks = [
        ("parked", "list"),
        ("ticket", "list"),
        ("vault", "log"),
        *(("parked", "show", no) for no in records),
    ]
    assert len(records) >= len(PARKED) - 1
    for words in looks:
        assert named(fengge(*words), fengge(*words, "--json")) == []


def test_nobody_is_named_on_the_console_or_in_any_table_but_what_waits_for_a_person(
    endpoints: dict[str, Any], captured: list[str]
) -> None:
    tables = {
        "ticket": (
            "ticket",
            "request",
            "contact",
            "history",
            "outbox",
            "waiting",
            "reveal",
            "relay",
            "inbox",
            "likeness",
            "letter",
        ),
        "notification": ("console_message", "delivery", "correspondence", "outbox", "waiting"),
        "dispatch": ('"case"', "outbox", "waiting"),
        "evaluation": ("casefile", "outbox", "waiting"),
        "gateway": (
            "intake",
            "refusal",
            "answer",
            "access",
            "standing",
            "service_request",
            "note",
            "client",
            "credential",
            "scope",
            "hearing",
            "outbox",
            "waiting",
            "inbox",
        ),
    }
    for service, names in tables.items():
        with psycopg.connect(endpoints["database"]["roles"][service]) as tx:
            for name in names:
                rows = tx.execute(f"SELECT t::text FROM {name} t").fetchall()
                assert named(*(row for (row,) in rows)) == [], f"{service}.{name}"


def _state(fengge: Fengge, number: str) -> str | None:
    rows = fengge.json("ticket", "list", "--all", "--limit", "10000")
    return next((row["state"] for row in rows if row["id"] == number), None)


def _unsent(endpoints: dict[str, Any]) -> bool:
    with psycopg.connect(endpoints["database"]["url"]) as tx:
        return any(
            tx.execute(f"SELECT count(*) FROM {service}.outbox WHERE sent_at IS NULL").fetchone() != (0,)
            for service in LEDGERS
        )
