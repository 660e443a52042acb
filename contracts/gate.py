"""The gate at the outside border: a message becomes an inbound event or a ContractViolation that says why.

What the fast reader takes, the marshmallow contract takes too, with the same meaning (proved by
tests/contracts/test_both_readers_agree.py). So only what it refuses is read again, to be told why.
"""

from collections.abc import Iterator
from typing import Any

import marshmallow as ma
import msgspec
from msgspec import Struct

from contracts import intake
from contracts.cloudevent import MAX_BYTES, SINGLE, UNREADABLE, CloudEvent
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.masking import masked
from contracts.problem import ContractViolation, FieldError
from contracts.registry import INBOUND
from contracts.schema import schema


class Sent(Envelope, frozen=True, kw_only=True):
    """An event as it was sent: its envelope, its data still raw."""

    data: msgspec.Raw


_sent = msgspec.json.Decoder(Sent)
_events = {name: msgspec.json.Decoder(event) for name, event in INBOUND.items()}


def admit(content_type: str | None, body: bytes) -> CloudEvent[Event]:
    """The inbound event in `body` (one structured CloudEvent, UTF-8 JSON); raises ContractViolation."""
    if len(body) > MAX_BYTES:
        raise ContractViolation("too-large", 413, f"{len(body)} bytes; at most {MAX_BYTES} are taken")
    if (content_type or "").partition(";")[0].strip().lower() != SINGLE:
        detail = f"{masked((content_type or '')[:200])!r} is not {SINGLE} (one event per message)"
        raise ContractViolation("content-type", 415, detail)
    envelope, data = _read_fast(body) or _read_by_contract(body)
    return CloudEvent(
        specversion="1.0", id=envelope.id, source=envelope.source, type=envelope.type, time=envelope.time,
        data=data, subject=envelope.subject, partitionkey=intake.ticket_of(envelope.source, data),
        correlationid=envelope.correlationid or envelope.id, traceparent=envelope.traceparent or "",
    )  # fmt: skip


def _read_fast(body: bytes) -> tuple[Envelope, Event] | None:
    """The event, or None where anything at all is wrong with it."""
    try:
        sent = _sent.decode(body)
        return sent, _events[sent.type].decode(sent.data)
    except (*UNREADABLE, KeyError):
        return None


def _read_by_contract(body: bytes) -> tuple[Envelope, Event]:
    raw = _json_object(body)
    about = {name: _quoted(raw.get(name)) for name in ("id", "source", "type", "time")}
    envelope = msgspec.convert(_checked(Envelope, raw, ("envelope", 400, ""), about), Envelope)
    return envelope, _data(envelope.type, raw, about)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        raw = msgspec.json.decode(body)
    except UNREADABLE as error:
        raise ContractViolation("unreadable", 400, f"not JSON in UTF-8: {error}") from error
    if not isinstance(raw, dict):
        raise ContractViolation("unreadable", 400, "not a JSON object")
    return raw


def _quoted(value: object) -> str | None:
    """What of a sender's text can be told back and stored."""
    return value[:200].replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else None


def _data(name: str, raw: dict[str, Any], about: dict[str, Any]) -> Event:
    event_type = INBOUND.get(name)
    if event_type is None:
        detail = f"{masked(name)!r} is not one of {', '.join(sorted(INBOUND))}"
        raise ContractViolation("unknown-type", 422, detail, **about)
    if "data" not in raw:
        why = (
            "data_base64 is not taken: send JSON"
            if "data_base64" in raw
            else "Missing data for required field."
        )
        raise ContractViolation("data", 422, f"/data: {why}", [FieldError("/data", why)], **about)
    return msgspec.convert(_checked(event_type, raw["data"], ("data", 422, "/data"), about), event_type)


def _checked(
    struct: type[Struct], raw: Any, problem: tuple[str, int, str], about: dict[str, Any]
) -> dict[str, Any]:
    name, status, prefix = problem
    try:
        members: dict[str, Any] = schema(struct).load(raw)
    except ma.ValidationError as error:
        errors = list(_pointers(error.messages, prefix))
        first = f"{errors[0].pointer or '/'}: {errors[0].detail}"
        detail = first + (f" (and {len(errors) - 1} more)" if len(errors) > 1 else "")
        raise ContractViolation(name, status, detail, errors, **about) from error
    return members


def _pointers(messages: Any, at: str) -> Iterator[FieldError]:
    """marshmallow's nested messages as a flat list with JSON pointers."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from _pointers(inner, f"{at}/{key}" if key != "_schema" else at)
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield FieldError(at, str(message))
