"""Systems of other offices at the session's broker, and the broker's management API where a test needs it."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pika
import pika.exceptions
import psycopg

from deploy.local import outsiders
from deploy.local.endpoints import Endpoints
from deploy.local.install import rabbitmq_programs
from deploy.local.keeper import ByApi, Keeper, OnThisMachine
from deploy.local.rabbitmq import control, environment
from deploy.local.records import recorded_ports, reserve_ports
from deploy.local.unprivileged import account_for
from services.gateway import client_store
from services.gateway.enrolment import Application, enrol
from tests.integration.gatehouse import ROOT, Gate

REFUSED = (pika.exceptions.ProbableAuthenticationError, pika.exceptions.AuthenticationError)


class Broker:
    """The session's broker as operators see it, for the clients of a gateway."""

    def __init__(self, servers: Endpoints, gate: Gate) -> None:
        self.servers, self.gate = servers, gate
        self.admin_url = servers.amqp_url("admin")
        self.keeper: Keeper = OnThisMachine(servers.run)

    def let_in(self, name: str, sources: Sequence[str] = (), **more: Any) -> str:
        """Enrols a system at the broker; its password."""
        wanted = Application(name=name, kind="amqp", sources=sources, by="test", **{"types": ["*"], **more})
        with psycopg.connect(self.gate.database_url) as tx:
            given = enrol(tx, wanted, ROOT)
        assert given
        assert given.secret
        return given.secret

    def settle(self, *names: str) -> None:
        """Brings the broker in line with what the table says of these."""
        with psycopg.connect(self.gate.database_url) as tx:
            known = [each for each in client_store.outsiders(tx) if each.id in names]
        assert [each.id for each in known] == sorted(names)
        outsiders.bring_in_line(self.keeper, self.admin_url, known)

    def change(self, statement: str, *values: Any) -> None:
        """An operator's word in the table."""
        with psycopg.connect(self.gate.database_url) as tx:
            tx.execute(statement.encode(), list(values))

    def connected(self, name: str, password: str) -> pika.BlockingConnection:
        """A connection of a system."""
        netloc = f"{name}:{quote(password)}@{urlsplit(self.admin_url).netloc.rpartition('@')[2]}"
        return pika.BlockingConnection(
            pika.URLParameters(urlsplit(self.admin_url)._replace(netloc=netloc).geturl())
        )


@contextmanager
def management(servers: Endpoints, folder: Path) -> Iterator[ByApi]:
    """The management API of the session's broker, for a while; its port is kept in a folder."""
    port = reserve_ports(folder, ["management"])["management"]
    listener = f'[{{port, {port}}}, {{ip, "127.0.0.1"}}]'
    setting = f"rabbitmq_management, tcp_config, {listener}, [{{persistent, true}}]"
    control(servers.run, "eval", f"application:set_env({setting}).")
    admin = urlsplit(servers.amqp_url("admin"))
    _plugins(servers, "enable")
    try:
        yield ByApi(f"http://127.0.0.1:{port}", admin.username or "", admin.password or "")
    finally:
        _plugins(servers, "disable")


def _plugins(servers: Endpoints, what: str) -> None:
    folder = servers.run / "rabbitmq"
    program = rabbitmq_programs().control.with_name("rabbitmq-plugins")
    argv = [*account_for(folder, ["rabbitmq"]).prefix, str(program), what, "rabbitmq_management"]
    env = environment(folder, recorded_ports(servers.run))
    subprocess.run(argv, env=env, check=True, capture_output=True, timeout=60)
