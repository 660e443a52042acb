"""Deliberately wrong messages, one of each kind, and what has to be said of each."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from contracts.cloudevent import MAX_BYTES, SINGLE
from contracts.event import type_of
from contracts.intake import RequestSubmitted

Event = dict[str, Any]


class Wrong(Struct, frozen=True):
    """A message, the problem that it must be refused with, and the member that is wrong, where it is one."""

    name: str
    problem: str
    status: int
    made: Callable[[Event], bytes]
    pointer: str | None = None
    content_type: str = SINGLE
    named: bool = True
    """Whether the refusal can tell the id of the event."""


def request(source: str, external_id: str, time: str, ident: str = "1") -> Event:
    """A request that nobody has to do anything about."""
    return {
        "specversion": "1.0", "id": f"{external_id}/{ident}", "source": source,
        "type": type_of(RequestSubmitted), "time": time,
        "data": {"external_id": external_id, "channel": "system", "title": "接口测试 conformance"},
    }  # fmt: skip


def _with(**members: Any) -> Callable[[Event], bytes]:
    return lambda event: msgspec.json.encode(event | members)


def _without(name: str) -> Callable[[Event], bytes]:
    return lambda event: msgspec.json.encode({key: value for key, value in event.items() if key != name})


def _data(**members: Any) -> Callable[[Event], bytes]:
    return lambda event: msgspec.json.encode(event | {"data": event["data"] | members})


def _titleless(event: Event) -> bytes:
    data: Mapping[str, Any] = event["data"]
    return msgspec.json.encode(event | {"data": {name: data[name] for name in data if name != "title"}})


def _cut(event: Event) -> bytes:
    return msgspec.json.encode(event)[:-1]


def _latin(event: Event) -> bytes:
    return msgspec.json.encode(event | {"subject": "@"}).replace(b'"@"', b'"\xe9"')


def _long(event: Event) -> bytes:
    return msgspec.json.encode(event).ljust(MAX_BYTES + 1)


NOTHING, CLOSED = "cn.fengge.intake.Nothing.v1", "cn.fengge.ticket.TicketClosed.v1"
NOWHERE = {"email": "nowhere"}
WRONG: tuple[Wrong, ...] = (
    Wrong("not JSON", "unreadable", 400, _cut, named=False),
    Wrong("not UTF-8", "unreadable", 400, _latin, named=False),
    Wrong("a JSON list", "unreadable", 400, lambda event: b"[]", named=False),
    Wrong("another content type", "content-type", 415, _with(), content_type="text/plain", named=False),
    Wrong("more than a million bytes", "too-large", 413, _long, named=False),
    Wrong("no source", "envelope", 400, _without("source"), "/source"),
    Wrong("a time without zone", "envelope", 400, _with(time="2026-11-21T08:12:05"), "/time"),
    Wrong("a time of the year 1", "envelope", 400, _with(time="0001-01-01T00:00:00+08:00"), "/time"),
    Wrong("specversion 0.3", "envelope", 400, _with(specversion="0.3"), "/specversion"),
    Wrong("a type that is none", "unknown-type", 422, _with(type=NOTHING)),
    Wrong("a fact, which is ours to tell", "unknown-type", 422, _with(type=CLOSED)),
    Wrong("no data", "data", 422, _without("data"), "/data"),
    Wrong("no title", "data", 422, _titleless, "/data/title"),
    Wrong("a title of 501 characters", "data", 422, _data(title="长" * 501), "/data/title"),
    Wrong("a channel that is none", "data", 422, _data(channel="fax"), "/data/channel"),
    Wrong("a number for a text", "data", 422, _data(external_id=7), "/data/external_id"),
    Wrong("an address that is none", "data", 422, _data(requester=NOWHERE), "/data/requester/email"),
)
