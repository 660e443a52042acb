"""Where a hotline gets its webhooks: each is verified by Standard Webhooks 1.0, taken once, and handed on."""

import base64
import hmac
import json
import queue
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TOLERANCE = 300
"""Seconds by which a signature's time may differ from ours."""
LARGEST = 1_000_000
PREFIX = "whsec_"


class Receiver:
    """What has come, and whether all of it was genuine; until the secret is known nothing is taken."""

    def __init__(self) -> None:
        self.messages: queue.Queue[Any] = queue.Queue()
        self.secret = ""
        self.forged = self.repeated = 0
        self._seen: set[str] = set()

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """The status to answer with."""
        if not self.secret:
            return 503
        if not genuine(self.secret, headers, body, time.time()):
            self.forged += 1
            return 401
        ident = headers["webhook-id"]
        if ident in self._seen:
            self.repeated += 1
        else:
            self._seen.add(ident)
            self.messages.put(json.loads(body))
        return 204


def genuine(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether a message is signed with the secret, and of this moment."""
    ident, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not ident or not moment.isdigit() or abs(now - int(moment)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signature = base64.b64encode(hmac.digest(key, f"{ident}.{moment}.".encode() + body, "sha256")).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(each.encode(), f"v1,{signature}".encode()) for each in given)


@contextmanager
def receiving(host: str, port: int) -> Iterator[tuple[Receiver, int]]:
    """A receiver for the length of a block, and its port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            """One webhook; http.server calls this by name."""
            body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LARGEST))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiver.take(headers, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=[0.1], daemon=True)
    thread.start()
    try:
        yield receiver, server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
