"""The SQL of what *Flow* shows: sums of the roll-up, and the names of cells; never the history itself."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from psycopg.rows import dict_row

from chassis.database import Tx
from services.console.flow.slots import Window

PROGRESS = """
SELECT greatest((SELECT max(no) FROM ticket.history), upto) - upto, settled_at, since FROM flow_mark
"""
EVENTS = """
SELECT slot, type, events FROM flow_events
WHERE grain = %s AND slot >= %s AND slot < %s AND (%s::text[] IS NULL OR type = ANY(%s::text[]))
ORDER BY slot, type
"""
WAITS = """
SELECT giver, type, bucket, sum(events)::int FROM flow_waits
WHERE grain = %s AND slot >= %s AND slot < %s AND (%s::text[] IS NULL OR type = ANY(%s::text[]))
GROUP BY giver, type, bucket
"""
CELL = "SELECT code, name, level, path FROM dispatch.cell WHERE code = %s"
NAMES = "SELECT code, name FROM dispatch.cell WHERE code = ANY(%s::text[])"
CATEGORIES = """
SELECT DISTINCT ON (category) category, name_zh, name_en FROM dispatch.catalogue
WHERE category = ANY(%s::text[]) ORDER BY category, version DESC
"""
MOVED = """
SELECT cell, category, sum(received)::int AS received, sum(done)::int AS done FROM flow_heat
WHERE parent = %s AND day >= %s AND day <= %s GROUP BY GROUPING SETS ((cell), (category))
"""
BY_DAY = """
SELECT day, sum(received)::int, sum(done)::int FROM flow_heat
WHERE parent = %s AND day >= %s AND day <= %s GROUP BY day ORDER BY day
"""
WAITING = """
SELECT cell, category, sum(waiting)::int AS waiting, sum(late)::int AS late, min(day) AS oldest,
       (sum(waiting * (%s - day)::bigint) / sum(waiting))::float AS mean
FROM flow_heat WHERE parent = %s AND waiting > 0 GROUP BY GROUPING SETS ((cell), (category), (cell, category))
"""


def progress(tx: Tx) -> tuple[int, datetime, datetime]:
    """Row numbers still to count, when all was counted that was there, and since when it counts."""
    row = tx.execute(PROGRESS).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def events(tx: Tx, window: Window, types: Sequence[str] | None) -> list[tuple[datetime, str, int]]:
    """How often each type happened in each slot; `types` None: all of them."""
    rows = tx.execute(EVENTS, [*_span(window), types, types])
    return [(slot, kind, count) for slot, kind, count in rows]


def waits(tx: Tx, window: Window, types: Sequence[str] | None) -> list[tuple[str, str, int, int]]:
    """Who handed over, what came of it, in which bucket the time is, how often."""
    rows = tx.execute(WAITS, [*_span(window), types, types])
    return [(giver, kind, bucket, count) for giver, kind, bucket, count in rows]


def _span(window: Window) -> list[Any]:
    return [window.grain, window.since, window.until]


def cell(tx: Tx, code: str) -> tuple[str, str, list[str]] | None:
    """Name, level and path of a cell, or None."""
    row = tx.execute(CELL, [code]).fetchone()
    return (row[1], row[2], row[3]) if row else None


def names(tx: Tx, codes: Sequence[str]) -> dict[str, str]:
    """The names of cells."""
    return dict(tx.execute(NAMES, [list(codes)]).fetchall())


def categories(tx: Tx, codes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The names of categories in Chinese and English, as the catalogue has them now."""
    return {code: (zh, en) for code, zh, en in tx.execute(CATEGORIES, [list(codes)])}


def moved(tx: Tx, parent: str, since: date, until: date) -> list[Mapping[str, Any]]:
    """What came in and was done within these days below a cell, by the next cell and by category."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return list(cursor.execute(MOVED, [parent, since, until]))


def by_day(tx: Tx, parent: str, since: date, until: date) -> dict[date, tuple[int, int]]:
    """Day by day what came in and was done below a cell."""
    rows = tx.execute(BY_DAY, [parent, since, until])
    return {day: (received, done) for day, received, done in rows}


def waiting(tx: Tx, parent: str, today: date) -> list[Mapping[str, Any]]:
    """What waits now below a cell, by the next cell, by category, and by both."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return list(cursor.execute(WAITING, [today, parent]))
