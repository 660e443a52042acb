"""What every service's schema says of one ticket, each by an index; nothing of who asked is read."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from psycopg import sql
from psycopg.rows import class_row, dict_row

from chassis.database import Tx
from contracts.registry import LEDGERS, SERVICES
from contracts.worktime import Calendar, covered
from services.console.ticket.domain import Delivery
from services.console.ticket.stuck import Parked, Waiting
from services.console.words import Pair

COLUMNS = (
    "id, sequence, state, source, external_id, channel, severity, category, grid, received_at, clock, "
    "due_at, assignee, assignee_kind, reworks, resolved, satisfaction, closed_at, desk"
)
MOST = 1000
"""Facts that are shown of one ticket."""
TICKET = f"SELECT {COLUMNS} FROM ticket.ticket WHERE id = %s"
HISTORY = """
SELECT * FROM (
    SELECT no, time, source, sequence, type, causationid, data FROM ticket.history
    WHERE ticket = %s ORDER BY no DESC LIMIT %s
) latest ORDER BY no
"""
PUBLISHED = {
    "ticket": "SELECT sequence FROM ticket.ticket WHERE id = %s",
    "dispatch": 'SELECT sequence FROM dispatch."case" WHERE id = %s',
    "evaluation": "SELECT sequence FROM evaluation.casefile WHERE id = %s",
}
POSITIONS = """
SELECT source, sequence FROM {schema}.position WHERE source = ANY(%s) AND partitionkey = %s
"""
WAITING = """
SELECT type, source, sequence, attempt, due_at, error, since FROM {schema}.waiting
WHERE source = ANY(%s) AND partitionkey = %s ORDER BY source, sequence LIMIT 50
"""
PARKED = """
SELECT no, type, source, sequence, reason, attempt, parked_at FROM {schema}.parked
WHERE state = 'open' AND source = ANY(%s) AND partitionkey = %s ORDER BY no LIMIT 50
"""
DELIVERIES = """
SELECT audience, template, channel, state, attempt, due_at, error FROM notification.delivery
WHERE ticket = %s AND state IN ('queued', 'handed') ORDER BY due_at LIMIT 50
"""
TAKEN_IN = """
SELECT id, type, client, received_at, state, problem FROM gateway.intake
WHERE ticket = %s ORDER BY received_at LIMIT 50
"""
RATING = """
SELECT state, round, window_ends_at, asked_at, rated_at, resolved, satisfaction FROM evaluation.casefile
WHERE id = %s
"""
CATEGORY = """
SELECT name_zh, name_en FROM dispatch.catalogue WHERE category = %s ORDER BY version DESC LIMIT 1
"""
PLACE = """
SELECT above.name FROM dispatch.cell below JOIN dispatch.cell above ON above.code = ANY(below.path)
WHERE below.code = %s ORDER BY cardinality(above.path)
"""
YEARS = "SELECT year FROM ticket.calendar_year"
DAYS = "SELECT day, works FROM ticket.calendar_day"


def ticket(tx: Tx, number: str) -> dict[str, Any] | None:
    """The ticket as it stands."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(TICKET, [number]).fetchone()


def history(tx: Tx, number: str, most: int = MOST) -> list[dict[str, Any]]:
    """The latest facts of its history, oldest first."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(HISTORY, [number, most]).fetchall()


def published(tx: Tx, number: str) -> dict[str, int]:
    """How many facts each service has published about it."""
    found = {name: tx.execute(statement, [number]).fetchone() for name, statement in PUBLISHED.items()}
    return {name: row[0] for name, row in found.items() if row}


def positions(tx: Tx, number: str) -> dict[tuple[str, str], int]:
    """By (service, publisher), how far the service has taken in what the publisher said about it."""
    sources = [_source(name) for name in SERVICES]
    return {
        (service, source.rpartition(":")[2]): sequence
        for service in SERVICES
        for source, sequence in tx.execute(_in(service, POSITIONS), [sources, number])
    }


def waiting(tx: Tx, number: str, sources: Sequence[str]) -> list[Waiting]:
    """What waits in any service; `sources` are those outside, besides the services themselves."""
    rows = _everywhere(tx, WAITING, number, sources)
    return [Waiting(service, **row) for service, row in rows]


def parked(tx: Tx, number: str, sources: Sequence[str]) -> list[Parked]:
    """What is parked in any service and not decided yet."""
    rows = _everywhere(tx, PARKED, number, sources)
    return [Parked(service, **row) for service, row in rows]


def deliveries(tx: Tx, number: str) -> list[Delivery]:
    """Messages about it that are not delivered yet."""
    with tx.cursor(row_factory=class_row(Delivery)) as cursor:
        return cursor.execute(DELIVERIES, [number]).fetchall()


def taken_in(tx: Tx, number: str) -> list[dict[str, Any]]:
    """What the gateway has taken in about it."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(TAKEN_IN, [number]).fetchall()


def rating(tx: Tx, number: str) -> dict[str, Any] | None:
    """How its evaluation stands."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(RATING, [number]).fetchone()


def category(tx: Tx, code: str | None) -> Pair | None:
    """What a category is called in the newest list."""
    row: tuple[str, str] | None = tx.execute(CATEGORY, [code]).fetchone()
    return row


def place(tx: Tx, code: str | None) -> list[str]:
    """The names of a cell and of those above it, the widest first."""
    return [name for (name,) in tx.execute(PLACE, [code])]


def calendar(tx: Tx) -> Calendar:
    """The working days."""
    years = {year for (year,) in tx.execute(YEARS)}
    differs: dict[date, bool] = dict(tx.execute(DAYS).fetchall())
    return Calendar(differs, covered(years))


def _everywhere(
    tx: Tx, statement: str, number: str, sources: Sequence[str]
) -> list[tuple[str, dict[str, Any]]]:
    known = [*map(_source, SERVICES), *sources]
    with tx.cursor(row_factory=dict_row) as cursor:
        return [
            (service, row)
            for service in LEDGERS
            for row in cursor.execute(_in(service, statement), [known, number]).fetchall()
        ]


def _source(service: str) -> str:
    return f"urn:fengge:{service}"


def _in(schema: str, statement: str) -> sql.Composed:
    return sql.SQL(statement).format(schema=sql.Identifier(schema))
