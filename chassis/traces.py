"""Traces for OpenTelemetry: a span for each batch, linked to its events, and one for each event published.

An event's traceparent names the span that made it, so its trace runs through every service. Spans are made
after COMMIT, from what the batch has come to; without an endpoint no SDK is loaded, and nothing here runs.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from chassis.delivery import Arrival
from chassis.settings import Settings
from contracts.cloudevent import CloudEvent

LINKS = 128
"""Links of one span at most (OpenTelemetry specification, span limits)."""
QUEUE = 20_000
"""Spans in hand; beyond it the oldest are let go, and the service goes on."""
SECONDS = 2.0
"""For one export, and for the last one when the process ends."""
Context = tuple[str, str, bool]
"""Trace, span, and whether it is wanted."""
WSGI = Callable[[dict[str, Any], Any], Iterable[bytes]]


def start(settings: Settings, service: str) -> "Traces | None":
    """What makes spans of this process, if OTEL_EXPORTER_OTLP_ENDPOINT says where they go."""
    return Traces(settings, service) if settings.otel_exporter_otlp_endpoint else None


class Traces:
    """Makes spans and hands them to the SDK, whose own thread (green under eventlet) sends them."""

    def __init__(self, settings: Settings, service: str) -> None:
        from chassis.spans import Spans

        endpoint = f"{settings.otel_exporter_otlp_endpoint.rstrip('/')}/v1/traces"
        self._spans = Spans(endpoint, service, settings.instance, QUEUE, SECONDS)
        self._service, self._share = service, settings.otel_traces_sampler_arg
        for noisy in ("opentelemetry", "urllib3"):
            logging.getLogger(noisy).setLevel(logging.ERROR)

    def committed(self, ready: Sequence[Arrival], published: Sequence[CloudEvent[Any]], begun: int) -> None:
        """A batch began so many nanoseconds after 1970 and is committed now."""
        ended = time.time_ns()
        causes = {arrival.event.id: context(arrival.event.traceparent) for arrival in ready}
        links = [
            (found, arrival.attempt)
            for arrival in ready
            if (found := causes[arrival.event.id]) and self._wanted(found)
        ]
        made = [
            (event, found)
            for event in published
            if (found := context(event.traceparent)) and self._wanted(found)
        ]
        if not links and not made:
            return
        batch = (f"{random.getrandbits(128):032x}", f"{random.getrandbits(64):016x}", True)
        exchanges = {arrival.exchange for arrival in ready}
        told = {
            "messaging.system": "rabbitmq",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.consumer.group.name": self._service,
            "messaging.batch.message_count": len(ready),
        }
        if len(exchanges) == 1:
            told["messaging.destination.name"] = next(iter(exchanges))
        self._spans.consumed(f"process {self._service}", batch, (begun, ended), told, links[:LINKS])
        for event, own in made:
            self._spans.produced(event, own, causes.get(event.causationid), batch, (begun, ended))

    def around(self, app: WSGI) -> WSGI:
        """The application, each of whose answers is a span: the one that the events it takes in come from."""

        def answered(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            begun, said = time.time_ns(), dict[str, str]()

            def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
                said.update({"status": status, **{name.lower(): value for name, value in headers}})
                return start_response(status, headers, *more)

            body = app(environ, begin)
            trace = said.get("x-trace-id", "")
            own = (trace, trace[:16], True)
            if trace and self._wanted(own):
                status = int(said["status"].partition(" ")[0])
                caller = context(environ.get("HTTP_TRACEPARENT", ""))
                self._spans.served(environ["REQUEST_METHOD"], status, own, caller, (begun, time.time_ns()))
            return body

        return answered

    def close(self) -> None:
        """Sends what is in hand, within two seconds."""
        last = threading.Thread(target=self._spans.close, daemon=True)
        last.start()
        last.join(SECONDS)

    def _wanted(self, found: Context) -> bool:
        """By its sender's word and by the share of traces that is kept, the same share in every process."""
        trace, _, sampled = found
        return sampled and int(trace[16:], 16) < self._share * 2**64


def context(traceparent: str) -> Context | None:
    """What a traceparent says (W3C Trace Context, level 1), None where it is not one."""
    if len(traceparent) != 55 or traceparent[2] + traceparent[35] + traceparent[52] != "---":
        return None
    trace, span, flags = traceparent[3:35], traceparent[36:52], traceparent[53:]
    try:
        sampled = bool(int(flags, 16) & 1)
        return (trace, span, sampled) if int(trace, 16) and int(span, 16) else None
    except ValueError:
        return None
