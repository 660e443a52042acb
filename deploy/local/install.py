"""Installs missing servers with apt where the user may, and keeps them off the standard ports."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from deploy.local import LocalFailure
from deploy.local.binaries import PostgresPrograms, RabbitPrograms, find_postgres, find_rabbitmq

Programs = TypeVar("Programs")
SCRIPT = Path(__file__).with_name("install-servers.sh")


def postgres_programs() -> PostgresPrograms:
    """PostgreSQL's programs, installed if need be."""
    return find_postgres() or _installed("postgresql", find_postgres)


def rabbitmq_programs() -> RabbitPrograms:
    """RabbitMQ's programs, installed if need be."""
    return find_rabbitmq() or _installed("rabbitmq-server", find_rabbitmq)


def _installed(package: str, find: Callable[[], Programs | None]) -> Programs:
    prefix = _root_prefix()
    if prefix is None or shutil.which("apt-get") is None:
        raise LocalFailure(_advice(package, "it cannot be installed from here"))
    print(f"installing {package} with apt, without starting it", flush=True)
    done = subprocess.run(
        [*prefix, "sh", SCRIPT, package], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    found = find()
    if done.returncode != 0 or found is None:
        raise LocalFailure(_advice(package, f"apt could not install it:\n{done.stderr.strip()[-2000:]}"))
    return found


def _root_prefix() -> tuple[str, ...] | None:
    """What makes a command run as root, or nothing when the user may not without a password."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ("sudo", "-n")
    return None


def _advice(package: str, reason: str) -> str:
    return (
        f"{package} is not on this machine and {reason}\n"
        f"Ask for `apt-get install {package}`, or run in containers with `docker compose up`, "
        "or name running servers in AMQP_URL and DATABASE_URL."
    )
