"""One AMQP connection: every wait on it has a deadline, and its heart beats while its owner works."""

import logging
import random
import socket
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from amqp.exceptions import AMQPError
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from chassis.settings import Settings

log = logging.getLogger(__name__)

BROKEN = (AMQPError, OperationalError, OSError)
"""What a dead, frozen or refusing broker raises; the connection is thrown away and opened anew."""


class Line:
    """A connection with one channel. Writers hold `writing`, so that a heartbeat never cuts a frame in two."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.writing = threading.Lock()
        self._heartbeat = settings.heartbeat
        self._closed = threading.Event()
        timeout = settings.connect_timeout
        self.connection: Any = Connection(
            settings.amqp_url,
            heartbeat=settings.heartbeat,
            connect_timeout=timeout,
            transport_options={
                "client_properties": {"connection_name": name},
                "read_timeout": None,
                "write_timeout": settings.confirm_timeout,
                "socket_settings": {socket.TCP_USER_TIMEOUT: int(2000 * settings.heartbeat)},
            },
        )
        self.channel: Any = None

    def __enter__(self) -> Self:
        self.connection.connect()
        self.channel = self.connection.channel()
        threading.Thread(target=self._beat, daemon=True, name="heartbeat").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        if error is None:
            with self.writing:
                self.connection.release()
        else:
            self.connection.collect()  # closes the socket without a farewell that a broken peer would never answer

    def drain(self, seconds: float) -> bool:
        """Takes in what the broker sends, waiting at most `seconds`; whether anything came."""
        try:
            self.connection.drain_events(timeout=max(seconds, 0.001))
        except TimeoutError:
            return False
        return True

    def check(self) -> None:
        """Raises if the broker has been silent for two heartbeats; call it when `drain` has come back."""
        with self.writing:
            self.connection.heartbeat_check(rate=2)

    def _beat(self) -> None:
        """Sends heartbeats while the owner is busy, e.g. waiting for the database."""
        while not self._closed.wait(self._heartbeat / 2):
            if self.writing.acquire(blocking=False):
                try:
                    self.connection.connection.send_heartbeat()
                except BROKEN:
                    log.warning("heartbeat could not be sent; the owner will notice")
                    return
                finally:
                    self.writing.release()


def pauses() -> Iterator[float]:
    """Seconds before each reconnection: 0.2 doubling to 5, with jitter."""
    pause = 0.2
    while True:
        yield pause * random.uniform(0.5, 1.0)
        pause = min(pause * 2, 5.0)


class Deadline:
    """A moment by which something has to be done; monotonic, so that no clock change moves it."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, 0 when it has passed."""
        return max(0.0, self._at - time.monotonic())
