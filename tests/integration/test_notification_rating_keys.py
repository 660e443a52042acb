"""A message that asks for a rating carries a key; what is kept of the message does not."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from chassis.policy import set_policy
from cli.main import app
from deploy.local.endpoints import Endpoints
from tests.integration.notifying import EvaluationService, House, awaited, notifying
from tests.integration.receiver import Got, Receiver, Reply, receiving

PHONE = "13800138000"
TABLES = """
SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'notification'::regnamespace
AND has_table_privilege(oid, 'SELECT')
"""


@pytest.fixture(scope="module")
def gateway() -> Iterator[Receiver]:
    """The SMS gateway of the module."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def house(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory, gateway: Receiver) -> Iterator[House]:
    """The service with mail and SMS, awake all day; nobody gets more than two texts at once."""
    extra = {"SMS_URL": f"{gateway.url}/sms", "SMS_KEY": "fengge:word"}
    folder = tmp_path_factory.mktemp("keys")
    with notifying(servers, folder, "notification_keys", **extra) as running, running.mail_server():
        with psycopg.connect(running.database_url) as tx:
            awake = {"from": "00:00", "to": "00:00", "channels": []}
            set_policy(tx, "quiet_hours", datetime.now(UTC), json.dumps(awake))
            set_policy(tx, "pace", datetime.now(UTC), json.dumps({"sms": {"seconds": 600, "burst": 2}}))
        yield running


@pytest.fixture(autouse=True)
def taking(gateway: Receiver) -> Iterator[None]:
    """At first everybody is there."""
    gateway.answer = lambda got: Reply()
    yield
    EvaluationService.away = False


def key_of(number: str) -> dict[str, str]:
    """The newest key that was made for a ticket."""
    return next(key for key in reversed(EvaluationService.made) if key["ticket"] == number)


def texts(gateway: Receiver, number: str) -> list[Got]:
    """The texts about a ticket that ask for a rating."""
    return [got for got in gateway.about(number) if "rating_requested" in got.document["template"]]


def kept(house: House) -> list[str]:
    """Every row of every table that the service can read."""
    with psycopg.connect(house.database_url) as tx:
        tables = tx.execute(TABLES).fetchall()
        return [row for (table,) in tables for (row,) in tx.execute(f"SELECT t::text FROM {table} t")]


def alarms(house: House) -> list[dict[str, Any]]:
    """The alarms that stand."""
    done = CliRunner().invoke(app, ["notify", "alarms", "--json"], env={"DATABASE_URL": house.database_url})
    found: list[dict[str, Any]] = json.loads(done.output)
    return found


def test_a_text_that_asks_carries_link_and_code_for_words_and_for_templates_of_the_gateway(
    house: House, gateway: Receiver
) -> None:
    number = house.request(phone=PHONE)
    house.ask(number)
    (got,) = awaited(lambda: texts(gateway, number))
    key = key_of(number)
    link = f"https://rate.example.org/rate#{number}/{key['token']}"
    assert link in got.document["text"]
    assert key["code"] in got.document["text"]
    assert got.document["fields"] | {"link": link, "code": key["code"]} == got.document["fields"]
    awaited(lambda: house.standing(number)[:2] == ("sms", "sent"))
    rows = kept(house)
    assert any(number in row for row in rows)
    assert [row for row in rows if key["token"] in row or f'"{key["code"]}"' in row] == []


def test_other_messages_carry_none(house: House) -> None:
    number = house.request("a@example.org")
    house.accept(number)
    awaited(lambda: house.mailbox.of(number))
    assert not [key for key in EvaluationService.made if key["ticket"] == number]


def test_while_no_key_is_to_be_had_only_those_who_are_asked_wait_and_lose_neither_try_nor_share(
    house: House, gateway: Receiver
) -> None:
    EvaluationService.away = True
    phone = "13900139000"
    asked, other = house.request(phone=phone), house.request("b@example.org")
    house.ask(asked)
    awaited(lambda: house.standing(asked)[3] == "no_key")
    house.accept(other)
    awaited(lambda: house.mailbox.of(other))
    (alarm,) = awaited(lambda: alarms(house))
    assert (alarm["kind"], alarm["about"]) == ("rating_keys", "sms")
    first = house.due_at(asked)
    awaited(lambda: house.due_at(asked) > first)
    assert house.standing(asked) == ("sms", "queued", 0, "no_key")
    EvaluationService.away = False
    awaited(lambda: texts(gateway, asked))
    awaited(lambda: not alarms(house))
    second = house.request(phone=phone)
    house.ask(second)
    awaited(lambda: texts(gateway, second))  # two at once are this number's share, and one was sent


def test_a_mail_that_follows_a_failed_text_has_a_key_of_its_own(house: House, gateway: Receiver) -> None:
    gateway.answer = lambda got: Reply(status=404)
    number = house.request("c@example.org", "10000")
    house.ask(number)
    (mail,) = awaited(lambda: house.mailbox.of(number))
    assert key_of(number)["code"] in mail.get_content()
    assert [key["ticket"] for key in EvaluationService.made].count(number) == 2


def test_who_is_not_asked_any_more_is_told_nothing_on_no_channel(house: House, gateway: Receiver) -> None:
    number = house.request("d@example.org", "13600136000")
    EvaluationService.away = True
    house.ask(number)
    awaited(lambda: house.standing(number)[3] == "no_key")
    EvaluationService.open.remove(number)
    EvaluationService.away = False
    awaited(lambda: house.standing(number) == ("sms", "failed", 1, "not_asked"))
    assert house.mailbox.of(number) == []
    assert texts(gateway, number) == []
