"""Under which trace a ticket's first fact went out: its message is found in the outbox by its time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from chassis.database import Tx

AROUND = timedelta(seconds=2)
"""A message is written in the transaction of its facts; their time is a little before it."""
# All of the moment first: with a limit beside it the planner would rather read the table from its start.
NEAR = """
WITH near AS MATERIALIZED (
    SELECT id, body FROM ticket.outbox WHERE created_at BETWEEN %(from)s AND %(to)s
)
SELECT body FROM near WHERE strpos(body, %(number)s) > 0 ORDER BY id LIMIT 1
"""


@dataclass(frozen=True)
class Trace:
    """The ids by which logs and traces of all services are found."""

    trace: str
    correlation: str
    event: str


def trace(tx: Tx, number: str, at: datetime) -> Trace | None:
    """The trace of the ticket's first message; None where the outbox no longer has it."""
    values = {"from": at - AROUND, "to": at + AROUND, "number": number}
    row = tx.execute(NEAR, values).fetchone()
    return _read(row[0], number) if row else None


def _read(body: str, number: str) -> Trace | None:
    found: Any = msgspec.json.decode(body)
    for event in found if isinstance(found, list) else [found]:
        if event.get("partitionkey") == number:
            parent = event.get("traceparent", "")
            return Trace(parent[3:35] or "-", event.get("correlationid") or "-", event["id"])
    return None
