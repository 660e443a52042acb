"""What each of our users is not allowed to do is tried with that user's own credentials."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pika
import pika.exceptions
import psycopg
import pytest

from chassis.topology import declare
from contracts.registry import LEDGERS
from deploy.local import servers
from deploy.local.accounts import GATEWAY, INTAKE, SUPERUSER
from deploy.local.endpoints import Endpoints
from deploy.local.processes import process_table
from deploy.topology import PikaChannel, whole
from tests.integration.test_local_servers import channel, needs_own_broker

Attempt = Callable[[Any], object]

pytestmark = needs_own_broker


@pytest.fixture(scope="module")
def house(doors: Endpoints, migrated: Endpoints) -> Iterator[Endpoints]:
    """Every exchange, queue and table; the queues go again, for other tests count who listens."""
    topologies = whole(1, ["intake", "world"])
    with channel(doors, "admin") as admin:
        for topology in topologies:
            declare(PikaChannel(admin), topology)
    yield migrated
    with channel(doors, "admin") as admin:
        for queue in [queue for topology in topologies[1:] for queue in topology.queues]:
            admin.queue_delete(queue.name)


def other(service: str) -> str:
    """A service that is not this one."""
    return next(name for name in LEDGERS if name != service)


@contextmanager
def refused(code: int = 403) -> Iterator[None]:
    """The broker ends the channel with this code."""
    with pytest.raises(pika.exceptions.ChannelClosedByBroker) as refusal:
        yield
    assert refusal.value.reply_code == code


def publish(exchange: str, key: str = "0", user: str | None = None) -> Attempt:
    """An attempt to publish."""
    properties = pika.BasicProperties(user_id=user)
    return lambda on: on.basic_publish(exchange, key, b"{}", properties, mandatory=True)


FOREIGN: dict[str, Callable[[str], Attempt]] = {
    "read another's queue": lambda name: lambda on: on.basic_get(f"{other(name)}.0"),
    "consume another's queue": lambda name: lambda on: on.basic_consume(f"{other(name)}.0", print),
    "empty another's queue": lambda name: lambda on: on.queue_purge(f"{other(name)}.0"),
    "delete another's queue": lambda name: lambda on: on.queue_delete(f"{other(name)}.0"),
    "make a queue for another": lambda name: lambda on: on.queue_declare(f"{other(name)}.9"),
    "make a queue for nobody": lambda name: lambda on: on.queue_declare("", exclusive=True),
    "make a queue of replies": lambda name: lambda on: on.queue_declare("gov.replies.forged"),
    "read replies": lambda name: lambda on: on.basic_get("gov.replies.intake"),
    "read what nobody claimed": lambda name: lambda on: on.basic_get("gov.unclaimed"),
    "bind another's queue": lambda name: lambda on: on.queue_bind(f"{other(name)}.0", f"{name}.events", "x"),
    "unbind another's queue": lambda name: lambda on: on.queue_unbind(f"{other(name)}.0", f"{name}.events"),
    "make an exchange for another": lambda name: lambda on: on.exchange_declare(f"{other(name)}.more"),
    "delete another's exchange": lambda name: lambda on: on.exchange_delete(f"{other(name)}.events"),
    "delete the intake": lambda name: lambda on: on.exchange_delete("gov.inbound"),
    "delete the replies": lambda name: lambda on: on.exchange_delete("gov.replies"),
    "publish as another service": lambda name: publish(f"{other(name)}.events"),
    "publish into another's queue": lambda name: publish("", f"{other(name)}.0"),
    "publish into the intake": lambda name: publish("gov.inbound", "request.x"),
    "publish what nobody routed": lambda name: publish("gov.unrouted"),
    "hear the whole intake": lambda name: lambda on: on.queue_bind(f"{name}.0", "gov.inbound", "#"),
}


@pytest.mark.parametrize("service", LEDGERS)
@pytest.mark.parametrize("attempt", FOREIGN)
def test_a_service_leaves_what_is_not_its_own(house: Endpoints, service: str, attempt: str) -> None:
    if (service, attempt) == (GATEWAY, "publish into the intake"):
        pytest.skip("that is what the gateway is for")
    with channel(house, service) as on, refused():
        FOREIGN[attempt](service)(on)


@pytest.mark.parametrize("service", LEDGERS)
def test_a_service_hears_its_own_part_of_the_intake_alone(house: Endpoints, service: str) -> None:
    for area in INTAKE.values():
        if area != INTAKE.get(service):
            with channel(house, service) as on, refused():
                on.queue_bind(f"{service}.0", "gov.inbound", f"{area}.#")
    with channel(house, service) as on:
        declare(PikaChannel(on), next(t for t in whole(1, []) if t.exchanges[0].name == f"{service}.events"))


def test_the_gateway_hears_no_answer_but_its_own(house: Endpoints) -> None:
    with channel(house, GATEWAY) as on, refused():
        on.queue_bind("gateway.0", "gov.replies", "intake")


@pytest.mark.parametrize("service", LEDGERS)
def test_nobody_signs_with_another_name(house: Endpoints, service: str) -> None:
    with channel(house, service) as on, refused(406):
        publish(f"{service}.events", user="admin")(on)


OUTSIDE: dict[str, Attempt] = {
    "consume a service's queue": lambda on: on.basic_get("ticket.0"),
    "read another's replies": lambda on: on.basic_get("gov.replies.world"),
    "listen to facts": lambda on: on.queue_bind("gov.replies.intake", "ticket.events", "0"),
    "listen to the intake": lambda on: on.queue_bind("gov.replies.intake", "gov.inbound", "#"),
    "make a queue": lambda on: on.queue_declare("", exclusive=True),
    "make an exchange": lambda on: on.exchange_declare("intake.events"),
    "delete its own replies": lambda on: on.queue_delete("gov.replies.intake"),
    "delete the intake": lambda on: on.exchange_delete("gov.inbound"),
    "publish into a queue": publish("", "ticket.0"),
    "publish a fact": publish("ticket.events"),
    "answer a publisher": publish("gov.replies", "world"),
}


@pytest.mark.parametrize("attempt", OUTSIDE)
def test_an_outside_system_writes_to_the_intake_and_reads_its_replies_alone(
    house: Endpoints, attempt: str
) -> None:
    with channel(house, "intake") as on, refused():
        OUTSIDE[attempt](on)


def test_a_publisher_cannot_sign_with_another_name(house: Endpoints) -> None:
    with channel(house, "intake") as on, refused(406):
        publish("gov.inbound", "request.x", user="world")(on)


FORBIDDEN = (
    "CREATE TABLE {own}.mine (n int)",
    "CREATE TEMPORARY TABLE mine (n int)",
    "CREATE FUNCTION {own}.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "ALTER TABLE {own}.outbox ADD COLUMN mine int",
    "DROP TABLE {own}.waiting",
    "CREATE INDEX ON {own}.waiting (due_at)",
    "TRUNCATE {own}.waiting",
    "DELETE FROM {own}.inbox",
    "UPDATE {own}.inbox SET time = now()",
    "DELETE FROM {own}.outbox",
    "UPDATE {own}.outbox SET body = ''",
    "DELETE FROM {own}.position",
    "DELETE FROM {own}.parked",
    "UPDATE {own}.parked SET body = ''",
    "DELETE FROM {own}.inbox_other",
    "UPDATE {own}.outbox_other SET body = ''",
    "SELECT {own}.ensure_partitions('-10 years')",
    "SELECT * FROM {foreign}.outbox",
    "SELECT * FROM {foreign}._yoyo_migration",
    "INSERT INTO {foreign}.suspect VALUES ('', '', 1)",
    "UPDATE {foreign}.outbox SET sent_at = NULL",
    "DELETE FROM {foreign}.waiting",
    "SELECT {foreign}.keep_partitions()",
    "DELETE FROM {own}._yoyo_migration",
    "SET ROLE fengge_owner",
    "ALTER ROLE {foreign} PASSWORD 'mine'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT rolpassword FROM pg_authid",
    "COPY {own}.waiting TO PROGRAM 'true'",
)


@pytest.mark.parametrize("service", LEDGERS)
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_a_role_has_the_rights_to_its_rows_and_no_more(
    house: Endpoints, service: str, statement: str
) -> None:
    names = {"own": service, "foreign": other(service)}
    with (
        psycopg.connect(house.database_url(service)) as tx,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        tx.execute(statement.format(**names))


def test_a_named_broker_may_have_a_user_for_each_service(house: Endpoints, tmp_path: Path) -> None:
    named = {
        "AMQP_URL": house.amqp_url("admin"),
        "AMQP_URL_TICKET": house.amqp_url("ticket"),
        "DATABASE_URL": house.database_url(SUPERUSER),
    }
    try:
        lent = servers.start(tmp_path, named)
    finally:
        servers.start(house.run)  # its own passwords hold again
    assert lent.amqp_url("ticket") == house.amqp_url("ticket")
    assert lent.amqp_url("dispatch") == house.amqp_url("admin")
    told = process_table(lent, named)
    assert {spec.env.get("AMQP_URL") for spec in told if spec.name == "ticket"} == {house.amqp_url("ticket")}
    assert not any("AMQP_URL_TICKET" in spec.env for spec in told)
