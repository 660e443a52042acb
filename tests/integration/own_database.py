"""A database of its own for a test file that counts rows."""

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import TupleRow

from chassis.effect import Effects
from chassis.migrate import migrate
from chassis.model import Stimulus
from chassis.tally import Tally
from deploy.local.endpoints import Endpoints

Tx = psycopg.Connection[TupleRow]
OFTEN = 15
"""After ten times psycopg has prepared a statement, and PostgreSQL has made up its mind about its plans."""
KEPT = "SELECT sum(generic_plans) FROM pg_prepared_statements WHERE position(%s in statement) > 0"


@contextlib.contextmanager
def own_database(servers: Endpoints, service: str, name: str) -> Iterator[str]:
    """A database of one test file alone, with the tables of `service`, as that service sees it."""
    superuser, owner, role = (
        urlsplit(servers.database_url(who)) for who in ("postgres", "fengge_owner", service)
    )
    with psycopg.connect(superuser.geturl(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER fengge_owner")
        with psycopg.connect(owner._replace(path=f"/{name}").geturl()) as owned:
            owned.execute(f"CREATE SCHEMA {service}")
        migrate(owner._replace(path=f"/{name}").geturl(), [service])
        yield role._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def untouched(url: str) -> Iterator[Tx]:
    """An open transaction that leaves nothing behind."""
    with psycopg.connect(url) as connection:
        yield connection
        connection.rollback()


def given(effects: Effects, tx: Tx, commands: Iterable[tuple[str, Any]], now: datetime) -> list[str]:
    """Gives commands, each with its ticket, their effect in one batch; returns what is published."""
    tally = Tally()
    stimuli = [Stimulus(number, lambda known, command=command: command) for number, command in commands]  # type: ignore[misc]
    effects.of_stimuli(tx, stimuli, now, tally)
    return [message.body for message in tally.messages]


def plan_is_kept(tx: Tx, statement: str) -> bool:
    """Whether PostgreSQL has begun to use one plan for all that ask so."""
    return bool(tx.execute(KEPT, [statement]).fetchall()[0][0])
