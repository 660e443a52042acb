"""An HTTP endpoint that answers as a test wants: it takes, fails, redirects, asks for patience, or hangs."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """One answer; `hang` never gives any."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    hang: bool = False


HANG = Reply(hang=True)


class Receiver:
    """What has come to an endpoint, and how it answers from now on."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.answer: Callable[[Got], Reply] = lambda got: Reply()
        self.url = ""
        self.closing = threading.Event()

    def take(self, got: Got) -> Reply:
        """Notes a request and says how it is answered."""
        self.got.append(got)
        reply = self.answer(got)
        if reply.hang:
            self.closing.wait()
        return reply

    def about(self, word: str) -> list[Got]:
        """The requests whose body holds a word."""
        return [got for got in self.got if word.encode() in got.body]

    def in_turn(self, *replies: Reply) -> None:
        """Answers with these one after the other, then always with the last."""
        left = list(replies)
        self.answer = lambda got: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def receiving(host: str = "127.0.0.1") -> Iterator[Receiver]:
    """An endpoint for the length of a block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """One request; http.server calls this by name."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reply = receiver.take(Got(self.path, dict(self.headers), body))
            if reply.hang:
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:
            """Says nothing on the test's output."""

    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
