"""What a process counts on its way, a batch at a time; asked only when Prometheus comes."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from chassis import figures
from chassis.delivery import Arrival, Unreadable
from chassis.metrics import Figure, Metric
from chassis.spread import Spread

Key = tuple[str, str, str]
"""Operation, destination, error: what OpenTelemetry tells apart."""

DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds; the bounds that OpenTelemetry advises for messaging."""
CRITICAL = (
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0, 14400.0,
    86400.0,
)  # fmt: skip


class Meter:
    """Counts of one process; each method is called once for many events."""

    def __init__(self) -> None:
        self.delivered: Counter[str] = Counter()
        """Messages by the exchange they came through."""
        self._sent: Counter[Key] = Counter()
        self._processed: dict[Key, Spread] = {}
        self._operations: dict[Key, Spread] = {}
        self._critical: dict[str, Spread] = {}
        self._timers: dict[str, Timer] = {}

    def processed(self, found: Sequence[Arrival | Unreadable], seconds: float, error: str = "") -> None:
        """A batch has come to its end after so many seconds."""
        exchanges = {item.exchange for item in found}
        where = exchanges.pop() if len(exchanges) == 1 else ""
        _note(self._processed, ("process", where, error), seconds)

    def effected(self, ready: Sequence[Arrival], at: datetime) -> None:
        """These have had their effect; neighbours of one batch of their publisher share their time."""
        moment, exchange, weight = None, "", 0
        for arrival in ready:
            if arrival.event.time == moment:
                weight += 1
                continue
            if moment is not None:
                self._took(exchange, moment, at, weight)
            moment, exchange, weight = arrival.event.time, arrival.exchange, 1
        if moment is not None:
            self._took(exchange, moment, at, weight)

    def published(self, sent: Counter[str], seconds: float, error: str = "") -> None:
        """The broker has answered for messages published together, by exchange, or for none of them."""
        where = next(iter(sent)) if len(sent) == 1 else ""
        _note(self._operations, ("publish", where, error), seconds)
        self.sent(sent, error)

    def sent(self, sent: Counter[str], error: str = "") -> None:
        """So many messages went out, or failed to."""
        for exchange, count in sent.items():
            self._sent["publish", exchange, error] += count

    def timer(self, name: str, seconds: float) -> "Timer":
        """The clock of this name, which is to run every so many seconds."""
        return self._timers.setdefault(name, Timer(seconds))

    def metrics(self) -> Iterator[Metric]:
        """All of it."""
        yield from (_counted(figures.CONSUMED, ("deliver", *it), n) for it, n in _no_error(self.delivered))
        yield from (_counted(figures.SENT, key, count) for key, count in list(self._sent.items()))
        yield from (_counted(figures.PROCESSED, key, it) for key, it in list(self._processed.items()))
        yield from (_counted(figures.OPERATIONS, key, it) for key, it in list(self._operations.items()))
        for exchange, spread in list(self._critical.items()):
            yield figures.CRITICAL(spread, messaging_destination_name=exchange)
        for name, timer in list(self._timers.items()):
            yield figures.TIMER_IDLE(time.monotonic() - timer.ended, timer=name)
            yield figures.TIMER_PERIOD(timer.seconds, timer=name)
            yield figures.TIMER_FAILED(timer.failures, timer=name)

    def _took(self, exchange: str, moment: datetime, at: datetime, weight: int) -> None:
        spread = self._critical.get(exchange)
        if spread is None:
            spread = self._critical[exchange] = Spread(CRITICAL)
        # A publisher's clock may be ahead of ours.
        spread.note(max((at - moment).total_seconds(), 0.0), weight)


class Timer:
    """When a clock last ran to its end, and how often it failed."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.ended, self.failures = seconds, time.monotonic(), 0

    def done(self) -> None:
        """It has run to its end."""
        self.ended = time.monotonic()


def _note(spreads: dict[Key, Spread], key: Key, seconds: float) -> None:
    spread = spreads.get(key)
    if spread is None:
        spread = spreads[key] = Spread(DURATIONS)
    spread.note(seconds)


def _no_error(counts: Counter[str]) -> list[tuple[tuple[str, str], int]]:
    return [((exchange, ""), count) for exchange, count in list(counts.items())]


def _counted(figure: Figure, key: Key, value: float | Spread) -> Metric:
    operation, destination, error = key
    return figure(
        value, messaging_system="rabbitmq", messaging_operation_name=operation,
        messaging_destination_name=destination, error_type=error,
    )  # fmt: skip
