"""What `deploy.setup` is to prepare, read from the environment and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from contracts.registry import LEDGERS, SCHEMAS
from deploy.local.accounts import (
    ADMIN,
    DATABASE,
    OWNER,
    ROOM,
    VHOST,
    BrokerUser,
    publisher_user,
    service_user,
)

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
SETTINGS = """settings:
  POSTGRES_URL            a superuser's postgresql:// URL; its database is only the way in
  RABBITMQ_API            http(s):// URL of the management API, without a user
  AMQP_URL                amqp:// URL of the broker, without a user
  AMQP_ADMIN_PASSWORD     of the broker's user `admin`, who exists already
  AMQP_<NAME>_PASSWORD    of each service's broker user (TICKET, DISPATCH, ..., CONSOLE)
  DB_<NAME>_PASSWORD      of each service's database role (GATEWAY and CONSOLE too), and DB_OWNER_PASSWORD
  PUBLISHERS              programs of the house that write to the intake, trusted: name=password,name=password
  SHARDS                  shards of every service (4)
  DIRECTORY               folder of directory files to import; none: nothing is imported
"""


class SetupFailure(Exception):
    """Something keeps the setup from being done; the message says what."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be prepared, where, and with which passwords."""

    postgres_url: str
    rabbitmq_api: str
    amqp_url: str
    database: Mapping[str, str]
    """Password by role."""
    broker: Mapping[str, str]
    """Password by user."""
    publishers: tuple[str, ...]
    shards: int
    directory: Path | None

    def users(self) -> tuple[BrokerUser, ...]:
        """Who may enter the broker, and what for."""
        return (ADMIN, *map(service_user, LEDGERS), ROOM, *map(publisher_user, self.publishers))

    def superuser_url(self) -> str:
        """Fengge's database as seen by the superuser."""
        return urlsplit(self.postgres_url)._replace(path=f"/{DATABASE}").geturl()

    def database_url(self, role: str) -> str:
        """Fengge's database as seen by `role`."""
        parts = urlsplit(self.superuser_url())
        return parts._replace(netloc=_login(role, self.database[role], parts.netloc)).geturl()

    def admin_url(self) -> str:
        """Fengge's virtual host as seen by the broker's admin."""
        return logged_in(self.amqp_url, ADMIN.name, self.broker[ADMIN.name])


def read(environ: Mapping[str, str]) -> Plan:
    """The plan in `environ`; raises SetupFailure that names every missing variable."""
    roles_ = {OWNER: "DB_OWNER_PASSWORD"} | {name: f"DB_{name.upper()}_PASSWORD" for name in SCHEMAS}
    users = {name: f"AMQP_{name.upper()}_PASSWORD" for name in (ADMIN.name, *SCHEMAS)}
    needed = ("POSTGRES_URL", "RABBITMQ_API", "AMQP_URL", *roles_.values(), *users.values())
    missing = [name for name in needed if not environ.get(name)]
    if missing:
        raise SetupFailure(f"not set: {', '.join(missing)}")
    publishers = publishers_in(environ.get("PUBLISHERS", ""))
    folder = environ.get("DIRECTORY")
    return Plan(
        postgres_url=environ["POSTGRES_URL"],
        rabbitmq_api=environ["RABBITMQ_API"].rstrip("/"),
        amqp_url=environ["AMQP_URL"],
        database={role: environ[name] for role, name in roles_.items()},
        broker={user: environ[name] for user, name in users.items()} | publishers,
        publishers=tuple(publishers),
        shards=_shards(environ.get("SHARDS", "4")),
        directory=Path(folder) if folder else None,
    )


def publishers_in(text: str) -> dict[str, str]:
    """Passwords of outside systems by name, from `name=password,name=password`."""
    found: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, password = entry.partition("=")
        if not NAME.fullmatch(name) or name in (ADMIN.name, *SCHEMAS) or name in found:
            raise SetupFailure(f"PUBLISHERS: {name!r} cannot be the name of an outside system")
        if not password:
            raise SetupFailure(f"PUBLISHERS: {name} has no password")
        found[name] = password
    return found


def logged_in(amqp_url: str, user: str, password: str) -> str:
    """The address of a broker, without a user, as one for Fengge's virtual host."""
    parts = urlsplit(amqp_url)
    return parts._replace(netloc=_login(user, password, parts.netloc), path=f"/{VHOST}").geturl()


def _login(user: str, password: str, netloc: str) -> str:
    return f"{user}:{quote(password, safe='')}@{netloc.rpartition('@')[2]}"


def _shards(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1024:
        raise SetupFailure(f"SHARDS: {text!r} is not a number from 1 to 1024")
    return int(text)
