"""What one closed loop writes: rows and messages per ticket, read off a database after a run."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from contracts.registry import LEDGERS

STATS = """
SELECT schemaname, relname, n_tup_ins, n_tup_upd FROM pg_stat_user_tables
WHERE schemaname = ANY(%s) AND relname <> 'alive' ORDER BY 1, 2
"""
"""Signs of life never rest, and no ticket writes them."""
KEY = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY array_position(i.indkey::int[], a.attnum::int)
"""
COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
# An idle server process hands over what it has counted after ten seconds, or as it ends (PostgreSQL 15).
HAND_OVER = """
SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE usename = ANY(%s) AND state = 'idle'
"""
LAST = "SELECT coalesce(max(id), 0) FROM {schema}.outbox"
MESSAGES = "SELECT exchange, content_type, body FROM {schema}.outbox WHERE id > %s ORDER BY id"

Counts = dict[tuple[str, str], tuple[int, int]]


@dataclass(frozen=True)
class Written:
    """One table's share: rows as COPY text, key columns with their types, updates per inserted row."""

    schema: str
    table: str
    columns: list[str]
    key: dict[str, str]
    rows: list[str]
    updates: float


def counts(url: str) -> Counts:
    """Inserted and updated rows of every table so far, once the statistics have come to rest."""
    previous: Counts = {}
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            connection.execute(HAND_OVER, [list(LEDGERS)])
            connection.execute("SELECT pg_stat_clear_snapshot()")
            rows = connection.execute(STATS, [list(LEDGERS)]).fetchall()
            found = {(schema, table): (ins, upd) for schema, table, ins, upd in rows}
            if found == previous:
                return found
            previous = found
            time.sleep(1.1)  # PostgreSQL reports statistics once a second; rest is what is awaited


def written(url: str, before: Counts, after: Counts) -> list[Written]:
    """The tables that the run between two counts has written, with the rows it left there."""
    found = []
    with psycopg.connect(url) as connection:
        for (schema, table), (inserts, updates) in after.items():
            old = before.get((schema, table), (0, 0))
            new_rows, new_updates = inserts - old[0], updates - old[1]
            if new_rows + new_updates > 0:
                found.append(_table(connection, schema, table, new_rows, new_updates))
    return found


def _table(connection: Any, schema: str, table: str, inserts: int, updates: int) -> Written:
    name = f'"{schema}"."{table}"'
    columns = [column for (column,) in connection.execute(COLUMNS, [name])]
    key = dict(connection.execute(KEY, [name]).fetchall())
    listed = ", ".join(f'"{column}"' for column in columns)
    query = f"COPY (SELECT {listed} FROM {name} ORDER BY ctid DESC LIMIT {max(inserts, 1)}) TO STDOUT"
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        text = b"".join(bytes(block) for block in copy).decode()
    rows = text.splitlines(keepends=True)
    return Written(schema, table, columns, key, rows, updates / max(len(rows), 1))


def outbox_marks(url: str) -> dict[str, int]:
    """Up to which id each service's outbox has come."""
    with psycopg.connect(url) as connection:
        return {
            service: connection.execute(LAST.format(schema=service)).fetchall()[0][0] for service in LEDGERS
        }


def messages(url: str, marks: dict[str, int]) -> dict[str, list[tuple[str, str]]]:
    """All messages that the services have published since, by exchange: (content type, body)."""
    found: dict[str, list[tuple[str, str]]] = {}
    with psycopg.connect(url) as connection:
        for service in LEDGERS:
            for exchange, content_type, body in connection.execute(
                MESSAGES.format(schema=service), [marks[service]]
            ):
                found.setdefault(exchange, []).append((content_type, body))
    return found


def save(
    path: Path, tickets: int, tables: list[Written], published: dict[str, list[tuple[str, str]]]
) -> None:
    """Keeps the shape of so many tickets for the floor's worker processes."""
    document = {"tickets": tickets, "tables": [vars(table) for table in tables], "messages": published}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
