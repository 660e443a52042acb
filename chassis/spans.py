"""Finished spans for OpenTelemetry's SDK: their ids come from the events, so they are made whole."""

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from contracts.cloudevent import CloudEvent

SCOPE = InstrumentationScope("fengge")
Ids = tuple[str, str, bool]
Span = tuple[int, int]
"""Begin and end in nanoseconds after 1970."""


class Spans:
    """Hands finished spans to a processor that sends them in batches from a thread of its own."""

    def __init__(self, endpoint: str, service: str, instance: int, queue: int, seconds: float) -> None:
        self._resource = Resource.create(
            {"service.name": service, "service.namespace": "fengge", "service.instance.id": str(instance)}
        )
        exporter = OTLPSpanExporter(endpoint=endpoint, timeout=seconds)
        self._processor = BatchSpanProcessor(exporter, max_queue_size=queue, schedule_delay_millis=1000)

    def consumed(
        self, name: str, own: Ids, lasted: Span, told: Mapping[str, Any], events: Sequence[tuple[Ids, int]]
    ) -> None:
        """A batch was processed; a link to each of its events says how often it had failed before."""
        links = [
            Link(_context(ids), {"fengge.attempt": attempt} if attempt else None) for ids, attempt in events
        ]
        self._end(name, own, lasted, SpanKind.CONSUMER, told, links=links)

    def produced(self, event: CloudEvent[Any], own: Ids, cause: Ids | None, batch: Ids, lasted: Span) -> None:
        """An event was made because of another, in a batch."""
        told = {
            "messaging.system": "rabbitmq", "messaging.operation.name": "create",
            "messaging.operation.type": "create", "messaging.message.id": event.id,
            "cloudevents.event_id": event.id, "cloudevents.event_source": event.source,
            "cloudevents.event_type": event.type, "cloudevents.event_subject": event.partitionkey,
        }  # fmt: skip
        name = f"create {event.type.split('.')[-2]}"
        self._end(name, own, lasted, SpanKind.PRODUCER, told, cause, [Link(_context(batch))])

    def served(self, method: str, status: int, own: Ids, caller: Ids | None, lasted: Span) -> None:
        """A request was answered."""
        told = {"http.request.method": method, "http.response.status_code": status}
        failed = Status(StatusCode.ERROR) if status >= 500 else Status()
        self._end(method, own, lasted, SpanKind.SERVER, told, caller, status=failed)

    def close(self) -> None:
        """Sends what is in hand."""
        self._processor.shutdown()  # type: ignore[no-untyped-call]

    def _end(
        self, name: str, own: Ids, lasted: Span, kind: SpanKind, told: Mapping[str, Any],
        parent: Ids | None = None, links: Sequence[Link] = (), status: Status | None = None,
    ) -> None:  # fmt: skip
        begun, ended = lasted
        above = _context(parent) if parent and parent[0] == own[0] else None
        self._processor.on_end(
            ReadableSpan(
                name, _context(own), above, self._resource, told, (), links, kind, None,
                status or Status(), begun, ended, SCOPE,
            )
        )  # fmt: skip


def _context(ids: Ids) -> SpanContext:
    trace, span, sampled = ids
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    return SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=flags)
