"""`python -m bench.metering`: what the figures cost an event, in a batch as services have them."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from msgspec import Raw

from chassis.delivery import Arrival
from chassis.meter import Meter
from contracts.cloudevent import CloudEvent

EVENTS, PER_MESSAGE, ROUNDS = 200, 50, 2_000
THEN = datetime(2026, 11, 21, 8, tzinfo=UTC)


def batch(per_moment: int) -> list[Arrival]:
    """A batch whose events share their publisher's moment with so many others."""
    return [
        Arrival(
            exchange="ticket.events",
            event=CloudEvent(
                specversion="1.0", id=str(number), source="s", type="t", data=Raw(b"{}"),
                time=THEN + timedelta(microseconds=number // per_moment),
            ),
        )
        for number in range(EVENTS)
    ]  # fmt: skip


def microseconds(found: list[Arrival]) -> float:
    """What counting one event of such a batch takes: delivered, processed, effected, published."""
    meter, begun = Meter(), time.perf_counter()
    for _ in range(ROUNDS):
        for _ in range(0, EVENTS, PER_MESSAGE):
            meter.delivered["ticket.events"] += 1
        meter.processed(found, 0.01)
        meter.effected(found, THEN)
        meter.published(Counter({"dispatch.events": EVENTS // PER_MESSAGE}), 0.01)
    return (time.perf_counter() - begun) / ROUNDS / EVENTS * 1e6


def main() -> None:
    """Prints both cases."""
    print(f"facts, {PER_MESSAGE} of one moment: {microseconds(batch(PER_MESSAGE)):.3f} µs an event")
    print(f"requests, each of its own moment: {microseconds(batch(1)):.3f} µs an event")


if __name__ == "__main__":
    main()
