"""What the dispatch service says of itself to Prometheus, from its partial indexes and small tables."""

from collections.abc import Iterator
from datetime import datetime

from chassis import backlog
from chassis.database import Tx
from chassis.metrics import Figure, Metric
from services.dispatch import rota_store

GAPS = Figure("fengge_rota_gaps_ahead", "gauge", "Gaps of the rotas in the days to come.")

CLOCKS = {
    "offer": 'SELECT expires_at FROM "case" WHERE expires_at <= %s ORDER BY expires_at LIMIT %s',
    "arrival": 'SELECT arrive_by FROM "case" WHERE arrive_by <= %s ORDER BY arrive_by LIMIT %s',
}
"""The moments at which something was to happen and has not."""


def figures(tx: Tx, now: datetime) -> Iterator[Metric]:
    """How many gaps of the rotas are ahead, and what is late."""
    yield GAPS(sum(map(len, rota_store.told(tx).values())))
    yield from backlog.deadlines(tx, CLOCKS, now)
