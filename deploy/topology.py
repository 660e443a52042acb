"""Declares everything on the broker before the first service starts: no fact can miss its subscriber."""

import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import pika
import psycopg

from chassis.topology import Topology, declare, doors, of_outside, of_service
from contracts.broker import parameters_of
from contracts.event import publisher_of
from contracts.registry import LEDGERS, SERVICES
from services.console.control import topology_store

TIMEOUT = 10.0
SHARED = "doors"
"""Whose what all services share is."""
GATEWAY = "gateway"


class PikaChannel:
    """A pika channel that answers to py-amqp's names."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    def exchange_declare(self, exchange: str, type: str, **options: Any) -> None:
        """Declares an exchange."""
        self._channel.exchange_declare(exchange=exchange, exchange_type=type, **options)

    def exchange_bind(self, destination: str, source: str, routing_key: str) -> None:
        """Binds an exchange to another."""
        self._channel.exchange_bind(destination=destination, source=source, routing_key=routing_key)

    def queue_declare(self, queue: str, **options: Any) -> None:
        """Declares a queue."""
        self._channel.queue_declare(queue=queue, **options)

    def queue_bind(self, queue: str, exchange: str, routing_key: str) -> None:
        """Binds a queue to an exchange."""
        self._channel.queue_bind(queue=queue, exchange=exchange, routing_key=routing_key)


def service_class(name: str) -> type[Any]:
    """The class of a service, or of the gateway, by its name."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
        found: type[Any] = getattr(import_module(f"services.{name}.service"), f"{name.capitalize()}Service")
    return found


def whole(shards: int, publishers: Sequence[str]) -> list[Topology]:
    """The doors and every service's share, from the contracts and the services' own handlers."""
    classes = {name: service_class(name) for name in LEDGERS}
    from chassis.shell import consumed_by

    services = {name: of_service(name, consumed_by(found), shards) for name, found in classes.items()}
    services[GATEWAY] = services[GATEWAY].with_(of_outside(GATEWAY, shards))
    return [doors(publishers), *services.values()]


def named(shards: int, publishers: Sequence[str]) -> dict[str, Topology]:
    """The same by whose share it is."""
    return dict(zip((SHARED, *LEDGERS), whole(shards, publishers), strict=True))


def hand_over(console_url: str, shards: int, publishers: Sequence[str]) -> None:
    """Lets the operators' room know what has to be there: it knows none of the services' handlers."""
    with psycopg.connect(console_url, connect_timeout=10) as tx:
        topology_store.keep(tx, named(shards, publishers), {SHARED: 0} | dict.fromkeys(LEDGERS, shards))


def heard_by(service: str) -> list[str]:
    """The services whose events `service` takes in."""
    found = service_class(service)
    from chassis.shell import consumed_by

    return [name for name in SERVICES if name in {publisher_of(event) for event in consumed_by(found)}]


def apply(admin_url: str, shards: int, publishers: Sequence[str]) -> None:
    """Declares it all at `admin_url`; what exists already is left as it is. Raises pika's AMQPError."""
    parameters = parameters_of(admin_url)
    parameters.socket_timeout = parameters.blocked_connection_timeout = TIMEOUT
    connection = pika.BlockingConnection(parameters)
    try:
        channel = PikaChannel(connection.channel())
        for topology in whole(shards, publishers):
            declare(channel, topology)
    finally:
        connection.close()
