"""Over TLS everything works as before; who is not who he says, or speaks in the open, is not listened to."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pika
import psycopg
import pytest

from chassis.line import Line
from chassis.migrate import migrate
from chassis.settings import Settings, SettingsError, read
from contracts.broker import broker, parameters_of
from contracts.intake import RequestCancelled
from contracts.publisher import NotConfirmed, Publisher
from contracts.registry import SERVICES
from deploy.local import servers, tls
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from tests.integration.process import Stage, until

Change = Callable[[str], str]


@pytest.fixture(scope="module")
def secured(servers_run: Path) -> Iterator[Endpoints]:
    """Servers of their own that speak TLS and nothing else."""
    run = servers_run / "secured"
    try:
        endpoints = servers.start(run, {"TLS": "1"})
        migrate(endpoints.database_url(OWNER), SERVICES)
        yield endpoints
    finally:
        servers.stop(run)


@pytest.fixture(scope="module")
def stranger(servers_run: Path) -> Path:
    """The certificate of an authority that has not signed ours."""
    return tls.authority(servers_run / "stranger")


def test_a_service_runs_the_loop_over_tls(secured: Endpoints, tmp_path: Path) -> None:
    stage = Stage(secured, tmp_path)
    stage.clear()
    try:
        process = stage.start()
        stage.submit(range(300))
        until(lambda: stage.tickets() == 300)
        until(stage.quiet)
        assert process.stop()[0] == 0
        assert not stage.left()
        assert len({(event.partitionkey, event.number) for event in stage.heard()}) == 600
    finally:
        stage.close()
    versions = "SELECT DISTINCT version FROM pg_stat_ssl WHERE ssl"
    assert {version for (version,) in stage.query(versions)} <= {"TLSv1.2", "TLSv1.3"}


def another_host(url: str) -> str:
    """The same server by a name that its certificate does not hold."""
    return url.replace("@localhost:", "@127.0.0.1:")


def in_the_open(url: str) -> str:
    """The same server without TLS."""
    parts = urlsplit(url.replace("amqps:", "amqp:"))
    return parts._replace(query="sslmode=disable" if parts.scheme == "postgresql" else "").geturl()


def by(ca: Path) -> Change:
    """The same server, expected to be known to another authority."""
    return lambda url: url.replace(str(urlsplit(url).query.rpartition("=")[2]), str(ca))


@pytest.mark.parametrize("case", ["host", "authority", "open"])
def test_a_wrong_host_a_wrong_authority_and_plain_text_are_refused(
    secured: Endpoints, stranger: Path, case: str
) -> None:
    change = {"host": another_host, "authority": by(stranger), "open": in_the_open}[case]
    amqp, database = change(secured.amqp_url("ticket")), change(secured.database_url("ticket"))
    refused = OSError if case == "open" else ssl.SSLCertVerificationError
    with pytest.raises(refused), Line(Settings(amqp_url=amqp, database_url=database), "test"):
        pass
    with pytest.raises((OSError, pika.exceptions.AMQPConnectionError)):
        pika.BlockingConnection(parameters_of(amqp))
    with pytest.raises(NotConfirmed), Publisher(amqp, source="urn:test", timeout=1) as publisher:
        publisher.submit(RequestCancelled(ticket="0000-0000-0000-0000"))
    said = "no encryption" if case == "open" else "certificate|does not match"
    with pytest.raises(psycopg.OperationalError, match=said):
        psycopg.connect(database, connect_timeout=5)


def test_tls_is_never_half_asked_for(stranger: Path) -> None:
    for url in (f"amqp://h/v?cacertfile={stranger}", "amqps://h/v?cacertfile=/nowhere"):
        with pytest.raises(ValueError, match="cacertfile"):
            broker(url)
        with pytest.raises(SettingsError, match="AMQP_URL"):
            read({"AMQP_URL": url, "DATABASE_URL": "postgresql://h/d"})
    assert broker("amqps://h/v").context().check_hostname
