"""The body of a parked message as operators see it: masked, compared with another, checked before a try."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from chassis.delivery import Delivery, Unreadable, again, read
from contracts import cloudevent
from contracts.cloudevent import BATCH, SINGLE, CloudEvent
from contracts.event import Event
from contracts.intake import orders
from contracts.masking import HIDDEN, masked
from contracts.problem import ContractViolation
from contracts.public import TYPES, members
from contracts.registry import EVENTS, INBOUND

GONE = "∅"
"""Stands for a member that is not there."""
MASK = json.dumps(HIDDEN)
NAME = re.compile(r"[a-z][a-z_]{0,39}")
ENVELOPE = frozenset(CloudEvent.__struct_fields__)
SAFE = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)|[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
    r"|([A-Z]{2}-)?[0-9A-Z]{4}(-[0-9A-Z]{4}){3}(\.\w+\.\d+)?"
)
"""A moment, a trace, a ticket's number or an event of ours: digits that call nobody."""
CODE = re.compile(r"[0-9A-Za-z_.:/+@-]{0,256}")
"""A code, an id, a source: Latin letters and no words."""
LONGEST = 1_000_000

Record = Mapping[str, Any]


class Change(Struct, frozen=True):
    """One member that differs; `hidden` where what it says is not shown."""

    pointer: str
    before: str
    after: str
    hidden: bool


def hidden(body: bytes) -> str:
    """The body with nothing in it that names or quotes a person: the envelope, codes, numbers, moments."""
    document = _document(body)
    if document is None:
        return f"（{len(body)} 字节，不是 JSON · {len(body)} bytes, not JSON）"
    return written(_without_persons(document))


def plain(body: bytes) -> str:
    """The body itself, laid out if it is JSON; only for a purpose that is on record."""
    document = _document(body)
    return body.decode("utf-8", "backslashreplace") if document is None else written(document)


def written(document: Any) -> str:
    """A document laid out for people."""
    return json.dumps(document, ensure_ascii=False, indent=2)


def difference(before: bytes, after: bytes, *, open_: bool = False) -> list[Change]:
    """Where two bodies differ, member by member; what persons said only if `open_`."""
    old, new = _document(before), _document(after)
    if old is None or new is None:
        texts = (plain(before), plain(after)) if open_ else (hidden(before), hidden(after))
        return [Change("", *texts, not open_)] if before != after else []
    shown = dict(_leaves(old)), dict(_leaves(new))
    safe = dict(_leaves(_without_persons(old))), dict(_leaves(_without_persons(new)))
    found = []
    for pointer in dict.fromkeys([*shown[0], *shown[1]]):
        if shown[0].get(pointer, GONE) != shown[1].get(pointer, GONE):
            was, will_be = (side.get(pointer, GONE) for side in (shown if open_ else safe))
            found.append(Change(pointer, was, will_be, hidden=not open_ and MASK in (was, will_be)))
    return found


def passed(record: Record, body: bytes) -> str:
    """The type of an edited body that may be tried in the record's place; raises ContractViolation.

    It passes the same gate as any message of its exchange, and is about the same event: what says which
    ticket it is about, and which place it has there, stays as it was.
    """
    if len(body) > LONGEST:
        raise ContractViolation("too-large", 413, f"{len(body)} bytes; at most {LONGEST} are taken")
    kind = BATCH if body.lstrip().startswith(b"[") else SINGLE
    exchange, publisher = record["exchange"], record["publisher"]
    found = read(Delivery(body=body, content_type=kind, exchange=exchange, publisher=publisher))
    if isinstance(found, Unreadable):
        raise found.violation
    for arrival in found:
        if exchange != "gov.inbound":
            cloudevent.opened(arrival.event)
    if record["partitionkey"] is not None:
        event = found[0].event
        same = (event.source, event.id, event.partitionkey, event.number)
        if len(found) != 1 or same != tuple(record[name] for name in PLACE):
            detail = "source, id, ticket and sequence say which event it is; they stay as they are"
            raise ContractViolation("envelope", 422, detail)
    return found[0].event.type


PLACE = ("source", "id", "partitionkey", "sequence")


def named_in(record: Record, body: bytes) -> list[tuple[str, str]]:
    """Source and id of the events in an edited body, as the service will read them."""
    text = body.decode()
    found = again(record["exchange"], record["publisher"], text, 0, ("", ""))
    return [] if isinstance(found, Unreadable) else [arrival.ident for arrival in found]


def _document(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except cloudevent.UNREADABLE:
        return None


def _without_persons(document: Any) -> Any:
    if isinstance(document, list):
        return [_without_persons(each) for each in document]
    if not isinstance(document, dict):
        return HIDDEN
    shown = _open_members(document.get("type"))
    return {
        _name(name): _some(value, shown) if name == "data" else _code(value) if name in ENVELOPE else HIDDEN
        for name, value in document.items()
    }


def _some(data: Any, shown: frozenset[str]) -> Any:
    if not isinstance(data, dict):
        return HIDDEN
    return {_name(name): _code(value) if name in shown else HIDDEN for name, value in data.items()}


def _name(name: str) -> str:
    """A member's name, if it is one; who is confused writes a person's there."""
    return name if NAME.fullmatch(name) else HIDDEN


def _code(value: Any) -> Any:
    """What may be shown, where it looks like what belongs there; others may have written anything."""
    if isinstance(value, dict):
        return {_name(name): _code(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_code(inner) for inner in value]
    if isinstance(value, str):
        return value if SAFE.fullmatch(value) else masked(value) if CODE.fullmatch(value) else HIDDEN
    return value


def _open_members(name: Any) -> frozenset[str]:
    event: type[Event] | None = EVENTS.get(name) if isinstance(name, str) else None
    if event is None:
        return frozenset()
    asked = name in INBOUND and event.__module__ != orders.__name__
    return members(event) if asked or name in TYPES else frozenset()


def _leaves(document: Any, at: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(document, dict) and document:
        for name, value in document.items():
            yield from _leaves(value, f"{at}/{name}")
    elif isinstance(document, list) and document:
        for number, value in enumerate(document):
            yield from _leaves(value, f"{at}/{number}")
    else:
        yield at, json.dumps(document, ensure_ascii=False)
