"""A database of its own for a test file that counts rows."""

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg

from chassis.migrate import migrate
from deploy.local.endpoints import Endpoints


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
