"""Histories for *Flow*: facts as the services write them, and what their counts must come to."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from chassis.database import Database
from chassis.settings import Settings
from deploy.local.endpoints import Endpoints
from services.console.flow import store
from services.console.flow.rolling import Roller
from tests.integration.process import until

RECEIVED = "cn.fengge.ticket.TicketReceived.v1"
ACCEPTED = "cn.fengge.ticket.TicketAccepted.v1"
OFFERED = "cn.fengge.dispatch.OfferMade.v1"
FACT = """
INSERT INTO ticket.history (ticket, source, sequence, type, time, causationid, data)
VALUES (%s, 'urn:fengge:' || %s, %s, %s, %s, %s, %s)
"""
TICKET = """
INSERT INTO ticket.ticket (id, sequence, state, source, external_id, channel, severity, category, grid,
    received_at, due_at)
VALUES (%s, 1, %s, '/city', %s, 'hotline_12345', 'general', %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state, category = EXCLUDED.category, grid = EXCLUDED.grid,
    due_at = EXCLUDED.due_at
"""
COUNTED = "SELECT type, sum(events)::int FROM flow_events WHERE grain = %s GROUP BY type"
THERE = "SELECT type, count(*)::int FROM ticket.history GROUP BY type"


def moment(**back: float) -> datetime:
    """A moment so long ago."""
    return datetime.now(UTC) - timedelta(**back)


def told(
    tx: Any, ticket: str, type_: str = RECEIVED, at: datetime | None = None, number: int = 1, cause: str = "",
    data: str = "{}",
) -> None:  # fmt: skip
    """One fact of the history."""
    values = [ticket, type_.split(".")[2], number, type_, at or moment(), cause, data]
    tx.execute(FACT, values)


def stands(
    tx: Any, ticket: str, state: str = "received", *, grid: str | None = None, category: str | None = None,
    received_at: datetime | None = None, due_at: datetime | None = None,
) -> None:  # fmt: skip
    """How a ticket stands from now on."""
    tx.execute(TICKET, [ticket, state, ticket, category, grid, received_at or moment(), due_at])


@contextmanager
def rolling(
    endpoints: Endpoints, rows_at_once: int = 1000, kind: type[Database] = Database
) -> Iterator[Roller]:
    """A process of the operators' room that counts."""
    database = kind(settings(endpoints), "console")
    try:
        yield Roller(database, rows_at_once)
    finally:
        database.close()


def settings(endpoints: Endpoints) -> Settings:
    """Those of a process of the operators' room."""
    url, amqp = endpoints.database_url("console"), endpoints.amqp_url("ticket")
    return Settings(amqp_url=amqp, database_url=url, statement_timeout=5, lock_timeout=1)


def counted_to_the_end(roller: Roller, tx: Any) -> None:
    """Counts until nothing is left; what other transactions hold back is waited for."""

    def done() -> bool:
        while roller.step():
            continue
        found = store.look(tx)
        tx.rollback()
        return found.newest <= found.done

    until(done)


def counted(tx: psycopg.Connection[Any], grain: str = "five") -> dict[str, int]:
    """How often each type counts in slots of one grain."""
    return dict(tx.execute(COUNTED, [grain]).fetchall())


def there(tx: psycopg.Connection[Any]) -> dict[str, int]:
    """How often each type stands in the history."""
    return dict(tx.execute(THERE).fetchall())


def everything(tx: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    """All counts, table by table."""
    shown = {
        "flow_events": "grain, slot, type, events",
        "flow_waits": "grain, slot, giver, type, bucket, events",
        "flow_open": "ticket, path, category, day, fresh, due_at, late",
        "flow_heat": "parent, day, cell, category, received, done, waiting, late",
    }
    return {
        table: sorted(tx.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)
        for table, columns in shown.items()
    }
