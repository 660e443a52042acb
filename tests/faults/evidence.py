"""Reads what the oracle judges: five schemas in SQL of its own, the generator's file, receivers, queues."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pika
import psycopg

from tests.faults.oracle import HEARS, Evidence, Fact, Input, Parked

SERVICES = tuple(HEARS)
PREFIX = "urn:fengge:"
ENDED = ("closed", "declined", "transferred", "cancelled", "merged")

LAST_ROWS = "SELECT coalesce(max(id), 0) FROM {s}.outbox"
OUTBOX = "SELECT exchange, body FROM {s}.outbox WHERE id > %s ORDER BY id"
HISTORY = """
SELECT source, ticket, sequence, type, causationid FROM ticket.history WHERE ticket = ANY(%s) ORDER BY no
"""
PARKED = "SELECT source, id, body, partitionkey, sequence FROM {s}.parked WHERE state = 'open'"
WAITING = "SELECT source, partitionkey, sequence FROM {s}.waiting"
POSITIONS = "SELECT source, partitionkey, sequence FROM {s}.position WHERE partitionkey = ANY(%s)"
LETTERS = """
SELECT key FROM notification.delivery WHERE channel = 'smtp' AND state = 'sent' AND ticket = ANY(%s)
"""
PAGES = "SELECT key FROM notification.console_message WHERE ticket = ANY(%s)"
UNSENT = "SELECT count(*) FROM {s}.outbox WHERE sent_at IS NULL"
WAITS = """
SELECT count(*) FROM {s}.waiting w WHERE NOT EXISTS
    (SELECT FROM {s}.parked p
     WHERE p.state = 'open' AND p.source = w.source AND p.partitionkey = w.partitionkey)
"""
LETTERS_UNDER_WAY = "SELECT count(*) FROM notification.delivery WHERE state = 'queued'"
OPEN = """
SELECT count(*) FROM unnest(%s::text[]) AS asked (id) LEFT JOIN ticket.ticket USING (id)
WHERE (state IS NULL OR state <> ALL(%s)) AND NOT id = ANY(%s)
"""
BORN = "SELECT count(*) FROM ticket.ticket WHERE id = ANY(%s)"

Tx = psycopg.Connection[Any]


@dataclass(frozen=True)
class Witnesses:
    """Where to ask: the databases as their owner, the broker as its admin, the receivers' folder."""

    database_url: str
    amqp_url: str
    letters: Path
    run: Path
    shards: int

    def connect(self) -> Tx:
        """A connection that sees all five schemas."""
        return psycopg.connect(self.database_url, autocommit=True, connect_timeout=5)

    @contextmanager
    def broker(self) -> Iterator[Any]:
        """A channel that sees all queues; what it has taken goes back at the end."""
        with pika.BlockingConnection(pika.URLParameters(self.amqp_url)) as connection:
            yield connection.channel()


def marks(tx: Tx) -> dict[str, int]:
    """The last row of each outbox now; what a drill publishes comes after it."""
    return {service: _number(tx, LAST_ROWS.format(s=service)) for service in SERVICES}


def under_way(tx: Tx, tickets: Sequence[str], ends: Sequence[str] = ENDED) -> dict[str, int]:
    """What is not yet at rest in the ledgers, by kind; empty when everything is."""
    counts = {f"{service} unsent": _number(tx, UNSENT.format(s=service)) for service in SERVICES}
    counts |= {f"{service} waiting": _number(tx, WAITS.format(s=service)) for service in SERVICES}
    counts["letters under way"] = _number(tx, LETTERS_UNDER_WAY)
    parked = [key for service in SERVICES for _, _, _, key, _ in tx.execute(PARKED.format(s=service)) if key]
    counts["tickets open"] = _number(tx, OPEN, list(tickets), list(ends), parked)
    return {kind: count for kind, count in counts.items() if count}


def born(tx: Tx, tickets: Sequence[str]) -> int:
    """How many of these tickets there are."""
    return _number(tx, BORN, list(tickets))


def answer(tx: Tx, question: str, tickets: Sequence[str]) -> Any:
    """What a query over these tickets says first."""
    row = tx.execute(question.encode(), [list(tickets)]).fetchone()
    return row and row[0]


def in_queues(channel: Any, shards: int) -> dict[str, int]:
    """Messages that lie in the services' queues, by queue."""
    names = [f"{name}.{shard}" for name in (*SERVICES, "gateway.outside") for shard in range(shards)]
    found = {name: channel.queue_declare(name, passive=True).method.message_count for name in names}
    return {name: count for name, count in found.items() if count}


def gathered(witnesses: Witnesses, inputs: Sequence[Input], since: Mapping[str, int]) -> Evidence:
    """Everything that is known about these inputs and the tickets they are about."""
    mine = {one.ticket for one in inputs if one.ticket}
    tickets = sorted(mine)
    with witnesses.connect() as tx:
        messages = [
            row for service in SERVICES for row in tx.execute(OUTBOX.format(s=service), [since[service]])
        ]
        published = [fact for exchange, body in messages for fact in _facts(exchange, body, mine)]
        stray = [f"{count} {kind}" for kind, count in under_way(tx, []).items()]
        sent = [key for (key,) in tx.execute(LETTERS, [tickets])]
        return Evidence(
            inputs=inputs,
            published=published,
            history=[Fact(_name(source), *row) for source, *row in tx.execute(HISTORY, [tickets])],
            refused=[id_ for exchange, body in messages for id_ in _refused(exchange, body)],
            parked=[record for service in SERVICES for record in _parked(tx, service)],
            positions=dict(_positions(tx, tickets)),
            held=frozenset(_held(tx)),
            letters_sent=sent,
            letters_received=[key for key in received(witnesses.letters) if key.split(".")[0] in mine],
            pages=[key for (key,) in tx.execute(PAGES, [tickets])],
            stray=stray + _strays(witnesses, tx),
            chain=audited(witnesses.run, "--chain"),
        )


def accepted(record: Path) -> list[Input]:
    """The generator's file; an input that was sent several times stands there once."""
    rows = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    found = {
        (row["source"], row["id"], row["digest"]): Input(
            row["source"], row["id"], row.get("ticket", ""), row.get("digest", "")
        )
        for row in rows
    }
    return list(found.values())


def _facts(exchange: str, body: str, tickets: set[str]) -> Iterator[Fact]:
    if not exchange.endswith(".events"):
        return
    for event in _events(body):
        if event["partitionkey"] in tickets:
            yield Fact(
                _name(event["source"]), event["partitionkey"], int(event["sequence"]), event["type"],
                event.get("causationid", ""),
            )  # fmt: skip


def _refused(exchange: str, body: str) -> Iterator[str]:
    if exchange == "gov.replies":
        yield from (e["data"]["instance"] for e in _events(body) if not e["data"].get("parked"))


def _events(body: str) -> list[dict[str, Any]]:
    document = json.loads(body)
    return document if isinstance(document, list) else [document]


def _parked(tx: Tx, service: str) -> Iterator[Parked]:
    for source, id_, body, *_ in tx.execute(PARKED.format(s=service)):
        yield Parked(service, source or "", id_ or "", hashlib.sha256(body).hexdigest())


def _positions(tx: Tx, tickets: Sequence[str]) -> Iterator[tuple[tuple[str, str, str], int]]:
    for service in SERVICES:
        for source, ticket, number in tx.execute(POSITIONS.format(s=service), [list(tickets)]):
            yield (service, _name(source), ticket), number


def _held(tx: Tx) -> Iterator[tuple[str, str, str, int]]:
    """Parked facts, and those that wait behind one."""
    for service in SERVICES:
        parked = [(source, key, n) for source, _, _, key, n in tx.execute(PARKED.format(s=service)) if n]
        streams = {(source, key) for source, key, _ in parked}
        waiting = [row for row in tx.execute(WAITING.format(s=service)) if row[:2] in streams]
        yield from ((service, _name(source), key, number) for source, key, number in [*parked, *waiting])


def audited(run: Path, *words: str) -> str:
    """What `fengge audit` has against the house; nothing if all adds up."""
    command = [sys.executable, "-W", "ignore", "-m", "cli.main", "--run", str(run), "audit", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}"[-2000:]


def received(folder: Path) -> Iterator[str]:
    """Keys of the letters in the receiver's folder, once per delivery."""
    for path in folder.glob("*.eml"):
        yield str(message_from_bytes(path.read_bytes())["Message-ID"]).strip("<>").rpartition("@")[0]


def _ticket_in(key: str) -> str:
    return key.split(".", maxsplit=1)[0]


def _strays(witnesses: Witnesses, tx: Tx) -> list[str]:
    """Condition 5: the services' queues are empty, and each reply that lies there has its row."""
    with witnesses.broker() as channel:
        queues = in_queues(channel, witnesses.shards)
        found = [f"{count} messages lie in {name}" for name, count in queues.items()]
        for queue in ("gov.replies.world", "gov.replies.intake", "gov.unclaimed"):
            bodies = list(_bodies(channel, queue))
            written = _written(tx) if bodies else set()
            strange = sum(hashlib.md5(body).hexdigest() not in written for body in bodies)
            found += [f"a message in {queue} has no ledger row"] * strange
    return found


def _bodies(channel: Any, queue: str) -> Iterator[bytes]:
    while (message := channel.basic_get(queue))[0] is not None:
        yield message[2]


def _written(tx: Tx) -> set[str]:
    """Digests of all that the services have published."""
    union = " UNION ALL ".join(f"SELECT md5(body) FROM {service}.outbox" for service in SERVICES)
    return {digest for (digest,) in tx.execute(union.encode())}


def _name(source: str) -> str:
    return source.removeprefix(PREFIX)


def _number(tx: Tx, statement: str, *parameters: Any) -> int:
    row = tx.execute(statement.encode(), parameters or None).fetchone()
    assert row is not None
    return int(row[0])
