"""Figures for Prometheus: each is declared once, and each of its labels has a finite set of values."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, get_args

from msgspec import Struct
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from chassis.spread import Spread
from contracts.problem import TITLES
from contracts.registry import LEDGERS, SCHEMAS
from contracts.terms import Severity

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Kind = Literal["counter", "gauge", "histogram"]
Bounds = Mapping[str, frozenset[str]]
"""The values that a label may have."""
OTHER = "other"
"""What is told of any other: a ticket, a person or a stranger's word never becomes a label."""

VALUES: Bounds = {
    "service": frozenset(SCHEMAS),
    "messaging_system": frozenset({"rabbitmq"}),
    "messaging_operation_name": frozenset({"publish", "process", "deliver"}),
    "messaging_destination_name": frozenset(
        {"", "gov.inbound", "gov.outside", "gov.replies", "gov.facts",
         *(f"{name}.{what}" for name in LEDGERS for what in ("events", "replies"))}
    ),
    "error_type": frozenset({"", "unroutable", "unconfirmed", "not_committed"}),
    "reason": frozenset({*TITLES, "mapping", "source"}),
    "ticket_severity": frozenset(get_args(Severity)),
    "clock": frozenset(
        {"deadline", "letter", "visit", "standing_order", "alarm", "offer", "arrival", "contact", "rating",
         "console", "smtp", "sms", "app", "receipt", "webhook"}
    ),
}  # fmt: skip


class Figure(Struct, frozen=True):
    """A figure and what it means; a counter only grows while the process lives. Call it with a value."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()

    def __call__(self, value: float | Spread, **labels: str) -> "Metric":
        """The figure at this moment."""
        return Metric(self, value, labels)


class Metric(Struct, frozen=True):
    """One value of a figure."""

    figure: Figure
    value: float | Spread
    labels: Mapping[str, str] = {}


class Board(Collector):
    """The registry of one process: what `ask` tells at each scrape, and what its CPU and memory are."""

    def __init__(self, service: str, own: Bounds, ask: Callable[[], Iterable[Metric]]) -> None:
        self._service, self._ask = service, ask
        self._bounds = {**VALUES, **own}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> str:
        """Everything in Prometheus' text format 0.0.4."""
        return generate_latest(self._registry).decode()

    def collect(self) -> Iterable[Family]:
        """What Prometheus' client asks each collector for: families of samples."""
        told: dict[Figure, dict[tuple[str, ...], float | Spread]] = {}
        for metric in self._ask():
            samples = told.setdefault(metric.figure, {})
            key = tuple(self.bounded(label, metric.labels[label]) for label in metric.figure.labels)
            samples[key] = (
                _together(metric.figure, samples[key], metric.value) if key in samples else metric.value
            )
        service = self.bounded("service", self._service)
        return [_family(figure, service, samples) for figure, samples in told.items()]

    def bounded(self, label: str, value: str) -> str:
        """The value itself where the label may have it."""
        return value if value in self._bounds[label] else OTHER


def _together(figure: Figure, one: float | Spread, two: float | Spread) -> float | Spread:
    """What two values under one label come to, where both are `other`: the longer age, or the sum."""
    if isinstance(one, Spread) and isinstance(two, Spread):
        return one.plus(two)
    assert not isinstance(one, Spread)
    assert not isinstance(two, Spread)
    aged = figure.kind == "gauge" and figure.name.endswith("_seconds")
    return max(one, two) if aged else one + two


def _family(figure: Figure, service: str, samples: Mapping[tuple[str, ...], float | Spread]) -> Family:
    labels = ("service", *figure.labels)
    if figure.kind == "histogram":
        spread = HistogramMetricFamily(figure.name, figure.meaning, labels=labels)
        for key, value in samples.items():
            assert isinstance(value, Spread)
            spread.add_metric([service, *key], value.buckets(), value.sum)
        return spread
    kind = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
    family = kind(figure.name, figure.meaning, labels=labels)
    for key, value in samples.items():
        assert not isinstance(value, Spread)
        family.add_metric([service, *key], value)
    return family
