"""Starts and stops the broker and the database of a run folder, or takes those the environment names."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from contracts.broker import CA
from deploy.local import daemon, postgres, rabbitmq, roles, tls
from deploy.local.accounts import BROKER_USERS, DATABASE, ROLES, SUPERUSER, VHOST
from deploy.local.endpoints import Endpoints
from deploy.local.install import postgres_programs, rabbitmq_programs
from deploy.local.records import kept_secrets, locked, recorded_ports, reserve_ports
from deploy.local.unprivileged import account_for


def start(run: Path, environ: Mapping[str, str] = os.environ) -> Endpoints:
    """Starts what does not run yet; AMQP_URL and DATABASE_URL, if set, name servers to use instead."""
    run = run.resolve()
    with locked(run), _nothing_left_on_failure(run):
        amqp, database = environ.get("AMQP_URL"), environ.get("DATABASE_URL")
        ca = tls.chosen(run, environ)
        if not amqp:
            _launch_rabbitmq(run, ca)  # boots while the database is made ready
        database_urls = _given_database(run, database) if database else _own_database(run, ca)
        amqp_urls = _given_broker(amqp, environ) if amqp else _own_broker(run, ca)
        return Endpoints(run, amqp_urls, database_urls, recorded_ports(run), pids(run))


def stop(run: Path) -> None:
    """Stops every server of the run folder; nothing happens if none runs."""
    run = run.resolve()
    if run.exists():
        with locked(run):
            _stop(run)


@contextmanager
def running(run: Path) -> Iterator[Endpoints]:
    """Servers for the length of a block."""
    try:
        yield start(run)
    finally:
        stop(run)


def pids(run: Path) -> dict[str, int]:
    """The living server processes of the run folder, by name."""
    files = {"postgres": "postgres/pid", "rabbitmq": "rabbitmq/pid", "epmd": "rabbitmq/epmd.pid"}
    found = {name: daemon.recall(run / file) for name, file in files.items()}
    return {name: pid for name, pid in found.items() if pid is not None}


@contextmanager
def _nothing_left_on_failure(run: Path) -> Iterator[None]:
    """A start that fails or is interrupted leaves no half behind; what ran before stays."""
    found = pids(run)
    try:
        yield
    except BaseException:
        if not found:
            _stop(run)
        raise


def _stop(run: Path) -> None:
    rabbitmq.stop(run / "rabbitmq")
    postgres.stop(run / "postgres")


def _launch_rabbitmq(run: Path, ca: Path | None) -> None:
    folder = run / "rabbitmq"
    alive = pids(run)
    if "rabbitmq" in alive and "epmd" in alive:
        return
    programs = rabbitmq_programs()
    if "rabbitmq" in alive:
        ports = recorded_ports(run)  # only its port mapper died; the node registers again by itself
    else:
        rabbitmq.stop(folder)
        ports = reserve_ports(run, rabbitmq.PORT_NAMES)
    account = account_for(folder, ["rabbitmq"])
    if ca:
        tls.hand_out(ca, folder, account)
    rabbitmq.launch(folder, programs, account, ports, _broker_passwords(run), secured=bool(ca))


def _own_broker(run: Path, ca: Path | None) -> dict[str, str]:
    scheme, host, query = ("amqps", tls.HOST, f"?{CA}={quote(str(ca))}") if ca else ("amqp", "127.0.0.1", "")
    server = f"{host}:{recorded_ports(run)['amqp']}/{VHOST}{query}"
    urls = {
        user: f"{scheme}://{user}:{password}@{server}" for user, password in _broker_passwords(run).items()
    }
    rabbitmq.wait(run / "rabbitmq", urls["admin"])
    return urls


def _given_broker(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """AMQP cannot create users: all get the one of AMQP_URL, or what AMQP_URL_<NAME> says."""
    return {user.name: environ.get(f"AMQP_URL_{user.name.upper()}", url) for user in BROKER_USERS}


def _own_database(run: Path, ca: Path | None) -> dict[str, str]:
    folder, passwords = run / "postgres", _database_passwords(run)
    if daemon.recall(folder / "pid") is None:
        programs = postgres_programs()
        postgres.stop(folder)  # what a death left to clear away
        port = reserve_ports(run, ["postgres"])["postgres"]
        account = account_for(folder, ["postgres"])
        if ca:
            tls.hand_out(ca, folder, account)
        postgres.launch(folder, programs, account, port, passwords[SUPERUSER], secured=bool(ca))
    host, query = (
        (tls.HOST, f"?sslmode=verify-full&sslrootcert={quote(str(ca))}") if ca else ("127.0.0.1", "")
    )
    server = f"{host}:{recorded_ports(run)['postgres']}"
    superuser = f"postgresql://{SUPERUSER}:{passwords[SUPERUSER]}@{server}"
    postgres.wait(folder, f"{superuser}/postgres{query}")
    roles.create_database(f"{superuser}/postgres{query}")
    roles.create_roles(f"{superuser}/{DATABASE}{query}", passwords)
    return {
        role: f"postgresql://{role}:{password}@{server}/{DATABASE}{query}"
        for role, password in passwords.items()
    }


def _given_database(run: Path, url: str) -> dict[str, str]:
    """Roles and schemas in a database set aside for Fengge; the URL names a superuser of it."""
    passwords = _database_passwords(run)
    roles.create_roles(url, passwords)
    parts = urlsplit(url)
    server = parts.netloc.rpartition("@")[2]
    urls = {
        role: parts._replace(netloc=f"{role}:{password}@{server}").geturl()
        for role, password in passwords.items()
    }
    return urls | {SUPERUSER: url}


def _broker_passwords(run: Path) -> dict[str, str]:
    return _passwords(run, "amqp", [user.name for user in BROKER_USERS])


def _database_passwords(run: Path) -> dict[str, str]:
    return _passwords(run, "database", ROLES)


def _passwords(run: Path, kind: str, names: Sequence[str]) -> dict[str, str]:
    kept = kept_secrets(run, [f"{kind}.{name}" for name in names])
    return {name: kept[f"{kind}.{name}"] for name in names}
