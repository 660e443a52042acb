"""A house full of tickets: copies of real ones under new numbers, spread over time, places and categories."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from psycopg import sql

CHUNK = 20_000
"""Tickets of one transaction."""
WRITERS = 2
MODELS = 200
"""Real tickets that are copied in turn."""
DAYS = 30
"""Over so many days the copies are spread; one of twenty still waits."""

TABLES: Sequence[tuple[str, str, str]] = (
    ("ticket", "ticket", "id"), ("ticket", "history", "ticket"), ("ticket", "position", "partitionkey"),
    ("ticket", "contact", "ref"),
    ("dispatch", "case", "id"), ("dispatch", "chain", "ticket"), ("dispatch", "position", "partitionkey"),
    ("notification", "correspondence", "id"), ("notification", "delivery", "ticket"),
    ("notification", "position", "partitionkey"), ("evaluation", "casefile", "id"),
    ("evaluation", "position", "partitionkey"), ("gateway", "standing", "id"),
)  # fmt: skip
"""Schema, table, the column that names the ticket: all rows of a ticket that the operators' room reads."""

COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = ''
  AND NOT (attname = 'no' AND atttypid = 'bigint'::regtype) ORDER BY attnum
"""
MODEL = """
CREATE UNLOGGED TABLE IF NOT EXISTS public.bench_model AS
SELECT id, row_number() OVER (ORDER BY id) - 1 AS model FROM ticket.ticket WHERE state = 'closed' LIMIT {most}
"""
COPY = """
CREATE TEMPORARY TABLE bench_copy AS
SELECT upper(concat_ws('-', substr(h, 1, 4), substr(h, 5, 4), substr(h, 9, 4), substr(h, 13, 4))) AS id,
       n, m.id AS model, make_interval(secs => (n::bigint * 7919) %% ({days} * 86400)) AS shift,
       n %% 20 = 0 AS waits,
       grids.list[1 + n %% cardinality(grids.list)] AS grid,
       categories.list[1 + (n / 7) %% cardinality(categories.list)] AS category
FROM (SELECT n, md5('fill' || n) AS h FROM generate_series(%(first)s::int, %(last)s::int) AS n) AS numbered
JOIN public.bench_model AS m ON m.model = n %% (SELECT count(*) FROM public.bench_model),
     (SELECT array_agg(code ORDER BY code) AS list FROM dispatch.cell
      WHERE level IN ('community', 'compound', 'building')) AS grids,
     (SELECT array_agg(DISTINCT category) AS list FROM dispatch.catalogue) AS categories
ORDER BY id
"""
WAITING = """
UPDATE ticket.ticket SET state = 'dispatching' FROM pg_temp.bench_copy AS c WHERE ticket.id = c.id AND c.waits
"""
INBOX = """
INSERT INTO {schema}.inbox (source, id, time, received_at)
SELECT '/bench/world', md5('{schema}' || n), now() - shift, now() - shift FROM pg_temp.bench_copy
"""
INTAKE = """
INSERT INTO gateway.intake (source, id, type, ticket, time, client, digest, received_at, sent_at)
SELECT '/bench/world', md5('ticket' || n), 'cn.fengge.intake.RequestSubmitted.v1', id, now() - shift,
       'bench', '', now() - shift, now() - shift FROM pg_temp.bench_copy
"""
OUTBOX = """
INSERT INTO {schema}.outbox (created_at, exchange, routing_key, content_type, body, sent_at)
SELECT at, exchange, routing_key, content_type, body, at
FROM (SELECT * FROM {schema}.outbox WHERE exchange = '{schema}.events'
      ORDER BY length(body) LIMIT 1) AS model,
     (SELECT now() - interval '1 hour' - interval '{days} days' * (%(tickets)s - n) / %(tickets)s AS at
      FROM generate_series(1, %(tickets)s) AS n) AS moments
"""
"""As they were sent: later ones have higher numbers. Each carries one fact."""
OVERRIDE = {
    "grid": "c.grid", "category": "c.category", "phone_mark": "decode(md5('phone' || c.n / 3), 'hex')",
}  # fmt: skip
"""What a copy has of its own; three tickets each are one person's."""


def fill(url: str, before: int, tickets: int) -> None:
    """Adds the copies numbered behind `before` up to `tickets`; `url` is a superuser's."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(MODEL.format(most=MODELS))  # once: later there are copies as well
        firsts = range(before + 1, tickets + 1, CHUNK)
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda first: chunk(url, first, min(first + CHUNK - 1, tickets)), firsts))
        for schema in ("ticket", "dispatch", "evaluation"):
            connection.execute(OUTBOX.format(schema=schema, days=DAYS), {"tickets": tickets - before})
        connection.execute("VACUUM (ANALYZE)")


def chunk(url: str, first: int, last: int) -> None:
    """Adds some copies in one transaction."""
    with psycopg.connect(url, options="-c synchronous_commit=off") as connection:
        _chunk(connection, first, last)


def _chunk(connection: Any, first: int, last: int) -> None:
    connection.execute("DROP TABLE IF EXISTS pg_temp.bench_copy")
    connection.execute(COPY.format(days=DAYS), {"first": first, "last": last})
    connection.execute("ANALYZE pg_temp.bench_copy")
    for schema, table, key in TABLES:
        connection.execute(_copied(connection, schema, table, key))
    connection.execute(WAITING)
    connection.execute(INTAKE)
    for schema in ("ticket", "dispatch", "evaluation"):
        connection.execute(INBOX.format(schema=schema))
    connection.execute("DROP TABLE pg_temp.bench_copy")


def _copied(connection: Any, schema: str, table: str, key: str) -> sql.Composed:
    """The statement that copies the rows of one table: numbers replaced, moments moved back."""
    name = sql.Identifier(schema, table)
    found = connection.execute(COLUMNS, [name.as_string(connection)]).fetchall()
    values = [
        sql.SQL(_value(column, kind, key)).format(column=sql.Identifier(column)) for column, kind in found
    ]
    return sql.SQL(
        "INSERT INTO {name} ({columns}) SELECT {values} FROM pg_temp.bench_copy AS c JOIN {name} AS x "
        "ON x.{key} = c.model ORDER BY c.id"
    ).format(
        name=name, columns=sql.SQL(", ").join(sql.Identifier(column) for column, _ in found),
        values=sql.SQL(", ").join(values), key=sql.Identifier(key),
    )  # fmt: skip


def _value(column: str, kind: str, key: str) -> str:
    if column == key:
        return "c.id"
    if column in OVERRIDE:
        return OVERRIDE[column]
    if column == "external_id":
        return "c.n::text"
    if kind.startswith("timestamp"):
        return "x.{column} - c.shift"
    if kind == "text":
        return "replace(x.{column}, c.model, c.id)"
    if kind in ("json", "jsonb"):
        return f"replace(x.{{column}}::text, c.model, c.id)::{kind}"
    return "x.{column}"
