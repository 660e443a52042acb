"""The gate at the outside border: a message becomes an inbound event, or a ContractViolation that says why."""

from typing import Annotated, Any, Literal

import marshmallow as ma
import msgspec
from msgspec import Meta, Struct

from contracts import intake
from contracts.cloudevent import MAX_BYTES, SINGLE, CloudEvent
from contracts.event import Event
from contracts.problem import ContractViolation, FieldError
from contracts.registry import INBOUND
from contracts.schema import schema
from contracts.terms import Instant, Label


class Envelope(Struct, frozen=True, kw_only=True):
    """What we ask of an outside event's envelope beyond its data."""

    specversion: Literal["1.0"]
    id: Label
    source: Annotated[str, Meta(min_length=1, max_length=200)]
    type: Annotated[str, Meta(min_length=1, max_length=200)]
    time: Instant
    subject: Annotated[str, Meta(max_length=200)] | None = None
    correlationid: Annotated[str, Meta(max_length=128)] = ""
    traceparent: Annotated[str, Meta(max_length=55)] = ""


def admit(content_type: str | None, body: bytes) -> CloudEvent[Event]:
    """The inbound event in `body` (one structured CloudEvent, UTF-8 JSON); raises ContractViolation."""
    if len(body) > MAX_BYTES:
        raise ContractViolation("too-large", 413, f"{len(body)} bytes; at most {MAX_BYTES} are taken")
    if (content_type or "").partition(";")[0].strip().lower() != SINGLE:
        raise ContractViolation("content-type", 415, f"{content_type!r} is not {SINGLE}")
    raw = _json_object(body)
    about = {"id": _text(raw.get("id")), "source": _text(raw.get("source")), "type": _text(raw.get("type"))}
    envelope = msgspec.convert(_checked(Envelope, raw, "envelope", 400, "", about), Envelope)
    event_type = INBOUND.get(envelope.type)
    if event_type is None:
        raise ContractViolation(
            "unknown-type", 422, f"{envelope.type!r} is not one of {', '.join(sorted(INBOUND))}", **about
        )
    members = _checked(event_type, raw.get("data"), "data", 422, "/data", about)
    data = msgspec.convert(members, event_type)
    return CloudEvent(
        specversion="1.0", id=envelope.id, source=envelope.source, type=envelope.type, time=envelope.time,
        data=data, subject=envelope.subject, partitionkey=intake.ticket_of(envelope.source, data),
        correlationid=envelope.correlationid or envelope.id, traceparent=envelope.traceparent,
    )  # fmt: skip


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ContractViolation("unreadable", 400, f"not JSON in UTF-8: {error}") from error
    if not isinstance(raw, dict):
        raise ContractViolation("unreadable", 400, "not a JSON object")
    return raw


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) else None


def _checked(
    struct: type[Struct], raw: object, problem: str, status: int, prefix: str, about: dict[str, Any]
) -> dict[str, Any]:
    try:
        members: dict[str, Any] = schema(struct).load(raw)  # type: ignore[arg-type]
    except ma.ValidationError as error:
        errors = list(_pointers(error.messages, prefix))
        first = f"{errors[0].pointer or '/'}: {errors[0].detail}"
        detail = first + (f" (and {len(errors) - 1} more)" if len(errors) > 1 else "")
        raise ContractViolation(problem, status, detail, errors, **about) from error
    return members


def _pointers(messages: Any, at: str) -> list[FieldError]:
    """marshmallow's nested messages as a flat list with JSON pointers."""
    if isinstance(messages, dict):
        found = [
            (f"{at}/{key}" if key != "_schema" else at, inner) for key, inner in messages.items()
        ]
        return [error for pointer, inner in found for error in _pointers(inner, pointer)]
    if isinstance(messages, list):
        return [FieldError(at, str(message)) for message in messages]
    return [FieldError(at, str(messages))]
