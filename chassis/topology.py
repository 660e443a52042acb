"""Exchanges, queues and bindings, derived from the contracts: nobody writes a broker file for a new event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from contracts.event import Event, publisher_of
from contracts.intake import EventRefused, FromOutside
from contracts.registry import SERVICES

INBOUND = "gov.inbound"
OUTSIDE = "gov.outside"
"""Where other systems publish: it leads to the gateway alone, whatever keys and headers they choose."""
UNROUTED = "gov.unrouted"
REPLIES = "gov.replies"
FACTS = "gov.facts"
UNCLAIMED = "gov.unclaimed"
ANSWERED = "gateway"
"""The broker user of the gateway, whose events are answered like those of any outside system."""
DELIVERY_LIMIT = 100_000
"""Explicit and far away: what keeps failing is parked by the ledger long before the broker would drop it."""

MOST_KEPT = 1_000_000
"""Messages that wait for an outside system; beyond it the oldest go."""
MOST_UNREAD = 250_000
"""Messages of other systems that wait in one shard; beyond it the broker takes no more of them."""


class Channel(Protocol):
    """What declaring needs of an AMQP channel; py-amqp's and an adapted pika channel both fit."""

    def exchange_declare(self, exchange: str, type: str, **options: Any) -> Any: ...
    def exchange_bind(self, destination: str, source: str, routing_key: str) -> Any: ...
    def queue_declare(self, queue: str, **options: Any) -> Any: ...
    def queue_bind(self, queue: str, exchange: str, routing_key: str) -> Any: ...


@dataclass(frozen=True)
class Exchange:
    """A durable exchange; what it cannot route goes to `alternate`."""

    name: str
    type: str = "direct"
    alternate: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """Its x-arguments."""
        return {"alternate-exchange": self.alternate} if self.alternate else {}


@dataclass(frozen=True)
class Queue:
    """A durable quorum queue; `single` allows one active consumer, which keeps the order."""

    name: str
    single: bool = False
    max_length: int | None = None
    overflow: str = "drop-head"

    @property
    def arguments(self) -> dict[str, Any]:
        """Its x-arguments; the delivery limit is always explicit, since newer brokers default to 20."""
        arguments: dict[str, Any] = {"x-queue-type": "quorum", "x-delivery-limit": DELIVERY_LIMIT}
        if self.single:
            arguments["x-single-active-consumer"] = True
        if self.max_length:
            arguments |= {"x-max-length": self.max_length, "x-overflow": self.overflow}
        return arguments


@dataclass(frozen=True)
class Binding:
    """From an exchange to a queue, or to another exchange."""

    source: str
    destination: str
    routing_key: str
    to_exchange: bool = False


@dataclass
class Topology:
    """What has to exist on the broker for one service, or for the doors all share."""

    exchanges: list[Exchange] = field(default_factory=list)
    queues: list[Queue] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)

    def with_(self, more: "Topology") -> "Topology":
        """Both together."""
        return Topology(
            self.exchanges + more.exchanges, self.queues + more.queues, self.bindings + more.bindings
        )


def doors(publishers: Iterable[str] = ()) -> Topology:
    """What all services share: the intake, its answers (one reply queue a publisher), every fact exchange."""
    exchanges = [
        Exchange(UNROUTED, "fanout"),
        Exchange(INBOUND, "topic", alternate=UNROUTED),
        Exchange(UNCLAIMED, "fanout"),
        Exchange(OUTSIDE, "topic"),
        Exchange(REPLIES, alternate=UNCLAIMED),
        Exchange(FACTS, alternate=UNCLAIMED),
        Exchange(answers_to(ANSWERED), "fanout"),
        *(Exchange(f"{service}.events") for service in SERVICES),
    ]
    queues = [Queue(UNCLAIMED, max_length=100_000)]
    bindings = [
        Binding(UNCLAIMED, UNCLAIMED, ""),
        Binding(REPLIES, answers_to(ANSWERED), ANSWERED, to_exchange=True),
    ]
    for publisher in publishers:
        replies = of_outsider(publisher, sends=True)
        queues += replies.queues
        bindings += replies.bindings
    return Topology(exchanges, queues, bindings)


def of_outsider(user: str, *, sends: bool = False, hears: Iterable[str] = ()) -> Topology:
    """An outside system's queue of replies, and its queue of the facts of these types as others see them."""
    topology, types = Topology(), sorted(hears)
    if sends:
        topology.queues.append(Queue(f"{REPLIES}.{user}", max_length=MOST_KEPT))
        topology.bindings.append(Binding(REPLIES, f"{REPLIES}.{user}", user))
    if types:
        topology.queues.append(Queue(f"{FACTS}.{user}", max_length=MOST_KEPT))
        topology.bindings += [Binding(FACTS, f"{FACTS}.{user}", name) for name in types]
    return topology


def of_service(service: str, consumed: Sequence[type[Event]], shards: int) -> Topology:
    """One quorum queue a shard, bound to all publishers `service` listens to and its share of the intake."""
    topology = Topology(exchanges=[Exchange(f"{service}.events")])
    topology.queues = [Queue(queue_name(service, shard), single=True) for shard in range(shards)]
    for publisher in sorted({publisher_of(event) for event in consumed} - {"intake"}):
        for shard in range(shards):
            topology.bindings.append(Binding(f"{publisher}.events", queue_name(service, shard), str(shard)))
    if EventRefused in consumed:
        topology.exchanges.append(Exchange(answers_to(service), "fanout"))
        topology.bindings.append(Binding(answers_to(service), queue_name(service, 0), ""))
    areas = sorted({event.AREA for event in consumed if issubclass(event, FromOutside)})
    if areas:
        spread = f"{service}.inbound"
        topology.exchanges.append(Exchange(spread, "x-consistent-hash"))
        topology.bindings += [Binding(INBOUND, spread, f"{area}.#", to_exchange=True) for area in areas]
        if "request" in areas:
            topology.bindings.append(Binding(UNROUTED, spread, "", to_exchange=True))
        topology.bindings += [Binding(spread, queue_name(service, shard), "10") for shard in range(shards)]
    return topology


def of_outside(service: str, shards: int) -> Topology:
    """The queues, `<service>.outside.<shard>`, in which a door reads what other systems publish.

    One key's messages stay in order; a full queue refuses what comes, so that no confirm is a false one.
    """
    spread = outside(service)
    topology = Topology([Exchange(spread, "x-consistent-hash")])
    topology.bindings.append(Binding(OUTSIDE, spread, "#", to_exchange=True))
    for shard in range(shards):
        name = queue_name(spread, shard)
        topology.queues.append(Queue(name, single=True, max_length=MOST_UNREAD, overflow="reject-publish"))
        topology.bindings.append(Binding(spread, name, "10"))
    return topology


def outside(service: str) -> str:
    """The exchange of a door that spreads over its shards, and what their names begin with."""
    return f"{service}.outside"


def queue_name(service: str, shard: int) -> str:
    """The queue of one shard of a service, e.g. `dispatch.2`."""
    return f"{service}.{shard}"


def answers_to(service: str) -> str:
    """The exchange through which a service hears how its own events for the intake were answered.

    Not the queue of replies itself: whoever may bind to that could listen to the answers of others.
    """
    return f"{service}.replies"


def declare(channel: Channel, topology: Topology) -> None:
    """Makes the broker have it all; what exists already with the same properties is left as it is."""
    for exchange in topology.exchanges:
        channel.exchange_declare(
            exchange=exchange.name,
            type=exchange.type,
            durable=True,
            auto_delete=False,
            arguments=exchange.arguments,
        )
    for queue in topology.queues:
        channel.queue_declare(queue=queue.name, durable=True, auto_delete=False, arguments=queue.arguments)
    for binding in topology.bindings:
        if binding.to_exchange:
            channel.exchange_bind(
                destination=binding.destination, source=binding.source, routing_key=binding.routing_key
            )
        else:
            channel.queue_bind(
                queue=binding.destination, exchange=binding.source, routing_key=binding.routing_key
            )
