"""Spans go to an OTLP receiver; one ticket's trace runs through four services."""

import subprocess
import sys
from typing import Any

import msgspec
import psycopg
import pytest

from chassis import settings, traces
from contracts.registry import SERVICES
from deploy.local.accounts import OWNER
from tests.integration.collector import Collector, Span, collecting
from tests.integration.process import TICKET, Process, Stage, free_port, request, until

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CONSUMER, PRODUCER, SERVER = 5, 4, 2
HOUSE = {"NOTIFY_TOKEN": "n" * 40, "EVALUATION_TOKEN": "e" * 40, "SMTP_URL": "smtp://127.0.0.1:9"}


def submit(stage: Stage, number: int, traceparent: str = f"00-{TRACE}-{PARENT}-01") -> None:
    """A request under a trace of its sender's."""
    said = msgspec.json.decode(request(number, category="street_lighting", grid="99010100100101"))
    event = {**said, "traceparent": traceparent}
    stage.send(msgspec.json.encode(event))


def launched(stage: Stage, name: str, collector: Collector) -> Process:
    """One of the four services, which sends its spans to the collector."""
    return stage.launch(
        f"services.{name}.service:{name.capitalize()}Service",
        AMQP_URL=stage.endpoints.amqp_url(name),
        DATABASE_URL=stage.endpoints.database_url(name),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        **HOUSE,
    )


def links(spans: list[Span]) -> list[tuple[str, str, int]]:
    """Trace, span and earlier tries of what was processed."""
    return [link for span in spans if span.kind == CONSUMER for link in span.links]


def test_one_tickets_trace_crosses_four_services(stage: Stage) -> None:
    with collecting() as collector:
        processes = [launched(stage, name, collector) for name in SERVICES]
        for process in processes:
            until(process.ready)
        submit(stage, 1)

        def touched() -> set[str]:
            spans = list(collector.spans)
            return {it.service for it in spans if TRACE in (it.trace, *(link[0] for link in it.links))}

        until(lambda: touched() == set(SERVICES))
        made = {span.span: span for span in collector.spans if span.kind == PRODUCER and span.trace == TRACE}
        (received,) = [span for span in made.values() if span.name == "create TicketReceived"]
        assert (received.service, received.parent) == ("ticket", PARENT)
        until(lambda: any(span.trace == TRACE for span in collector.of("dispatch")))
        made = {span.span: span for span in collector.spans if span.kind == PRODUCER and span.trace == TRACE}
        for span in made.values():
            assert span.parent == PARENT or made[span.parent].service in SERVICES
        assert PARENT in {link[1] for link in links(collector.of("ticket"))}
        others = {*SERVICES} - {"ticket"}

        def heard() -> set[str]:
            return {name for name in others if received.span in {it[1] for it in links(collector.of(name))}}

        until(lambda: heard() == others)
        for process in processes:
            assert process.stop()[0] == 0


@pytest.mark.long
def test_what_is_tried_again_is_linked_with_its_tries(stage: Stage) -> None:
    with collecting() as collector:
        process = stage.start(TICKET, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        with psycopg.connect(stage.endpoints.database_url(OWNER), autocommit=True) as tx:
            tx.execute("ALTER TABLE ticket.request RENAME TO gone")
            try:
                submit(stage, 2)
                until(lambda: stage.query("SELECT 1 FROM waiting"))
            finally:
                tx.execute("ALTER TABLE ticket.gone RENAME TO request")
        until(lambda: (TRACE, PARENT, 1) in links(collector.of("ticket")))
        assert process.stop()[0] == 0


@pytest.mark.long
def test_spans_in_hand_are_sent_before_the_process_ends(stage: Stage) -> None:
    with collecting() as collector:
        process = stage.start(TICKET, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        submit(stage, 3)
        until(lambda: stage.tickets() == 1)
        assert process.stop()[0] == 0
        assert {"create TicketReceived"} <= {span.name for span in collector.spans}


@pytest.mark.long
def test_nobody_waits_for_a_collector_that_is_away(stage: Stage) -> None:
    process = stage.start(TICKET, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    for number in range(4, 24):
        submit(stage, number)
    until(lambda: stage.tickets() == 20)
    until(stage.quiet)
    assert process.get("/livez")[0] == 200
    status, seconds = process.stop()
    assert status == 0
    assert seconds < 9


@pytest.mark.long
@pytest.mark.parametrize("traceparent", [f"00-{TRACE}-{PARENT}-00", f"00-{TRACE}-{PARENT}-01"])
def test_whether_a_trace_is_wanted_is_its_senders_word(stage: Stage, traceparent: str) -> None:
    with collecting() as collector:
        process = stage.start(TICKET, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        submit(stage, 30, traceparent)
        until(lambda: stage.tickets() == 1)
        assert process.stop()[0] == 0
        assert bool([span for span in collector.spans if span.trace == TRACE]) == traceparent.endswith("1")


def test_an_answer_of_the_gateway_is_the_span_that_its_events_come_from() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("202 ACCEPTED", [("X-Trace-Id", TRACE)])
        return [b"{}"]

    with collecting() as collector:
        found = traces.Traces(chosen(collector.url), "gateway")
        environ = {"REQUEST_METHOD": "POST", "HTTP_TRACEPARENT": f"00-{TRACE}-{PARENT}-01"}
        assert found.around(app)(environ, lambda *said: None) == [b"{}"]
        found.close()
        (span,) = collector.spans
    assert (span.service, span.name, span.kind, span.trace) == ("gateway", "POST", SERVER, TRACE)
    assert (span.span, span.parent) == (TRACE[:16], PARENT)


def test_a_share_of_the_traces_is_the_same_share_everywhere() -> None:
    half = traces.Traces(chosen("http://127.0.0.1:9", otel_traces_sampler_arg=0.5), "ticket")
    assert half._wanted(("0" * 31 + "1", PARENT, True))
    assert not half._wanted(("f" * 32, PARENT, True))
    assert not half._wanted(("0" * 31 + "1", PARENT, False))
    half.close()


def chosen(endpoint: str = "", **more: Any) -> settings.Settings:
    """The settings of a process whose spans go there."""
    return settings.Settings(
        amqp_url="amqp://x", database_url="postgresql://x", otel_exporter_otlp_endpoint=endpoint, **more
    )


def test_without_an_endpoint_no_sdk_is_loaded() -> None:
    said = (
        "import chassis.loops, services.ticket.service, sys; print('opentelemetry' in str(list(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", said], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
    assert traces.start(chosen(), "ticket") is None


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (f"00-{TRACE}-{PARENT}-01", (TRACE, PARENT, True)),
        (f"00-{TRACE}-{PARENT}-00", (TRACE, PARENT, False)),
        (f"00-{'0' * 32}-{PARENT}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{'z' * 32}-{PARENT}-01", None),
        ("-" * 55, None),
        ("", None),
    ],
)
def test_a_traceparent_is_read_or_left(said: str, found: object) -> None:
    assert traces.context(said) == found
