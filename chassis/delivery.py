"""From a message to the events in it; what cannot be read is kept with its reason."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from contracts import cloudevent, gate
from contracts.cloudevent import BATCH, SINGLE, CloudEvent
from contracts.problem import ContractViolation

INBOUND_EXCHANGE = "gov.inbound"
OUTSIDE_EXCHANGE = "gov.outside"
GATED = (INBOUND_EXCHANGE, OUTSIDE_EXCHANGE)
"""Through which come events that nobody has read yet."""
REPLIES_EXCHANGES = ("gov.replies", "gateway.replies")
"""What an answer comes through; answers are about events, not tickets, and are in no order."""
NUL = b"\\u0000"
"""How JSON writes the one character that PostgreSQL's text cannot hold."""
MAX_SEQUENCE = 2**31 - 1
"""What the ledger's integer columns hold."""


class Delivery(Struct, frozen=True, kw_only=True):
    """One message as the broker gave it; `publisher` is the AMQP user the broker vouches for."""

    body: bytes
    content_type: str | None
    exchange: str
    publisher: str | None = None
    message_id: str | None = None
    redelivered: bool = False


class Arrival(Struct, frozen=True, kw_only=True):
    """One readable event on its way into the inbox; data may still be raw JSON.

    `waits_as` is its key in the waiting line if it comes from there; `redelivered` says that a process may
    have died of it; `deadly` that this has been so often enough.
    """

    event: CloudEvent[Any]
    exchange: str
    publisher: str | None = None
    attempt: int = 0
    waits_as: tuple[str, str] | None = None
    redelivered: bool = False
    deadly: bool = False

    @property
    def stream(self) -> tuple[str, str]:
        """Publisher and ticket: within a stream the order is kept."""
        return self.event.source, self.event.partitionkey

    @property
    def ident(self) -> tuple[str, str]:
        """What makes the event unique (CloudEvents: source + id).

        From outside nobody has made sure yet whose the source is: the inbox then goes by sender and words.
        """
        if self.exchange == OUTSIDE_EXCHANGE:
            said = hashlib.sha256(msgspec.json.encode(self.event)).hexdigest()
            return f"outside:{self.publisher or ''}", said
        return self.event.source, self.event.id

    @property
    def taken(self) -> bool:
        """Whether its id is in the inbox already: it waits under its own name because it failed before."""
        return self.waits_as == self.ident


class Unreadable(Struct, frozen=True, kw_only=True):
    """A message that breaks the contract, and how."""

    delivery: Delivery
    violation: ContractViolation
    waits_as: tuple[str, str] | None = None

    @property
    def exchange(self) -> str:
        """The exchange it came through."""
        return self.delivery.exchange

    @property
    def ident(self) -> tuple[str, str]:
        """A stable id for what has none of its own: the digest of message id and body."""
        digest = hashlib.sha256(f"{self.delivery.message_id}\n".encode() + self.delivery.body).hexdigest()
        return f"unreadable:{self.delivery.exchange}", digest


def read(delivery: Delivery) -> list[Arrival] | Unreadable:
    """The events in a message, through the gate where it comes from outside."""
    try:
        if delivery.exchange in GATED:
            events: list[CloudEvent[Any]] = [gate.admit(delivery.content_type, delivery.body)]
        else:
            events = list(cloudevent.decode(delivery.content_type or "", delivery.body))
            _check(events, nul=NUL in delivery.body, ordered=delivery.exchange not in REPLIES_EXCHANGES)
    except (ContractViolation, ValueError) as error:
        return Unreadable(delivery=delivery, violation=_violation(error))
    exchange, publisher, redelivered = delivery.exchange, delivery.publisher, delivery.redelivered
    return [
        Arrival(event=event, exchange=exchange, publisher=publisher, redelivered=redelivered)
        for event in events
    ]


def _check(events: Sequence[CloudEvent[Any]], *, nul: bool, ordered: bool) -> None:
    """Refuses facts that do not say which of their ticket they are in terms that the ledger can hold."""
    for event in events:
        if ordered and (not event.partitionkey or not 0 < event.number <= MAX_SEQUENCE):
            raise ContractViolation("envelope", 400, f"event {event.id!r} has no partitionkey or sequence")
        if nul and "\0" in event.id + event.source + event.type + event.partitionkey:
            raise ContractViolation("envelope", 400, "the envelope holds a NUL character")


def _violation(error: Exception) -> ContractViolation:
    if isinstance(error, ContractViolation):
        return error
    return ContractViolation("envelope", 400, str(error))


def written(event: CloudEvent[Any]) -> str:
    """The event as one structured CloudEvent, to be kept and read again."""
    return msgspec.json.encode(event).decode()


def again(
    exchange: str, publisher: str | None, event: str, attempt: int, waits_as: tuple[str, str]
) -> list[Arrival] | Unreadable:
    """What waited under the key `waits_as`, read anew by the rules of the exchange it once came through."""
    content_type = BATCH if event.lstrip().startswith("[") else SINGLE
    delivery = Delivery(
        body=event.encode(),
        content_type=content_type,
        exchange=exchange,
        publisher=publisher,
        redelivered=True,
    )
    found = read(delivery)
    if isinstance(found, Unreadable):
        return msgspec.structs.replace(found, waits_as=waits_as)
    return [msgspec.structs.replace(arrival, attempt=attempt, waits_as=waits_as) for arrival in found]
