"""What the ticket service says of itself to Prometheus, from its partial indexes and small tables."""

from collections.abc import Iterator
from datetime import datetime
from typing import get_args

from chassis import backlog
from chassis.database import Tx
from chassis.metrics import Figure, Metric
from contracts.terms import Severity
from services.ticket import calendar
from services.ticket.audit import seals
from services.ticket.privacy import vault_store

CALENDAR = Figure("fengge_calendar_days_ahead", "gauge", "Days ahead that a notice covers.")
UNSEALED = Figure("fengge_seal_unsealed", "gauge", "Row numbers of the history behind the last seal.")
SEAL_LAG = Figure("fengge_seal_lag_seconds", "gauge", "How long what is noted waits for it.")
MODEL = Figure("fengge_category_model", "gauge", "1 with a model in use.")
CLEAR = Figure("fengge_vault_clear", "gauge", "Rows of the vault not sealed yet.")
UNASSIGNED = Figure(
    "fengge_tickets_unassigned", "gauge",
    "Tickets that nobody has taken in hand, among the 20,000 whose clocks ring next.", ("ticket_severity",),
)  # fmt: skip
UNASSIGNED_AGE = Figure(
    "fengge_tickets_unassigned_oldest_seconds", "gauge", "How long the first of them has waited.",
    ("ticket_severity",),
)  # fmt: skip

CLOCKS = {
    "deadline": "SELECT alarm_at FROM ticket WHERE alarm_at <= %s ORDER BY alarm_at LIMIT %s",
    "standing_order": "SELECT due_at FROM standing_order WHERE due_at <= %s ORDER BY due_at LIMIT %s",
    "visit": "SELECT due_at FROM visit WHERE due_at <= %s ORDER BY due_at LIMIT %s",
    "alarm": "SELECT again_at FROM sensor WHERE again_at <= %s ORDER BY again_at LIMIT %s",
}
"""The moments at which something was to happen and has not."""
WAITING = """
SELECT severity, count(*), extract(epoch FROM %s - min(received_at)) FROM
    (SELECT severity, state, received_at FROM ticket WHERE alarm_at IS NOT NULL
     ORDER BY alarm_at LIMIT 20000) nearest
WHERE state IN ('received', 'accepted', 'dispatching') GROUP BY severity
"""


def figures(tx: Tx, now: datetime) -> Iterator[Metric]:
    """How far the seal is behind the history, how far ahead the calendar reaches, who waits, what is late."""
    yield CALENDAR(calendar.days_ahead(calendar.in_force(tx), now))
    yield UNSEALED(seals.unsealed_numbers(tx))
    yield CLEAR(vault_store.clear(tx))
    waiting = {severity: (count, float(age)) for severity, count, age in tx.execute(WAITING, [now])}
    for severity in get_args(Severity):
        count, age = waiting.get(severity, (0, 0.0))
        yield UNASSIGNED(count, ticket_severity=severity)
        yield UNASSIGNED_AGE(max(age, 0.0), ticket_severity=severity)
    yield from backlog.deadlines(tx, CLOCKS, now)
