"""From a message to the events in it; what cannot be read is kept with its reason."""

import hashlib
from typing import Any

import msgspec
from msgspec import Struct

from contracts import cloudevent, gate
from contracts.cloudevent import SINGLE, CloudEvent
from contracts.problem import ContractViolation

INBOUND_EXCHANGE = "gov.inbound"


class Delivery(Struct, frozen=True, kw_only=True):
    """One message as the broker gave it; `publisher` is the AMQP user the broker vouches for."""

    body: bytes
    content_type: str | None
    exchange: str
    publisher: str | None = None
    message_id: str | None = None
    redeliveries: int = 0


class Arrival(Struct, frozen=True, kw_only=True):
    """One readable event on its way into the inbox; data may still be raw JSON."""

    event: CloudEvent[Any]
    exchange: str
    publisher: str | None = None
    attempt: int = 0
    resumed: bool = False

    @property
    def stream(self) -> tuple[str, str]:
        """Publisher and ticket: within a stream the order is kept."""
        return self.event.source, self.event.partitionkey

    @property
    def ident(self) -> tuple[str, str]:
        """What makes the event unique (CloudEvents: source + id)."""
        return self.event.source, self.event.id


class Unreadable(Struct, frozen=True, kw_only=True):
    """A message that breaks the contract, and how."""

    delivery: Delivery
    violation: ContractViolation

    @property
    def ident(self) -> tuple[str, str]:
        """A stable id for what has none of its own: the digest of message id and body."""
        digest = hashlib.sha256(f"{self.delivery.message_id}\n".encode() + self.delivery.body).hexdigest()
        return f"unreadable:{self.delivery.exchange}", digest


def read(delivery: Delivery) -> list[Arrival] | Unreadable:
    """The events in a message, through the gate where it comes from outside."""
    try:
        if delivery.exchange == INBOUND_EXCHANGE:
            events: list[CloudEvent[Any]] = [gate.admit(delivery.content_type, delivery.body)]
        else:
            events = [
                event if event.partitionkey and event.number else _unordered(event)
                for event in cloudevent.decode(delivery.content_type or "", delivery.body)
            ]
    except (ContractViolation, ValueError) as error:
        return Unreadable(delivery=delivery, violation=_violation(error))
    return [
        Arrival(event=event, exchange=delivery.exchange, publisher=delivery.publisher) for event in events
    ]


def _unordered(event: CloudEvent[Any]) -> CloudEvent[Any]:
    raise ContractViolation("envelope", 400, f"event {event.id!r} has no partitionkey or sequence")


def _violation(error: Exception) -> ContractViolation:
    if isinstance(error, ContractViolation):
        return error
    return ContractViolation("envelope", 400, str(error))


def written(event: CloudEvent[Any]) -> str:
    """The event as one structured CloudEvent, to be kept and read again."""
    return msgspec.json.encode(event).decode()


def again(
    exchange: str, publisher: str | None, event: str, attempt: int, *, resumed: bool = True
) -> list[Arrival] | Unreadable:
    """An event that was kept, read anew by the rules of the exchange it once came through."""
    delivery = Delivery(body=event.encode(), content_type=SINGLE, exchange=exchange, publisher=publisher)
    arrivals = read(delivery)
    if isinstance(arrivals, Unreadable):
        return arrivals
    return [msgspec.structs.replace(arrival, attempt=attempt, resumed=resumed) for arrival in arrivals]
