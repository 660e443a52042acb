"""Messages by SMS: a real gateway that takes, refuses, hangs, and says later what did not arrive."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from chassis.policy import set_policy
from cli.main import app
from contracts import ticket
from contracts.actor import Actor
from deploy.local.endpoints import Endpoints
from tests.integration.notifying import House, awaited, notifying
from tests.integration.receiver import HANG, Receiver, Reply, receiving

ROOT = "root-of-fingerprints-root-of-fingerprints"
PHONE = "13800138000"
AWAKE = {"from": "00:00", "to": "00:00", "channels": []}
ASLEEP = {"from": "00:00", "to": "23:59:59.999999", "channels": ["sms"]}
OPERATOR = Actor(role="operator", id="op")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Receiver]:
    """The SMS gateway of the module."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def receipts() -> Iterator[Receiver]:
    """Where the gateway tells what arrived."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def house(
    servers: Endpoints, tmp_path_factory: pytest.TempPathFactory, gateway: Receiver, receipts: Receiver
) -> Iterator[House]:
    """The service with an SMS gateway, awake all day."""
    extra = {
        "SMS_URL": f"{gateway.url}/sms", "SMS_KEY": "fengge:word", "SMS_RECEIPTS_URL": f"{receipts.url}/read",
        "NOTIFY_TOKEN": ROOT, "OUTSIDE_TIMEOUT": "0.5",
    }  # fmt: skip
    receipts.answer = lambda got: Reply(body=json.dumps({"after": got.document["after"]}).encode())
    folder = tmp_path_factory.mktemp("sms")
    with notifying(servers, folder, "notification_sms", **extra) as running, running.mail_server():
        decree(running, "quiet_hours", AWAKE)
        decree(running, "pace", {})
        yield running


@pytest.fixture(autouse=True)
def taking(gateway: Receiver) -> None:
    """At first the gateway takes everything."""
    gateway.answer = lambda got: Reply()


def fengge(house: House, *arguments: str, status: int = 0) -> Any:
    """What `fengge notify` answers: JSON where there is some, else its words."""
    environ = {"DATABASE_URL": house.database_url, "NOTIFY_TOKEN": ROOT}
    result = CliRunner().invoke(app, ["notify", *arguments], env=environ)
    assert result.exit_code == status, result.output
    return json.loads(result.output) if "--json" in arguments else result.output


def decree(house: House, name: str, value: Any) -> None:
    """Sets a policy from now on."""
    with psycopg.connect(house.database_url) as tx:
        set_policy(tx, name, datetime.now(UTC), json.dumps(value))


def test_the_text_goes_out_signed_and_a_repeat_has_the_same_key(house: House, gateway: Receiver) -> None:
    gateway.in_turn(Reply(status=500), Reply(status=200))
    number = house.request("a@example.org", PHONE)
    event = house.accept(number, "养老服务")
    awaited(lambda: len(gateway.about(number)) == 2)
    first, second = gateway.about(number)
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == f"{event}.requester.sms"
    assert first.headers["X-Nonce"] != second.headers["X-Nonce"]
    assert (second.document["to"], "养老服务" in second.document["text"]) == (PHONE, True)
    said = [second.headers[f"X-{name}"] for name in ("Timestamp", "Nonce")]
    signed = "\n".join(["POST", "/sms", *said, hashlib.sha256(second.body).hexdigest()])
    wanted = hmac.new(b"word", signed.encode(), "sha256").hexdigest()
    assert second.headers["X-Signature"] == f"hmac-sha256 {wanted}"
    awaited(lambda: house.standing(number)[:3] == ("sms", "handed", 2))
    assert house.mailbox.of(number) == []


def test_who_cannot_be_texted_gets_a_mail_and_the_neighbour_his_text_once(
    house: House, gateway: Receiver
) -> None:
    refused, taken = house.request("b@example.org", "10000"), house.request("c@example.org", PHONE)
    gateway.answer = lambda got: Reply(status=404 if got.document["to"] == "10000" else 202)
    house.accept(refused)
    house.accept(taken)
    assert len(awaited(lambda: house.mailbox.of(refused))) == 1
    awaited(lambda: house.standing(taken)[:2] == ("sms", "handed"))
    assert len(gateway.about(taken)) == 1
    assert house.mailbox.of(taken) == []


def test_what_the_gateway_says_did_not_arrive_goes_by_mail(
    house: House, gateway: Receiver, receipts: Receiver
) -> None:
    lost, arrived = house.request("d@example.org", PHONE), house.request("e@example.org", PHONE)
    house.accept(lost)
    house.accept(arrived)
    awaited(lambda: [house.standing(number)[1] for number in (lost, arrived)] == ["handed"] * 2)
    told = [
        {"id": gateway.about(number)[0].document["id"], "state": state}
        for number, state in ((lost, "undelivered"), (arrived, "delivered"))
    ]
    page = json.dumps({"after": "2", "receipts": told}).encode()
    rest = json.dumps({"after": "2", "receipts": []}).encode()
    receipts.answer = lambda got: Reply(body=rest if got.document["after"] == "2" else page)
    assert len(awaited(lambda: house.mailbox.of(lost))) == 1
    awaited(lambda: house.standing(arrived)[:2] == ("sms", "sent"))
    assert house.mailbox.of(arrived) == []


def test_who_has_opted_out_of_texts_gets_none(house: House, gateway: Receiver) -> None:
    fengge(house, "opt-out", "+86 139-0000-0000", "--channel", "sms")
    number = house.request("f@example.org", "13900000000")
    house.accept(number)
    awaited(lambda: house.mailbox.of(number))
    assert gateway.about(number) == []
    assert "1 opt-outs" in fengge(house, "opt-in", "13900000000", "--channel", "sms")
    again = house.request("f@example.org", "13900000000")
    house.accept(again)
    awaited(lambda: gateway.about(again))


def test_at_night_only_the_urgent_is_sent(house: House, gateway: Receiver) -> None:
    decree(house, "quiet_hours", ASLEEP)
    try:
        quiet, urgent = house.request(phone=PHONE), house.request(phone=PHONE, severity="urgent")
        house.accept(quiet)
        awaited(lambda: house.standing(quiet)[3] == "quiet_hours")
        house.accept(urgent, severity="urgent")
        awaited(lambda: gateway.about(urgent))
        assert gateway.about(quiet) == []
        assert house.standing(quiet)[:3] == ("sms", "queued", 0)
    finally:
        decree(house, "quiet_hours", AWAKE)


def test_who_gets_too_much_waits_for_the_rest(house: House, gateway: Receiver) -> None:
    decree(house, "pace", {"sms": {"seconds": 600, "burst": 2}})
    try:
        numbers = [house.request(phone="13700000000") for _ in range(3)]
        for number in numbers:
            house.accept(number)
        awaited(lambda: [house.standing(number)[1] for number in numbers].count("handed") == 2)
        awaited(lambda: [house.standing(number)[3] for number in numbers].count("pace") == 1)
        assert sum(len(gateway.about(number)) for number in numbers) == 2
    finally:
        decree(house, "pace", {})


def test_whom_nothing_reaches_an_operator_rings(house: House) -> None:
    number = house.request()
    house.accept(number)
    asked = ticket.InfoRequested(
        missing=["where"], by=OPERATOR, at=datetime.now(UTC), until=datetime.now(UTC)
    )
    event = house.publish(number, 3, asked)
    key = f"{event}.requester"

    def waiting() -> list[dict[str, Any]]:
        return [row for row in fengge(house, "calls", "--json") if row["key"] == key]

    (call,) = awaited(waiting)
    assert (call["destination"], call["attempt"]) == (number, 0)
    assert number in call["say"]
    assert "comes back later" in fengge(house, "called", key, "--missed")
    assert "no call" in fengge(house, "called", key, status=1)
    awaited(lambda: [row["attempt"] for row in waiting()] == [1])
    fengge(house, "called", key)
    assert {row["channel"] for row in fengge(house, "show", number, "--json")} <= {"callback", "console"}
    awaited(lambda: ("callback", "sent", 2) in [row[:3] for row in house.deliveries(number)])


def test_a_gateway_that_hangs_delays_neither_mail_nor_console_nor_facts_and_raises_an_alarm(
    house: House, gateway: Receiver
) -> None:
    gateway.answer = lambda got: HANG
    texted = [house.request(f"g{n}@example.org", PHONE) for n in range(4)]
    for number in texted:
        house.accept(number)
    awaited(lambda: gateway.about(texted[0]))  # the SMS round hangs from here on
    mailed, shown = house.request("h@example.org"), house.request("refused@example.org")
    house.accept(mailed)
    house.accept(shown)
    assert len(awaited(lambda: house.mailbox.of(mailed))) == 1
    awaited(lambda: house.on_console(shown) == [shown])
    (alarm,) = awaited(lambda: fengge(house, "alarms", "--json"), 40)
    assert (alarm["kind"], alarm["about"], alarm["said"]) == ("channel_down", "sms", "timeout")
    assert "fengge_notification_channels_down" in house.metrics()
    asked_before = len(gateway.got)
    later = house.request("i@example.org", PHONE)
    house.accept(later)
    awaited(lambda: house.standing(later)[3] == "gateway_down")
    assert len(gateway.got) <= asked_before + 1
