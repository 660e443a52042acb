"""What the evaluation service says of itself to Prometheus, from its partial indexes and small tables."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from chassis import backlog
from chassis.database import Tx
from chassis.metrics import Figure, Metric
from services.evaluation import guess_store
from services.evaluation.guessing import Share

SHUT = Figure(
    "fengge_evaluation_guessers_shut", "gauge",
    "Publishers whose rating codes are not looked at for now: too many were wrong.",
)  # fmt: skip

CLOCKS = {
    "rating": "SELECT window_ends_at FROM casefile WHERE state = 'asked' AND window_ends_at <= %s "
    "ORDER BY window_ends_at LIMIT %s",
    "contact": "SELECT contact_due_at FROM casefile WHERE contact_due_at <= %s "
    "AND contacted_in_time IS NULL AND NOT contact_missed ORDER BY contact_due_at LIMIT %s",
}
"""The moments at which something was to happen and has not."""


def figures(tx: Tx, share: Share, now: datetime) -> Iterator[Metric]:
    """How many publishers send nothing but wrong codes, and what is late."""
    yield SHUT(guess_store.shut(tx, now + timedelta(seconds=(share.burst - 1) * share.seconds)))
    yield from backlog.deadlines(tx, CLOCKS, now)
