"""The tap tells a message that a service gets again from one that only counts as delivered."""

import socket
import struct

from tests.faults.rig.deliveries import Deliveries
from tests.faults.rig.proxy import Link


def frame(kind: int, payload: bytes) -> bytes:
    return struct.pack(">BHI", kind, 1, len(payload)) + payload + b"\xce"


def delivered(body: bytes, redelivered: bool) -> bytes:
    method = b"\x00\x3c\x00\x3c" + b"\x03tag" + struct.pack(">Q?", 7, redelivered) + b"\x01x\x010"
    return frame(1, method) + frame(2, b"header") + frame(3, body)


def heard(*pieces: bytes) -> Deliveries:
    near, far = socket.socketpair()
    with near, far:
        deliveries, link = Deliveries(), Link(near, far, b"..connection_nameS\x00\x00\x00\x06ticket..")
        for piece in pieces:
            deliveries(link, "down", piece)
    return deliveries


def test_a_message_that_comes_again_is_repeated() -> None:
    stream = delivered(b"one", False) + delivered(b"two", False) + delivered(b"one", True)
    assert heard(stream).repeated == ["ticket"]
    assert heard(*(stream[at : at + 1] for at in range(len(stream)))).repeated == ["ticket"]


def test_a_message_that_never_arrived_before_is_not() -> None:
    deliveries = heard(delivered(b"one", False), delivered(b"two", True), delivered(b"one", False))
    assert (deliveries.count, deliveries.repeated) == (3, [])
