"""One AMQP connection: every wait on it has a deadline, and its heart beats while its owner works."""

import logging
import random
import socket
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from amqp.exceptions import AMQPError, ConnectionForced
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from chassis.frames import Frames
from chassis.settings import Settings
from chassis.waits import readable
from contracts.broker import broker

log = logging.getLogger(__name__)

BROKEN = (AMQPError, OperationalError, OSError)
"""What a dead, frozen or refusing broker raises; the connection is thrown away and opened anew."""
SILENT = 1.5
"""Heartbeats without a byte after which the broker is gone: one that lives sends something within each."""
FAREWELL = 1.0
"""Seconds to wait for the answer to a farewell; everything that matters has been confirmed before."""


class Line:
    """A connection with one channel. Writers hold `writing`, so that no heartbeat cuts a frame in two."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.writing = threading.Lock()
        self._heartbeat = settings.heartbeat
        self._closed = threading.Event()
        # kombu reads the URL; its own connect() would try twice, two seconds apart.
        address = broker(settings.amqp_url)
        self.user = urlsplit(settings.amqp_url).username or "guest"
        self._address: Any = Connection(  # type: ignore[no-untyped-call]
            address.url,
            ssl=address.kombu(),
            heartbeat=settings.heartbeat,
            connect_timeout=settings.connect_timeout,
            transport_options={
                "client_properties": {"connection_name": name},
                "read_timeout": None,
                "write_timeout": settings.confirm_timeout,
                "socket_settings": {socket.TCP_USER_TIMEOUT: int(2000 * settings.heartbeat)},
            },
        )
        self._frames = Frames(lambda size: b"")
        self.connection: Any = None
        self.channel: Any = None

    def __enter__(self) -> Self:
        self.connection = self._address.transport.establish_connection()
        self._frames = Frames.of(self.connection.transport)
        try:
            self.channel = self.connection.channel()
            self.channel.auto_decode = False  # bodies stay the bytes they are
        except BaseException:
            self.connection.collect()
            raise
        threading.Thread(target=self._beat, daemon=True, name="heartbeat").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        if error is None:
            self._farewell()
        self.connection.collect()  # closes the socket, also of a peer that would never answer a farewell

    def _farewell(self) -> None:
        """Tells the broker, and waits a moment for its answer."""
        try:
            with self.writing, self.connection.transport.having_timeout(FAREWELL):
                self.connection.close()
        except BROKEN:
            log.info("the broker did not answer the farewell")

    def drain(self, seconds: float) -> bool:
        """Takes in what the broker sends, waiting at most `seconds`; whether anything came.

        All that has arrived together is taken in under one timeout: py-amqp would set it for every frame.
        Raises ConnectionForced if there is nothing to take in and has not been for 1.5 heartbeats.
        """
        until = Deadline(seconds)
        came = bool(self._frames.left or self._more(seconds)) and self._take_in(until.left)
        if not came and self._frames.silent > SILENT * self.connection.heartbeat:
            raise ConnectionForced(f"no heartbeat for {self._frames.silent:.1f} s")
        return came

    def _more(self, seconds: float) -> bool:
        """Whether there is something to read within so many seconds; TLS may have it in hand."""
        sock = self.connection.transport.sock
        return bool(getattr(sock, "pending", int)()) or readable(sock.fileno(), seconds)

    def _take_in(self, seconds: float) -> bool:
        came = False
        try:
            with self.connection.transport.having_timeout(max(seconds, 0.001)):
                while not came or self._frames.left:
                    came |= bool(self.connection.on_inbound_frame(self._frames.read()))
        except TimeoutError:
            return came  # the rest of a frame is on its way
        return True

    def _beat(self) -> None:
        """Sends heartbeats while the owner is busy, e.g. waiting for the database."""
        while not self._closed.wait(self._heartbeat / 2):
            if self.writing.acquire(blocking=False):
                try:
                    self.connection.send_heartbeat()
                except BROKEN:
                    log.warning("heartbeat could not be sent; the owner will notice")
                    return
                finally:
                    self.writing.release()


def reason(error: Exception) -> dict[str, str]:
    """What a log may say of a broken line; what the broker says quotes no event."""
    return {"cause": type(error).__name__, "said": str(error)[:200]}


def pauses() -> Iterator[float]:
    """Seconds before each reconnection: 0.2 doubling to 5, with jitter."""
    pause = 0.2
    while True:
        yield pause * random.uniform(0.5, 1.0)  # noqa: S311
        pause = min(pause * 2, 5.0)


class Deadline:
    """A moment by which something has to be done; monotonic, so that no clock change moves it."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, 0 when it has passed."""
        return max(0.0, self._at - time.monotonic())
