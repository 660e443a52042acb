"""What a process says of itself to Prometheus, in its text format 0.0.4: counts since its start, backlogs."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from chassis import outbox, parked, waiting
from chassis.counts import Counts
from chassis.database import Tx

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metric(Struct, frozen=True):
    """One figure and what it means; a counter only grows while the process lives."""

    name: str
    kind: Literal["counter", "gauge"]
    meaning: str
    value: float


def text(service: str, metrics: Iterable[Metric]) -> str:
    """The figures of one process of `service`, a sample each."""
    return "".join(
        f"# HELP {each.name} {each.meaning}\n# TYPE {each.name} {each.kind}\n"
        f'{each.name}{{service="{service}"}} {each.value:.15g}\n'
        for each in metrics
    )


def counted(counts: Counts, readable: bool) -> list[Metric]:
    """What became of the events of this process; `readable` says whether its ledger could be asked."""
    total = {
        "accepted": (counts.accepted, "Events taken over from the broker."),
        "resumed": (counts.resumed, "Events that had waited and wait no more."),
        "effected": (counts.effected, "Events that took effect."),
        "repeated": (counts.repeated, "Events dropped because they had been taken before."),
        "parked": (counts.parked, "Events parked for a person."),
        "waiting": (counts.waiting, "Events of the broker that had to wait first."),
    }
    unaccounted = "accepted + resumed - effected - repeated - parked - waiting; anything but 0 is an error."
    return [
        *(Metric(f"fengge_events_{key}_total", "counter", *told[::-1]) for key, told in total.items()),
        Metric("fengge_events_unaccounted", "gauge", unaccounted, counts.unaccounted),
        Metric("fengge_ledger_readable", "gauge", "Whether the figures of the ledger follow.", readable),
    ]


def backlog(tx: Tx) -> list[Metric]:
    """What lies in the ledger of the service at this moment, from its partial indexes and small tables."""
    unsent, age = outbox.backlog(tx)
    waits, oldest, overdue = waiting.backlog(tx)
    return [
        Metric("fengge_outbox_unsent", "gauge", "Messages not yet confirmed by the broker.", unsent),
        Metric("fengge_outbox_oldest_seconds", "gauge", "Age of the oldest of them.", age),
        Metric("fengge_waiting", "gauge", "Events that wait behind a gap or for their next try.", waits),
        Metric("fengge_waiting_oldest_seconds", "gauge", "How long the first of them has waited.", oldest),
        Metric("fengge_waiting_overdue_seconds", "gauge", "How long the next try is overdue.", overdue),
        Metric("fengge_parked_open", "gauge", "Records that wait for a decision.", parked.open_records(tx)),
    ]
