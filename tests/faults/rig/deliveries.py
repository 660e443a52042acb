"""Listens in on AMQP connections: which messages does the broker deliver to a service a second time?"""

import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.rig.proxy import Direction, Link

FRAME = struct.Struct(">BHI")
"""Type, channel and size of a frame (AMQP 0-9-1, 2.3.5); an end octet follows the payload."""
METHOD, BODY = 1, 3
DELIVER = b"\x00\x3c\x00\x3c"
"""Class and method of basic.deliver."""
NAME = re.compile(rb"connection_nameS\x00\x00\x00(.)", re.DOTALL)


@dataclass
class Ear:
    """What was heard on one connection so far."""

    name: str = ""
    rest: bytes = b""
    redelivered: bool = False
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha1)


class Deliveries:
    """A tap for a `Proxy` before a broker.

    What the broker hands out while a consumer is being cancelled never reaches it, and yet counts as
    delivered (RabbitMQ 3.10); so a message is `repeated` only if the same service has had it on its wire.
    """

    def __init__(self) -> None:
        self.count = 0
        self.repeated: list[str] = []
        self._seen: set[tuple[str, bytes]] = set()
        self._ears: dict[Link, Ear] = {}

    def __call__(self, link: Link, direction: Direction, data: bytes) -> None:
        """Takes in what arrives."""
        if direction == "up":
            return
        ear = self._ears.setdefault(link, Ear())
        ear.name = ear.name or _name(link.greeting)
        for kind, payload in _frames(ear, data):
            if kind == METHOD and payload.startswith(DELIVER):
                tag_ends = 5 + payload[4] + 8
                ear.redelivered, ear.digest = bool(payload[tag_ends]), hashlib.sha1(payload[tag_ends + 1 :])
            elif kind == BODY:
                ear.digest.update(payload)
                self._hears(ear)

    def _hears(self, ear: Ear) -> None:
        self.count += 1
        key = (ear.name, ear.digest.digest())
        if ear.redelivered and key in self._seen:
            self.repeated.append(ear.name)
        self._seen.add(key)


def _name(greeting: bytes) -> str:
    found = NAME.search(greeting)
    return greeting[found.end() :][: found[1][0]].decode() if found else ""


def _frames(ear: Ear, data: bytes) -> Iterator[tuple[int, bytes]]:
    stream, at = ear.rest + data, 0
    while at + FRAME.size <= len(stream):
        kind, _, size = FRAME.unpack_from(stream, at)
        end = at + FRAME.size + size + 1
        if end > len(stream):
            break
        yield kind, stream[at + FRAME.size : end - 1]
        at = end
    ear.rest = stream[at:]
