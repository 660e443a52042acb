"""From an HTTP request to CloudEvents (HTTP binding 1.0.2): structured, binary, or a batch of them."""

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import Raw

from contracts.cloudevent import BATCH, MAX_BYTES, SINGLE, UNREADABLE, CloudEvent
from contracts.event import Event
from contracts.gate import admit
from contracts.problem import ContractViolation
from services.gateway.limits import few_enough
from services.gateway.problems import Refused

Found = CloudEvent[Event] | ContractViolation
"""One event, or what is wrong with it."""

_raws = msgspec.json.Decoder(list[Raw])


def read(content_type: str, headers: Mapping[str, str], body: bytes) -> tuple[list[Found], bool]:
    """The events of a request, and whether they came as a batch; raises Refused where there are none."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == BATCH:
        return [_found(SINGLE, bytes(raw)) for raw in _batch(body)], True
    if kind == SINGLE:
        return [_found(SINGLE, body)], False
    if any(name.lower() == "ce-specversion" for name in headers):
        return [_binary(content_type, headers, body)], False
    detail = f"neither {SINGLE} nor {BATCH}, nor an event in ce- headers"
    raise Refused("content-type", 415, detail)


def _batch(body: bytes) -> list[Raw]:
    try:
        raws = _raws.decode(body)
    except UNREADABLE:
        raise Refused("unreadable", 400, "the batch is not a JSON array in UTF-8") from None
    few_enough(len(raws))
    return raws


def _found(content_type: str, body: bytes) -> Found:
    try:
        return admit(content_type, body)
    except ContractViolation as violation:
        return violation


def _binary(content_type: str, headers: Mapping[str, str], body: bytes) -> Found:
    """The envelope from headers, percent-decoded (3.1.3.2); the body is the data, as it is (3.1.2)."""
    envelope = {
        name.lower()[3:]: _decoded(value) for name, value in headers.items() if name.lower().startswith("ce-")
    }
    if content_type:
        envelope["datacontenttype"] = content_type
    if len(body) > MAX_BYTES:
        return ContractViolation("too-large", 413, f"{len(body)} bytes; at most {MAX_BYTES} are taken")
    written = msgspec.json.encode(envelope | {"data": None})
    return _found(SINGLE, written.removesuffix(b"null}") + (body or b"null") + b"}")


def _decoded(value: str) -> str:
    # WSGI hands on the bytes of a header as latin-1 (PEP 3333).
    return unquote_to_bytes(value.strip().strip('"').encode("latin-1", "replace")).decode("utf-8", "replace")
