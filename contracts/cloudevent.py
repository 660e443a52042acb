"""CloudEvents 1.0 in JSON: one event, or a batch of them, with the extensions that keep order and cause.

Between services this fast codec stands in for the marshmallow contract (see docs/adr/0002); what comes from
outside goes through `contracts.gate` first.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from contracts.event import Event
from contracts.problem import ContractViolation
from contracts.registry import EVENTS

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MAX_BYTES = 1_000_000
"""The most bytes an outside system may send in one message."""

D_co = TypeVar("D_co", covariant=True)


class CloudEvent(Struct, Generic[D_co], frozen=True, kw_only=True, omit_defaults=True):
    """One event with its envelope; `data` is the event itself, or its raw JSON while nobody has asked for it.

    Extensions: partitionkey (the ticket; CloudEvents Partitioning), sequence (1..n per publisher and ticket,
    sequencetype Integer; CloudEvents Sequence), correlationid (the whole flow), causationid (the event that
    caused this one), traceparent (W3C Trace Context; CloudEvents Distributed Tracing).
    """

    id: str
    source: str
    type: str
    time: datetime
    data: D_co
    specversion: Literal["1.0"]
    datacontenttype: Literal["application/json"] | None = None
    subject: str | None = None
    partitionkey: str = ""
    sequence: Annotated[str, Meta(pattern=r"^[0-9]{0,18}\Z")] = ""
    sequencetype: Literal["Integer"] | None = None
    correlationid: str = ""
    causationid: str = ""
    traceparent: str = ""

    @property
    def number(self) -> int:
        """The sequence as a number; 0 where the publisher keeps none (outside systems)."""
        return int(self.sequence) if self.sequence else 0


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a body that is not what we read."""

_encoder = msgspec.json.Encoder()
_single = msgspec.json.Decoder(CloudEvent[Raw])
_batch = msgspec.json.Decoder(list[CloudEvent[Raw]])
_data = {name: msgspec.json.Decoder(event) for name, event in EVENTS.items()}


def encode(events: Sequence[CloudEvent[object]]) -> tuple[str, bytes]:
    """Content type and body of one message that carries `events`."""
    if len(events) == 1:
        return SINGLE, _encoder.encode(events[0])
    return BATCH, _encoder.encode(events)


def decode(content_type: str, body: bytes) -> list[CloudEvent[Raw]]:
    """The events of one message, their data still raw; raises ContractViolation."""
    try:
        if content_type == BATCH:
            return _batch.decode(body)
        if content_type == SINGLE:
            return [_single.decode(body)]
    except UNREADABLE as error:
        problem = "envelope" if isinstance(error, msgspec.ValidationError) else "unreadable"
        raise ContractViolation(problem, 400, str(error)) from error
    raise ContractViolation("content-type", 415, f"{content_type!r} is neither {SINGLE} nor {BATCH}")


def opened(event: CloudEvent[Raw]) -> CloudEvent[Event]:
    """The same event with its data as the struct its type declares; raises ContractViolation."""
    decoder = _data.get(event.type)
    if decoder is None:
        raise ContractViolation("unknown-type", 422, f"{event.type!r} is not an event of this version")
    try:
        data: Event = decoder.decode(event.data)
    except UNREADABLE as error:
        raise ContractViolation("data", 422, str(error)) from error
    raw: CloudEvent[Any] = event
    return msgspec.structs.replace(raw, data=data)
