"""Creates the database, its owner, and per service (and for the operators' room) a schema and a role."""

from collections.abc import Mapping

import psycopg
from psycopg import Connection, sql

from contracts.registry import SCHEMAS
from deploy.local.accounts import DATABASE, OWNER

Tx = Connection[tuple[object, ...]]

DATABASE_RIGHTS = """
ALTER DATABASE {database} OWNER TO {owner};
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
"""
# Rights on tables come with the migrations, which know the tables.
SERVICE_RIGHTS = """
CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {owner};
ALTER ROLE {service} SET search_path = {service};
REVOKE TEMPORARY ON DATABASE {database} FROM {service};
GRANT CONNECT ON DATABASE {database} TO {service};
GRANT USAGE ON SCHEMA {service} TO {service};
"""


def create_database(superuser_url: str) -> None:
    """Creates the database unless it exists; `superuser_url` names another one of the same server."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def create_roles(superuser_url: str, passwords: Mapping[str, str]) -> None:
    """Creates owner, service roles and schemas in the database of `superuser_url`; sets the passwords."""
    with psycopg.connect(superuser_url) as tx:
        names = {"database": sql.Identifier(tx.info.dbname), "owner": sql.Identifier(OWNER)}
        for role in (OWNER, *SCHEMAS):
            _create_role(tx, role, passwords[role])
        tx.execute(sql.SQL(DATABASE_RIGHTS).format(**names))
        for service in SCHEMAS:
            tx.execute(sql.SQL(SERVICE_RIGHTS).format(service=sql.Identifier(service), **names))


def _create_role(tx: Tx, role: str, password: str) -> None:
    found = tx.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    statement = "ALTER ROLE {} LOGIN PASSWORD {}" if found else "CREATE ROLE {} LOGIN PASSWORD {}"
    tx.execute(sql.SQL(statement).format(sql.Identifier(role), sql.Literal(password)))
