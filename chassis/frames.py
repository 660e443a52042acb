"""Reads AMQP frames out of large pieces: py-amqp asks for each three times, each time the socket itself."""

import time
from collections.abc import Callable
from struct import Struct
from typing import Any

from amqp.exceptions import UnexpectedFrame

RECEIVE = 65_536
"""Bytes asked of the socket at a time."""
HEADER = Struct(">BHI")
"""Type, channel and size of what follows (AMQP 0-9-1, 4.2.3)."""
END = 0xCE


class Frames:
    """The frames that come through `receive`; a wait that ends in a timeout loses nothing of one."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive, self._piece, self._at = receive, b"", 0
        self._heard_at = time.monotonic()

    @classmethod
    def of(cls, transport: Any) -> "Frames":
        """From now on whoever reads of this transport of py-amqp reads here."""
        frames = cls(transport._quick_recv)  # noqa: SLF001 (there is no other door)
        transport.read_frame = frames.read
        return frames

    @property
    def left(self) -> int:
        """Bytes in hand, of frames that may not be whole."""
        return len(self._piece) - self._at

    @property
    def silent(self) -> float:
        """Seconds since something came in; the peer is silent only if there is nothing to receive."""
        return time.monotonic() - self._heard_at

    def read(self) -> tuple[int, int, bytes]:
        """Type, channel and payload of the next frame; waits, with the socket's timeout, till it is whole."""
        while True:
            if self.left >= HEADER.size:
                kind, channel, size = HEADER.unpack_from(self._piece, self._at)
                begin = self._at + HEADER.size
                end = begin + size
                if len(self._piece) > end:
                    break
            self._more()
        if self._piece[end] != END:
            raise UnexpectedFrame(f"a frame ends with {self._piece[end]:#04x}")
        self._at = end + 1
        return kind, channel, self._piece[begin:end]

    def _more(self) -> None:
        came = self._receive(RECEIVE)
        if not came:
            raise ConnectionResetError("the broker has closed the connection")
        self._piece, self._at = self._piece[self._at :] + came, 0
        self._heard_at = time.monotonic()
