"""Where the servers are: from the environment, or from what the local runner wrote into the run folder."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg

from chassis.database import Tx
from chassis.keys import FILE, read_keys
from cli.say import Failure
from deploy.local import DEFAULT_RUN
from deploy.local.accounts import ADMIN, OWNER
from deploy.local.keeper import ByApi, Keeper, OnThisMachine
from deploy.local.records import VAULT_KEYS, kept_secrets
from deploy.plan import logged_in
from services.ticket.privacy.vault import Vault

QUEUES = "/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count"
"""What the broker tells of each queue."""
START = "Is Fengge running? `make up` starts it, `make status` says what runs."


OWNERS = {"notify": "notification service", "gateway": "gateway"}
"""Whose a token is."""


class Place:
    """The servers the command works with."""

    def __init__(self, run: Path | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self.run = run or DEFAULT_RUN
        self._named = {} if run else environ  # a run folder that was asked for outweighs the environment

    def amqp_url(self, user: str) -> str:
        """The broker as `user`; raises Failure where nothing says where it is."""
        given = self._named.get(f"AMQP_URL_{user.upper()}") or self._named.get("AMQP_URL")
        password = self._named.get(f"AMQP_{user.upper()}_PASSWORD")
        if given:
            return logged_in(given, user, password) if password and not urlsplit(given).username else given
        users: dict[str, str] = self._document()["broker"]["users"]
        if user not in users:
            raise Failure(f"the broker has no user {user!r}; known are {', '.join(sorted(users))}")
        return users[user]

    def keeper(self) -> Keeper:
        """Who lets users into the broker; raises Failure where nothing says how that is done."""
        if api := self._named.get("RABBITMQ_API"):
            admin = urlsplit(self.amqp_url(ADMIN.name))
            return ByApi(api, unquote(admin.username or ""), unquote(admin.password or ""))
        if self._named.get("AMQP_URL"):
            raise Failure("RABBITMQ_API is not set: users of this broker are made by its management API.")
        self._document()
        return OnThisMachine(self.run)

    def database_url(self, role: str) -> str:
        """The database as `role`; raises Failure where nothing says where it is."""
        given = self._named.get("DATABASE_URL")
        return given or str(self._document()["database"]["roles"][role])

    def tellers(self) -> dict[str, list[str]]:
        """Where each process of the run folder tells its figures, and the broker its own; raises Failure."""
        document = self._document()
        found = {name: [f"{door}/metrics"] for name, door in document["http"].items()}
        if broker := document["broker"].get("figures"):
            found["rabbitmq"] = [f"{broker}/metrics", f"{broker}{QUEUES}"]
        return found

    def owner_url(self) -> str:
        """The database as the role that owns the schemas."""
        return self.database_url(OWNER)

    def vault(self) -> Vault:
        """The identity vault with the keys of VAULT_KEYS, or of the run folder; raises Failure."""
        given = self._named.get("VAULT_KEYS") or f"{FILE}{self.run / VAULT_KEYS}"
        try:
            keys = read_keys(given)
        except ValueError as error:
            raise Failure(f"VAULT_KEYS {error}. The vault's keys are those of the ticket service.") from None
        if not keys:
            raise Failure("VAULT_KEYS names no key.")
        return Vault(keys)

    def notify_token(self) -> str:
        """What webhook secrets and fingerprints are derived from; raises Failure where it is not set."""
        return self._secret("notify")

    def gateway_token(self) -> str:
        """What the secrets of systems that sign are derived from; raises Failure where it is not set."""
        return self._secret("gateway")

    @contextmanager
    def transaction(self, service: str) -> Iterator[Tx]:
        """A transaction in the schema of `service`; commits when the block ends."""
        with self.connection(service) as connection, connection.transaction():
            yield connection

    @contextmanager
    def connection(self, service: str) -> Iterator[Tx]:
        """A connection to the schema of `service` that commits by itself; raises Failure if there is none."""
        url = self.database_url(service)
        options = f"-c search_path={service} -c statement_timeout=30s -c lock_timeout=10s"
        try:
            connection = psycopg.connect(
                url, autocommit=True, connect_timeout=5, options=options, application_name="fengge"
            )
        except psycopg.OperationalError as error:
            where = urlsplit(url)
            raise Failure(
                f"No database answers at {where.hostname}:{where.port}: {_first_line(error)}\n{START}"
            ) from None
        try:
            with connection:
                yield connection
        except psycopg.errors.UndefinedTable as error:
            raise Failure(f"{_first_line(error)}. `fengge migrate` makes the tables.") from None
        except psycopg.OperationalError as error:
            raise Failure(f"The database gave up: {_first_line(error)}") from None

    def _secret(self, name: str) -> str:
        if given := self._named.get(f"{name.upper()}_TOKEN"):
            return given
        if not (self.run / "secrets.json").exists():
            raise Failure(f"{name.upper()}_TOKEN is not set: take the one of the {OWNERS[name]}.")
        return kept_secrets(self.run, [f"{name}_token"])[f"{name}_token"]

    def _document(self) -> dict[str, Any]:
        path = self.run / "endpoints.json"
        try:
            document: dict[str, Any] = json.loads(path.read_text())
        except FileNotFoundError:
            raise Failure(f"{path} is not there. {START}") from None
        except PermissionError:
            raise Failure(f"{path} belongs to whoever started Fengge; use their account.") from None
        return document


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].removeprefix("connection failed: ")
