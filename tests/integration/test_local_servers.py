"""The private broker and database: who may do what, and that they come and go without a trace."""

import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pika
import pika.exceptions
import psycopg
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from chassis.topology import declare, of_service
from contracts.registry import LEDGERS
from deploy.local import LocalFailure, daemon, rabbitmq
from deploy.local import servers as local_servers
from deploy.local.accounts import OWNER, SUPERUSER
from deploy.local.endpoints import Endpoints
from deploy.local.records import is_free
from deploy.topology import PikaChannel

OWN_BROKER = "AMQP_URL" not in os.environ
OWN_SERVERS = OWN_BROKER and "DATABASE_URL" not in os.environ
needs_own_broker = pytest.mark.skipif(not OWN_BROKER, reason="a named broker lends one user to all")
needs_own_servers = pytest.mark.skipif(not OWN_SERVERS, reason="named servers are not started or stopped")


@contextmanager
def channel(servers: Endpoints, user: str) -> Iterator[BlockingChannel]:
    """A confirming channel of one broker user."""
    connection = pika.BlockingConnection(pika.URLParameters(servers.amqp_url(user)))
    try:
        opened = connection.channel()
        opened.confirm_delivery()
        yield opened
    finally:
        if connection.is_open:
            connection.close()


@pytest.fixture
def secret_table(servers: Endpoints) -> Iterator[str]:
    """A table of the ticket service that its role may use."""
    with psycopg.connect(servers.database_url(OWNER), autocommit=True) as owner:
        owner.execute("CREATE TABLE ticket.secret (word text)")
        owner.execute("GRANT SELECT, INSERT ON ticket.secret TO ticket")
        yield "ticket.secret"
        owner.execute("DROP TABLE ticket.secret")


def test_whoever_is_started_waits_for_its_turn_and_its_starter_does_not(tmp_path: Path) -> None:
    own = os.sched_getscheduler(0)
    pid = daemon.spawn(["/bin/sleep", "60"], {}, tmp_path / "log", tmp_path / "pid")
    try:
        assert os.sched_getscheduler(pid) == (os.SCHED_BATCH if own == os.SCHED_OTHER else own)
        assert os.sched_getscheduler(0) == own
    finally:
        daemon.end(tmp_path / "pid", [(signal.SIGKILL, 5.0)])


def test_a_service_works_in_its_own_schema_without_naming_it(servers: Endpoints, secret_table: str) -> None:
    with psycopg.connect(servers.database_url("ticket")) as tx:
        tx.execute("INSERT INTO secret VALUES ('honey')")
        assert tx.execute(f"SELECT word FROM {secret_table}").fetchall() == [("honey",)]


@pytest.mark.parametrize("other", [service for service in LEDGERS if service != "ticket"])
def test_no_service_reads_the_tables_of_another(servers: Endpoints, secret_table: str, other: str) -> None:
    with (
        psycopg.connect(servers.database_url(other)) as tx,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        tx.execute(f"SELECT word FROM {secret_table}")


@pytest.mark.parametrize("schema", [*LEDGERS, "public"])
def test_a_service_creates_no_tables_anywhere(servers: Endpoints, schema: str) -> None:
    with (
        psycopg.connect(servers.database_url("ticket")) as tx,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        tx.execute(f"CREATE TABLE {schema}.intruder (n int)")


@needs_own_broker
def test_the_intake_user_writes_to_the_intake(doors: Endpoints) -> None:
    with channel(doors, "admin") as admin, channel(doors, "intake") as intake:
        queue = admin.queue_declare("", exclusive=True).method.queue
        admin.queue_bind(queue, "gov.inbound", "test.#")
        intake.basic_publish("gov.inbound", "test.1", b"{}", mandatory=True)
        assert admin.basic_get(queue, auto_ack=True)[2] == b"{}"


@needs_own_broker
@pytest.mark.parametrize("exchange", ["", "ticket.events", "gov.replies", "amq.topic"])
def test_the_intake_user_writes_nowhere_else(doors: Endpoints, exchange: str) -> None:
    with (
        channel(doors, "intake") as intake,
        pytest.raises(pika.exceptions.ChannelClosedByBroker) as refusal,
    ):
        intake.basic_publish(exchange, "0", b"{}", mandatory=True)
    assert refusal.value.reply_code == 403


@needs_own_broker
def test_a_service_cannot_take_the_events_of_another_from_its_queue(doors: Endpoints) -> None:
    with channel(doors, "admin") as admin:
        declare(PikaChannel(admin), of_service("ticket", [], shards=1))
    with (
        channel(doors, "dispatch") as thief,
        pytest.raises(pika.exceptions.ChannelClosedByBroker) as refusal,
    ):
        thief.basic_get("ticket.0")
    assert refusal.value.reply_code == 403


@needs_own_servers
@needs_own_broker
def test_the_broker_forgets_soon_what_has_been_consumed(servers: Endpoints) -> None:
    asked = "application:get_env(rabbit, quorum_snapshot_interval)."
    assert rabbitmq.control(servers.run, "eval", asked).strip() == "{ok,512}"


def test_passwords_are_for_the_owner_of_the_run_folder_alone(servers: Endpoints) -> None:
    files = [servers.run / "secrets.json", servers.run / "rabbitmq/definitions.json"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]


@needs_own_servers
def test_a_second_start_finds_the_servers_that_run(servers: Endpoints) -> None:
    pids = local_servers.pids(servers.run)
    assert len(pids) == 3
    assert local_servers.start(servers.run) == replace(servers, pids=pids)


@needs_own_servers
def test_servers_named_in_the_environment_are_used_and_not_stopped(
    servers: Endpoints, tmp_path: Path
) -> None:
    named = {"AMQP_URL": servers.amqp_url("admin"), "DATABASE_URL": servers.database_url(SUPERUSER)}
    lent = local_servers.start(tmp_path, named)
    with psycopg.connect(lent.database_url("ticket")) as tx:
        assert tx.execute("SELECT current_user").fetchone() == ("ticket",)
    local_servers.stop(tmp_path)
    assert lent.pids == {}
    assert lent.amqp_url("ticket") == servers.amqp_url("admin")
    with psycopg.connect(local_servers.start(servers.run).database_url("ticket")) as tx:
        assert tx.execute("SELECT current_user").fetchone() == ("ticket",)  # its own password holds again


@needs_own_servers
def test_killed_servers_start_again_where_they_were_and_stop_without_a_trace(tmp_path: Path) -> None:
    first = local_servers.start(tmp_path)
    with psycopg.connect(first.database_url(OWNER)) as tx:
        tx.execute("CREATE TABLE ticket.kept (n int)")
    for pid in first.pids.values():
        os.kill(pid, signal.SIGKILL)
        assert daemon.ends_within(pid, 10)
    # As after a power cut: the database's lock names a living stranger.
    (tmp_path / "postgres/data/postmaster.pid").write_text(f"{os.getpid()}\n")
    second = local_servers.start(tmp_path)
    with psycopg.connect(second.database_url(OWNER)) as tx:
        assert tx.execute("SELECT count(*) FROM ticket.kept").fetchone() == (0,)
    local_servers.stop(tmp_path)
    assert second.amqp == first.amqp
    assert second.database == first.database
    assert local_servers.pids(tmp_path) == {}
    assert all(is_free(port) for port in second.ports.values())
    assert _processes_naming(tmp_path) == []


@needs_own_servers
def test_a_start_that_fails_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "rabbitmq").mkdir()
    (tmp_path / "rabbitmq/data").write_text("not a folder")
    with pytest.raises(LocalFailure, match="RabbitMQ ended while starting"):
        local_servers.start(tmp_path)
    assert _processes_naming(tmp_path) == []


def _processes_naming(folder: Path) -> list[str]:
    lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline"))
    return [line.decode(errors="replace") for line in lines if str(folder).encode() in line]
