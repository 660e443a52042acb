"""A little OTLP receiver: takes spans over HTTP as an OpenTelemetry collector does, and keeps them."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Span:
    """What is asked of a span here."""

    service: str
    name: str
    trace: str
    span: str
    parent: str
    kind: int
    links: list[tuple[str, str, int]]
    told: dict[str, str]


@dataclass
class Collector:
    """Where spans go."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    answers: int = 200
    """The status of the next answers."""

    def of(self, service: str) -> list[Span]:
        """Those of one service."""
        return [span for span in list(self.spans) if span.service == service]

    def take(self, body: bytes) -> None:
        """One export."""
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        for of_resource in request.resource_spans:
            resource = {it.key: it.value.string_value for it in of_resource.resource.attributes}
            for of_scope in of_resource.scope_spans:
                self.spans += [_span(resource["service.name"], span) for span in of_scope.spans]


def _span(service: str, span: Any) -> Span:
    told = {it.key: it.value.string_value for it in span.attributes}
    links = [
        (link.trace_id.hex(), link.span_id.hex(), sum(it.value.int_value for it in link.attributes))
        for link in span.links
    ]
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return Span(service, span.name, *ids, span.kind, links, told)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on the loopback."""
    found = Collector()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if found.answers == 200:
                found.take(body)
            self.send_response(found.answers)
            self.end_headers()

        def log_message(self, *_said: Any) -> None:
            """It says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
