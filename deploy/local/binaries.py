"""Finds the programs of PostgreSQL and RabbitMQ on this machine."""

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PostgresPrograms:
    """The programs of one PostgreSQL release."""

    initdb: Path
    postgres: Path

    @property
    def basebackup(self) -> Path:
        """Copies a running server."""
        return self.postgres.with_name("pg_basebackup")

    @property
    def verifybackup(self) -> Path:
        """Finds what is missing or damaged in such a copy."""
        return self.postgres.with_name("pg_verifybackup")


@dataclass(frozen=True)
class RabbitPrograms:
    """The server script of one RabbitMQ release, and Erlang's port mapper."""

    server: Path
    epmd: Path

    @property
    def control(self) -> Path:
        """Talks to a running node."""
        return self.server.with_name("rabbitmqctl")


def find_postgres() -> PostgresPrograms | None:
    """The newest PostgreSQL here, or nothing."""
    for folder in _newest_first(Path("/usr/lib/postgresql").glob("*/bin")):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return PostgresPrograms(folder / "initdb", folder / "postgres")
    return None


def find_rabbitmq() -> RabbitPrograms | None:
    """The newest RabbitMQ here, or nothing."""
    epmd = shutil.which("epmd", path="/usr/bin:/usr/local/bin:/usr/lib/erlang/bin")
    # The script below sbin: the wrapper in /usr/sbin insists on being root.
    found = _newest_first(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    return RabbitPrograms(found[0], Path(epmd)) if found and epmd else None


def _newest_first(paths: Iterable[Path]) -> list[Path]:
    return sorted(
        paths, key=lambda path: [int(number) for number in re.findall(r"\d+", str(path))], reverse=True
    )
