"""The floor: the rows and messages of the closed loop, written as fast as bare psycopg and py-amqp can.

No validation, no decision, no lookup: what remains is the work of database and broker. It is the limit.
"""

import argparse
import json
import select
import sys
import time
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import psycopg

from bench.wire import Publisher, Reader, connect
from contracts.registry import LEDGERS
from deploy.topology import heard_by

SUBSCRIBERS = Counter(f"{publisher}.events" for name in LEDGERS for publisher in heard_by(name))
"""Queues of services and gateway that a fact of each exchange reaches."""
INBOUND = "floor.inbound"


def prepare(database_url: str, amqp_url: str, shape: dict[str, Any], schema: str, passes: int) -> None:
    """Makes empty tables of the same structure, and exchanges with as many quorum queues behind them."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for own in _schemas(schema, passes):
            connection.execute(f"DROP SCHEMA IF EXISTS {own} CASCADE")
            connection.execute(f"CREATE SCHEMA {own}")
            for table in shape["tables"]:
                source = f'"{table["schema"]}"."{table["table"]}"'
                connection.execute(f"CREATE TABLE {_target(own, table)} (LIKE {source} INCLUDING ALL)")
    broker = connect(amqp_url)
    channel = broker.channel()
    for exchange in [*SUBSCRIBERS, INBOUND]:
        name = f"{schema}.{exchange}"
        channel.exchange_declare(name, "fanout", durable=True, auto_delete=False)
        for number in range(SUBSCRIBERS[exchange] or 1):
            queue = f"{name}.{number}"
            channel.queue_declare(
                queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
            )
            channel.queue_purge(queue)
            channel.queue_bind(queue, name)
    broker.close()


def clear(database_url: str, amqp_url: str, schema: str, passes: int) -> None:
    """Removes what `prepare` has made."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for own in _schemas(schema, passes):
            connection.execute(f"DROP SCHEMA IF EXISTS {own} CASCADE")
    broker = connect(amqp_url)
    channel = broker.channel()
    for queue in _queues(schema):
        channel.queue_delete(queue)
    for exchange in [*SUBSCRIBERS, INBOUND]:
        channel.exchange_delete(f"{schema}.{exchange}")
    broker.close()


def write(
    database_url: str, amqp_url: str, shape: dict[str, Any], schema: str, passes: int, chunks: range, of: int
) -> None:
    """Writes the chunks of this process: messages first, then their rows, one transaction a chunk.

    Each pass writes the same rows into tables of its own, so that the floor may go on as long as the loop
    does: what database and broker put off for some seconds, both of them have to pay.
    """
    broker = connect(amqp_url)
    publisher = Publisher(broker)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for own, chunk in product(_schemas(schema, passes), chunks):
            publisher.publish(_messages(shape, schema, chunk, of))
            with connection.transaction():
                for table in shape["tables"]:
                    _write_table(connection, own, table, chunk, of)
    broker.close()


def read(amqp_url: str, schema: str) -> None:
    """Empties all queues, as the subscribers would, acknowledging in batches."""
    broker = connect(amqp_url)
    reader = Reader(broker, _queues(schema))
    while not select.select([sys.stdin], [], [], 0)[0]:
        reader.take(0.05)
    while reader.take(0.2):
        continue
    broker.close()


def _schemas(schema: str, passes: int) -> list[str]:
    return [f"{schema}_{number}" for number in range(passes)]


def _queues(schema: str) -> list[str]:
    return [
        f"{schema}.{exchange}.{number}"
        for exchange in [*SUBSCRIBERS, INBOUND]
        for number in range(SUBSCRIBERS[exchange] or 1)
    ]


def _messages(shape: dict[str, Any], schema: str, chunk: int, of: int) -> Any:
    for exchange, found in shape["messages"].items():
        if exchange in SUBSCRIBERS or exchange == "inbound":
            name = INBOUND if exchange == "inbound" else exchange
            for content_type, body in found[_share(len(found), chunk, of)]:
                yield f"{schema}.{name}", "", content_type, body.encode()


def _write_table(connection: Any, schema: str, table: dict[str, Any], chunk: int, of: int) -> None:
    rows = table["rows"][_share(len(table["rows"]), chunk, of)]
    if not rows:
        return
    listed = ", ".join(f'"{column}"' for column in table["columns"])
    target = f"COPY {_target(schema, table)} ({listed}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(target) as copy:
        copy.write("".join(rows))
    if table["updates"] and table["key"]:
        _update_table(connection, schema, table, rows)


def _update_table(connection: Any, schema: str, table: dict[str, Any], rows: list[str]) -> None:
    """As many updates by key as the loop makes, of a column that changes nothing and moves no index entry."""
    names = list(table["key"])
    places = [table["columns"].index(name) for name in names]
    keys = [[row.rstrip("\n").split("\t")[place] for row in rows] for place in places]
    arrays = ", ".join(f"%s::text[]::{table['key'][name]}[]" for name in names)
    listed = ", ".join(f't."{name}"' for name in names)
    statement = (
        f'UPDATE {_target(schema, table)} t SET "{names[0]}" = t."{names[0]}" '
        f"WHERE ({listed}) IN (SELECT * FROM unnest({arrays}))"
    )
    passes, rest = divmod(table["updates"], 1)
    for share in [1.0] * int(passes) + [rest]:
        some = [column[: round(len(rows) * share)] for column in keys]
        if some[0]:
            connection.execute(statement, some)


def _share(length: int, chunk: int, of: int) -> slice:
    return slice(length * chunk // of, length * (chunk + 1) // of)


def _target(schema: str, table: dict[str, Any]) -> str:
    return f'{schema}."{table["schema"]}_{table["table"]}"'


def main() -> int:
    """One worker: writes its chunks after a line on standard input, or reads until one comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=["write", "read"])
    parser.add_argument("--database", required=True)
    parser.add_argument("--amqp", required=True)
    parser.add_argument("--shape", type=Path, required=True)
    parser.add_argument("--schema", required=True)
    parser.add_argument("--passes", type=int, default=1)
    parser.add_argument("--chunks", type=int, nargs=3, default=[0, 0, 1], metavar=("FIRST", "STEP", "OF"))
    asked = parser.parse_args()
    if asked.role == "read":
        read(asked.amqp, asked.schema)
        return 0
    shape = json.loads(asked.shape.read_text(encoding="utf-8"))
    print("ready", flush=True)
    sys.stdin.readline()
    first, step, of = asked.chunks
    start = time.time()
    write(asked.database, asked.amqp, shape, asked.schema, asked.passes, range(first, of, step), of)
    print(json.dumps({"start": start, "end": time.time()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
