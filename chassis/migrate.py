"""Brings every service's schema up to date with yoyo: the ledger first, then the service's own tables."""

import logging
from collections.abc import Mapping, Sequence
from importlib import resources
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql
from yoyo import get_backend, read_migrations

log = logging.getLogger(__name__)

Rights = Mapping[str, Mapping[str, Mapping[str, Sequence[str] | None]]]
"""By schema and table: what may be done (SELECT, INSERT, UPDATE), on which columns; None: on all."""


def migrate(owner_url: str, services: Sequence[str]) -> int:
    """Applies what is missing in the schema of each of `services`; returns how many migrations ran.

    `owner_url` is a postgresql:// URL of the role that owns the schemas. The services' own roles get
    the rights to work with rows there, and none to change the tables.
    """
    return sum(_migrate_schema(owner_url, service) for service in services)


def migrate_plain(owner_url: str, schema: str) -> int:
    """The same for a schema that holds no ledger, only tables of `schema`'s own."""
    applied = _apply(owner_url, schema, f"services.{schema}")
    _grant(owner_url, schema, ROWS)
    return applied


def lend(owner_url: str, role: str, rights: Rights) -> None:
    """Lets `role` do in other schemas what `rights` say, and no more than that, in one transaction."""
    with psycopg.connect(owner_url) as connection:
        for schema, tables in rights.items():
            names = {"schema": sql.Identifier(schema), "role": sql.Identifier(role)}
            for statement in (TAKE_BACK, "GRANT USAGE ON SCHEMA {schema} TO {role}"):
                connection.execute(sql.SQL(statement).format(**names))
            for table, allowed in tables.items():
                for what, columns in allowed.items():
                    grant = sql.SQL(f"GRANT {what}{{columns}} ON {{schema}}.{{table}} TO {{role}}")
                    own = {"columns": _columns(columns), "table": sql.Identifier(table)}
                    connection.execute(grant.format(**own, **names))


def _columns(names: Sequence[str] | None) -> sql.Composable:
    listed = sql.SQL(", ").join(map(sql.Identifier, names or ()))
    return sql.SQL(" ({})").format(listed) if names else sql.SQL("")


def _migrate_schema(owner_url: str, service: str) -> int:
    # The ledger's migrations are all applied before the service's first, which may build on them.
    applied = sum(_apply(owner_url, service, package) for package in ("chassis", f"services.{service}"))
    _grant(owner_url, service, (*ROWS, *LEDGER))
    log.info("migrated", extra={"schema": service, "applied": applied})
    return applied


def _apply(owner_url: str, schema: str, package: str) -> int:
    with get_backend(_yoyo_url(owner_url, schema)) as backend:
        migrations = read_migrations(str(resources.files(package) / "migrations"))
        with backend.lock():
            missing = backend.to_apply(migrations)
            backend.apply_migrations(missing)
    return len(missing)


def _yoyo_url(owner_url: str, schema: str) -> str:
    parts = urlsplit(owner_url)
    options = quote(f"-c search_path={schema}")
    query = "&".join(filter(None, [parts.query, f"schema={schema}", f"options={options}"]))
    return urlunsplit(("postgresql+psycopg", parts.netloc, parts.path, query, ""))


def _grant(owner_url: str, service: str, statements: Sequence[str]) -> None:
    """Row rights for the service's role, less what no service does.

    No UPDATE or DELETE where the comment begins with `append-only`.

    In one transaction: nobody may have for a moment what is taken back at its end.
    """
    with psycopg.connect(owner_url) as connection:
        schema = role = sql.Identifier(service)
        for statement in statements:
            connection.execute(sql.SQL(statement).format(schema=schema, role=role))
        for (table,) in connection.execute(APPEND_ONLY, [service]).fetchall():
            revoke = sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.{table} FROM {role}")
            connection.execute(revoke.format(schema=schema, table=sql.Identifier(table), role=role))
        for (table,) in connection.execute(CLOSED, [service]).fetchall():
            revoke = sql.SQL("REVOKE ALL ON {schema}.{table} FROM {role}")
            connection.execute(revoke.format(schema=schema, table=sql.Identifier(table), role=role))


ROWS = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role}",
)
LEDGER = (
    "REVOKE EXECUTE ON FUNCTION {schema}.ensure_partitions(interval) FROM PUBLIC, {role}",
    "REVOKE DELETE ON {schema}.inbox, {schema}.outbox, {schema}.position, {schema}.parked FROM {role}",
    "REVOKE UPDATE ON {schema}.inbox, {schema}.outbox, {schema}.parked FROM {role}",
    "GRANT UPDATE (sent_at) ON {schema}.outbox TO {role}",
    "GRANT UPDATE (state, history) ON {schema}.parked TO {role}",
)
TAKE_BACK = "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}"
CLOSED = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind = 'r' AND (c.relispartition OR c.relname LIKE '%%yoyo%%')
"""
"""Partitions, which are reached through their parents, and the migrations' own tables."""
APPEND_ONLY = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND obj_description(c.oid, 'pg_class') LIKE 'append-only%%'
"""
