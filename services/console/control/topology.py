"""Checks the broker against what was declared, and declares it again; nothing is ever deleted."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from amqp.exceptions import NotFound
from kombu.connection import Connection

from chassis.topology import Topology, declare
from contracts.broker import broker

TIMEOUT = 10.0


def missing(amqp_url: str, declared: Mapping[str, Topology]) -> list[str]:
    """The exchanges and queues that are not there; raises chassis.line.BROKEN.

    AMQP has no question for bindings: a missing one shows by what does not arrive (services.console.now).
    """
    with _connected(amqp_url) as connection:
        wanted = [
            *(("exchange", each.name) for topology in declared.values() for each in topology.exchanges),
            *(("queue", each.name) for topology in declared.values() for each in topology.queues),
        ]
        return list(_missing(connection, list(dict.fromkeys(wanted))))


def repair(amqp_url: str, declared: Mapping[str, Topology]) -> None:
    """Declares all of it; what is there stays as it is. Raises chassis.line.BROKEN."""
    with _connected(amqp_url) as connection:
        channel = connection.channel()
        for topology in declared.values():
            declare(channel, topology)


def _missing(connection: Any, wanted: Sequence[tuple[str, str]]) -> Iterator[str]:
    channel = connection.channel()
    for kind, name in wanted:
        try:
            ASK[kind](channel, name)
        except NotFound:  # the channel is closed by it
            channel = connection.channel()
            yield f"{kind} {name}"


def _exchange(channel: Any, name: str) -> None:
    channel.exchange_declare(name, "", passive=True)


def _queue(channel: Any, name: str) -> None:
    channel.queue_declare(name, passive=True)


ASK = {"exchange": _exchange, "queue": _queue}


@contextmanager
def _connected(amqp_url: str) -> Iterator[Any]:
    address = broker(amqp_url)
    kombu: Any = Connection(  # type: ignore[no-untyped-call]
        address.url, ssl=address.kombu(), heartbeat=0, connect_timeout=TIMEOUT,
        transport_options={"read_timeout": TIMEOUT, "write_timeout": TIMEOUT},
    )  # fmt: skip
    connection = kombu.transport.establish_connection()
    try:
        yield connection
    finally:
        connection.collect()
