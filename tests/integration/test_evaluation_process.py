"""The evaluation service as a process: the requester is asked, answers through the intake, and only once."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import pika
import psycopg
import pytest

from chassis.asking import NotAnswered, asked
from chassis.migrate import migrate
from chassis.policy import in_force, set_policy
from chassis.topology import declare, doors, queue_name
from contracts import cloudevent, evaluation, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import Event, publisher_of, type_of
from contracts.intake import EventRefused, RatingGiven
from contracts.numbering import shard_of, ticket_number
from deploy.local.endpoints import Endpoints
from deploy.local.records import reserve_ports
from deploy.topology import PikaChannel
from tests.integration.process import patient

DATABASE = "evaluation_process"
SHARDS = 2
PATIENCE = 60.0
HEARD = "heard-evaluation"
TOKEN = "secret-of-the-house"
TABLES = """
SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'evaluation'::regnamespace
AND has_table_privilege(oid, 'SELECT')
"""
T = TypeVar("T")


@dataclass
class House:
    """The running service, the admin's channel and that of an outside system."""

    admin: Any
    intake: Any
    database_url: str
    port: int
    log: Path
    publisher: str = "intake"
    count: int = 0
    waiting: dict[str, list[Any]] = field(default_factory=dict)
    """What came in one message with what was read, by queue."""

    def keys(self, number: str, token: str = TOKEN) -> list[dict[str, str]]:
        """What whoever sends the requester a message is told at the inside door."""
        body = msgspec.json.encode({"tickets": [number], "who": "notification"})
        answer = asked(f"http://127.0.0.1:{self.port}", "/rating-keys", token, body)
        keys: list[dict[str, str]] = msgspec.json.decode(answer)
        return keys

    def handled(self) -> str:
        """A new ticket that was handled and verified; returns its number."""
        self.count += 1
        number = ticket_number("urn:test:evaluation", str(self.count))
        received = ticket.TicketReceived(
            source="urn:test", external_id=str(self.count), channel="resident", severity="general"
        )
        for sequence, fact in enumerate((received, ticket.TicketVerified(by="rule")), 1):
            self._publish(self._event(number, sequence, fact))
        return number

    def rate(self, number: str, **said: Any) -> str:
        """The requester answers; returns the id of the event."""
        self.count += 1
        given = RatingGiven(ticket=number, **{"resolved": "yes", "satisfaction": "satisfied", **said})
        event = CloudEvent(
            specversion="1.0", id=f"rating-{self.count}", source="urn:test", type=type_of(RatingGiven),
            time=datetime.now(UTC), data=given,
        )  # fmt: skip
        content_type, body = cloudevent.encode([event])
        properties = pika.BasicProperties(content_type=content_type, delivery_mode=2, user_id=self.publisher)
        self.intake.basic_publish("gov.inbound", f"rating.{number}", body, properties, mandatory=True)
        return event.id

    def next(self, channel: Any, queue: str) -> Event:
        """The next event in a queue."""
        waiting = self.waiting.setdefault(queue, [])
        if not waiting:
            method, properties, body = awaited(lambda: _got(channel, queue))
            assert method
            waiting += cloudevent.decode(properties.content_type, body)
        return cloudevent.opened(waiting.pop(0)).data

    def fact(self) -> Event:
        """The next fact the service publishes."""
        return self.next(self.admin, HEARD)

    def refusal(self) -> EventRefused:
        """The next answer to the outside system."""
        refused = self.next(self.intake, "gov.replies.intake")
        assert isinstance(refused, EventRefused)
        return refused

    def _event(self, number: str, sequence: int, fact: Event) -> CloudEvent[Event]:
        publisher = publisher_of(type(fact))
        return CloudEvent(
            specversion="1.0", id=f"{number}.{publisher}.{sequence}", source=f"urn:fengge:{publisher}",
            type=type_of(type(fact)), time=datetime.now(UTC), data=fact, partitionkey=number,
            sequence=str(sequence), correlationid=number,
        )  # fmt: skip

    def _publish(self, event: CloudEvent[Event]) -> None:
        content_type, body = cloudevent.encode([event])
        properties = pika.BasicProperties(content_type=content_type, delivery_mode=2)
        shard = str(shard_of(event.partitionkey, SHARDS))
        self.admin.basic_publish("ticket.events", shard, body, properties, mandatory=True)


@pytest.fixture(scope="module")
def house(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The service in a database of its own."""
    url = _database(servers)
    port = reserve_ports(tmp_path_factory.mktemp("ports"), ["health"])["health"]
    admin, intake = patient(servers.amqp_url("admin")), patient(servers.amqp_url("intake"))
    channel = admin.channel()
    declare(PikaChannel(channel), doors(["intake"]))
    channel.queue_purge("gov.replies.intake")
    channel.exchange_delete("evaluation.inbound")  # others have more shards, and leave something in them
    for shard in range(SHARDS):
        channel.queue_delete(queue_name("evaluation", shard))
    env = os.environ | {
        "AMQP_URL": servers.amqp_url("evaluation"), "DATABASE_URL": url, "SHARDS": str(SHARDS),
        "HEALTH_PORT": str(port), "INTERNAL_TOKEN": TOKEN, "EVALUATION_TOKEN": "0" * 40,
    }  # fmt: skip
    log = tmp_path_factory.mktemp("evaluation") / "log"
    argv = [sys.executable, "-m", "chassis.runner", "services.evaluation.service:EvaluationService"]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            argv, env=env, cwd=Path(__file__).parents[2], stderr=output, stdout=output
        ) as process,
    ):
        try:
            awaited(lambda: _ready(port))
            channel.queue_declare(HEARD, exclusive=True)
            for shard in range(SHARDS):
                channel.queue_bind(HEARD, "evaluation.events", str(shard))
            yield House(channel, intake.channel(), url, port, log)
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(PATIENCE)
            for shard in range(SHARDS):
                channel.queue_delete(queue_name("evaluation", shard))
            channel.exchange_delete("evaluation.inbound")
            admin.close()
            intake.close()
    assert status == 0


def _database(servers: Endpoints) -> str:
    superuser, owner, service = (
        urlsplit(servers.database_url(role)) for role in ("postgres", "fengge_owner", "evaluation")
    )
    with psycopg.connect(superuser.geturl(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE} OWNER fengge_owner")
    here = owner._replace(path=f"/{DATABASE}").geturl()
    with psycopg.connect(here) as owned:
        owned.execute("CREATE SCHEMA evaluation")
    migrate(here, ["evaluation"])
    return service._replace(path=f"/{DATABASE}").geturl()


def _ready(port: int) -> bool:
    where = f"http://127.0.0.1:{port}/readyz"
    with contextlib.suppress(OSError), urllib.request.urlopen(where, timeout=1) as answer:
        return bool(answer.status == 200)
    return False


def _got(channel: Any, queue: str) -> Any:
    found = channel.basic_get(queue, auto_ack=True)
    return found if found[0] else None


def awaited(condition: Callable[[], T]) -> T:
    """The first true answer of `condition`; fails when patience ends."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"did not happen in {PATIENCE} s")


def test_a_verified_ticket_is_asked_about_rated_once_and_a_second_answer_is_refused(house: House) -> None:
    number = house.handled()
    asked = house.fact()
    assert isinstance(asked, evaluation.RatingRequested)
    house.rate(number, satisfaction="dissatisfied")
    answered = house.fact()
    assert isinstance(answered, evaluation.RatingSubmitted)
    assert (answered.round, answered.satisfaction, answered.reason) == (1, "dissatisfied", None)
    again = house.rate(number)
    refused = house.refusal()
    assert (refused.status, refused.instance, refused.ticket) == (409, again, number)
    assert "TicketReopened" in refused.errors[0]["allowed"]


def test_an_answer_about_an_unknown_ticket_is_refused(house: House) -> None:
    house.rate(ticket_number("urn:test:evaluation", "nobody"))
    refused = house.refusal()
    assert (refused.status, refused.problem) == (404, "urn:fengge:problem:unknown-ticket")


def test_a_link_rates_once_and_nobody_but_its_receiver_can_find_it(house: House) -> None:
    number = house.handled()
    assert isinstance(house.fact(), evaluation.RatingRequested)
    (key,) = house.keys(number)
    wrong = f"{(int(key['code']) + 1) % 1_000_000:06d}"
    house.rate(number, code=wrong)
    refusals = [house.refusal()]
    house.rate(number, token=key["token"])
    rated = house.fact()
    assert isinstance(rated, evaluation.RatingSubmitted)
    assert rated.way == "link"
    house.rate(number, token=key["token"])
    refusals.append(house.refusal())
    assert [each.status for each in refusals] == [403, 409]
    assert house.keys(number) == []
    said = [repr(refusals), repr(rated), house.log.read_text(), *_all_that_is_kept(house.database_url)]
    assert any(number in text for text in said)
    secret = re.compile(rf"{re.escape(key['token'])}|(?<![0-9]){key['code']}(?![0-9])")
    assert [text for text in said if secret.search(text)] == []


def test_who_has_not_the_token_of_the_house_gets_no_key(house: House) -> None:
    with pytest.raises(NotAnswered, match="401"):
        house.keys(house.handled(), "guessed")
    house.fact()


def _all_that_is_kept(url: str) -> list[str]:
    """Every row of every table that the service can read."""
    with psycopg.connect(url) as tx:
        tables = tx.execute(TABLES).fetchall()
        return [row for (table,) in tables for (row,) in tx.execute(f"SELECT t::text FROM {table} t")]


def test_ten_thousand_guesses_over_many_tickets_are_stopped_for_their_publisher_alone(
    house: House, servers: Endpoints
) -> None:
    with psycopg.connect(house.database_url) as tx:  # nothing comes back while the test runs
        set_policy(tx, "rating_guesses", datetime.now(UTC), '{"burst": 200, "seconds": 3600}')
    time.sleep(in_force.seconds)  # the time after which a new policy is promised to hold
    numbers = [house.handled() for _ in range(402)]
    assert {type(house.fact()) for _ in numbers} == {evaluation.RatingRequested}
    *guessed, linked, coded = numbers
    keys = {number: house.keys(number)[0] for number in (linked, coded)}
    for code in range(10_000):
        house.rate(guessed[code % 400], code=f"{code:06d}")
    answers = Counter(house.refusal().status for _ in range(10_000))
    # other tests may have used up a few of the 200
    assert answers.keys() == {403, 429}
    assert 190 <= answers[403] <= 200
    with urllib.request.urlopen(f"http://127.0.0.1:{house.port}/metrics", timeout=5) as metrics:
        assert 'fengge_evaluation_guessers_shut{service="evaluation"} 1' in metrics.read().decode()
    house.rate(linked, code=keys[linked]["code"])
    assert house.refusal().status == 429
    house.rate(linked, token=keys[linked]["token"])
    assert house.fact().way == "link"  # type: ignore[attr-defined]
    with patient(servers.amqp_url("world")) as world:
        replace(house, intake=world.channel(), publisher="world").rate(coded, code=keys[coded]["code"])
        assert house.fact().way == "code"  # type: ignore[attr-defined]


def test_a_window_without_an_answer_ends_by_itself(house: House) -> None:
    with psycopg.connect(house.database_url) as tx:
        set_policy(tx, "rating_window_seconds", datetime.now(UTC), '{"seconds": 0.2}')
    time.sleep(in_force.seconds)  # the time after which a new policy is promised to hold
    house.handled()
    assert isinstance(house.fact(), evaluation.RatingRequested)
    assert house.fact() == evaluation.RatingExpired(round=1)
