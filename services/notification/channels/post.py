"""One HTTP request with one deadline for all of it; no redirect is followed, no proxy asked."""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache

from msgspec import Struct

from services.notification.channels.reach import Place

LARGEST = 256 * 1024
"""Bytes of an answer that are read."""
LONGEST_PAUSE = 86_400.0
"""Seconds that a Retry-After can put something off."""


class Answer(Struct, frozen=True):
    """What the server said; `retry_after` in seconds where it asks for a pause."""

    status: int
    body: bytes = b""
    retry_after: float | None = None


class Unreachable(Exception):
    """There was no answer in time, or none at all; `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Plain(http.client.HTTPConnection):
    """A connection to the address that was looked up, whatever its name may mean by now."""

    def __init__(self, place: Place, seconds: float) -> None:
        super().__init__(place.host, place.port, timeout=seconds)
        self._address = place.address
        self.pulled = False

    def connect(self) -> None:
        """Connects; http.client calls this by name."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)

    def pull(self) -> None:
        """Ends the conversation from another thread: the peer may send one byte a second for ever."""
        self.pulled = True
        with contextlib.suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


class _Secure(_Plain):
    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        """Connects and shakes hands; the handshake can be ended from outside, too."""
        super().connect()
        self.sock = _tls().wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock.do_handshake()


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def post(place: Place, body: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
    """The answer to one POST within `seconds`, connection included; raises Unreachable."""
    connection = (_Secure if place.secure else _Plain)(place, seconds)
    try:
        with _ended_after(seconds, connection):
            connection.request("POST", place.path, body, {"User-Agent": "Fengge", **headers})
            response = connection.getresponse()
            found = Answer(response.status, response.read(LARGEST), _pause(response.headers["Retry-After"]))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(_reason(error, pulled=connection.pulled)) from None
    finally:
        connection.close()
    if connection.pulled:
        raise Unreachable("timeout")
    return found


@contextlib.contextmanager
def _ended_after(seconds: float, connection: _Plain) -> Iterator[None]:
    watch = threading.Timer(seconds, connection.pull)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _reason(error: Exception, *, pulled: bool) -> str:
    if pulled or isinstance(error, TimeoutError):
        return "timeout"
    return "tls" if isinstance(error, ssl.SSLError) else "unreachable"


def _pause(text: str | None) -> float | None:
    """Retry-After (RFC 9110 §10.2.3) in seconds from now; None where it is missing or makes no sense."""
    if not text:
        return None
    try:
        seconds = float(text) if text.strip().isdigit() else _until(text)
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_PAUSE)


def _until(date: str) -> float:
    at = parsedate_to_datetime(date)
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()
