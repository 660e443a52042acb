"""What the notification service says of itself to Prometheus, from its partial indexes and small tables."""

from collections.abc import Iterator
from datetime import datetime

from chassis import backlog
from chassis.database import Tx
from chassis.metrics import Figure, Metric
from services.notification import channel_store

ALARMS = Figure("fengge_notification_alarms", "gauge", "Alarms that stand.")
DOWN = Figure("fengge_notification_channels_down", "gauge", "Channels whose breaker is open.")

CLOCKS = {
    channel: f"SELECT due_at FROM delivery WHERE state = 'queued' AND channel = '{channel}' AND due_at <= %s "
    "ORDER BY due_at LIMIT %s"
    for channel in ("console", "smtp", "sms", "app")
} | {
    "receipt": "SELECT due_at FROM delivery WHERE state = 'handed' AND due_at <= %s ORDER BY due_at LIMIT %s"
}
"""The moments at which something was to happen and has not; calls are people's to make."""


def figures(tx: Tx, now: datetime) -> Iterator[Metric]:
    """Alarms, and what is late."""
    yield ALARMS(channel_store.open_alarms(tx))
    yield from backlog.deadlines(tx, CLOCKS, now)
