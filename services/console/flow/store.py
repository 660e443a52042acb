"""The SQL of the roll-up: the next piece of the history, what its rows came of, and the counts.

Every look into a large table goes row by row through an index (LATERAL with OFFSET 0): for a batch the
planner would read the whole table.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from chassis import horizon
from chassis.database import Tx
from chassis.horizon import FENCED, Look
from chassis.rows import array, columns, texts
from services.console.flow.counting import Counted, Known, Open, Row, Standing
from services.console.flow.slots import KEPT, LENGTH, kept

SOURCE = "urn:fengge:"
SENT = "cn.fengge.notification.NotificationSent.v1"
HEARERS = ("ticket", "dispatch", "evaluation")
"""Services that take events of outside systems."""
MOST_SOURCES = 32

LOOK = f"""{FENCED}
FROM (SELECT coalesce(max(no), 0) AS newest FROM ticket.history) AS rows,
     (SELECT upto AS done FROM flow_mark) AS mark
"""
MARK = "SELECT upto FROM flow_mark FOR UPDATE SKIP LOCKED"
NOTE = "UPDATE flow_mark SET newest = %s, settled_at = %s"
ADVANCE = "UPDATE flow_mark SET upto = %s"
PIECE = f"""
SELECT no, ticket, CASE WHEN starts_with(source, '{SOURCE}') THEN substr(source, {len(SOURCE) + 1})
       ELSE source END, sequence, type, time, CASE WHEN type <> '{SENT}' OR causationid <> '' THEN causationid
       WHEN data->>'attempt' = '1' THEN regexp_replace(data->>'key', '[.][^.]*$', '') ELSE '' END
FROM ticket.history WHERE no > %s AND no <= %s ORDER BY no LIMIT %s
"""
"""A message that a timer sent has no cause; its key begins with the id of the fact that it tells of."""
STANDING = """
SELECT found.id, state, coalesce(path, CASE WHEN grid IS NULL THEN '{}' ELSE ARRAY[grid] END),
       coalesce(category, ''), received_at, due_at
FROM unnest(%s::text[]) AS wanted (id) CROSS JOIN LATERAL (
    SELECT id, state, grid, category, received_at, due_at FROM ticket.ticket
    WHERE ticket.id = wanted.id OFFSET 0
) AS found LEFT JOIN LATERAL (
    SELECT path FROM dispatch.cell WHERE cell.code = found.grid OFFSET 0
) AS cell ON true
"""
FACTS = """
SELECT wanted.ticket, wanted.publisher, wanted.sequence, time
FROM unnest(%s::text[], %s::text[], %s::int[]) AS wanted (ticket, publisher, sequence) CROSS JOIN LATERAL (
    SELECT time FROM ticket.history
    WHERE history.ticket = wanted.ticket AND history.sequence = wanted.sequence
      AND history.source = 'urn:fengge:' || wanted.publisher LIMIT 1 OFFSET 0
) AS found
"""
ENTERED = """
SELECT wanted.id, received_at FROM unnest(%s::text[], %s::text[]) AS wanted (ticket, id) CROSS JOIN LATERAL (
    SELECT received_at FROM gateway.intake
    WHERE intake.ticket = wanted.ticket AND intake.id = wanted.id LIMIT 1 OFFSET 0
) AS found
"""
SAID = """
WITH RECURSIVE said (source, number) AS (
    SELECT min(source), 1 FROM {service}.inbox
    UNION ALL SELECT (SELECT min(source) FROM {service}.inbox WHERE source > said.source), number + 1
    FROM said WHERE source IS NOT NULL AND number < %s
)
SELECT wanted.id, found.time FROM unnest(%s::text[]) AS wanted (id)
CROSS JOIN (SELECT source FROM said WHERE source IS NOT NULL OFFSET 0) AS each CROSS JOIN LATERAL (
    SELECT time FROM {service}.inbox
    WHERE inbox.source = each.source AND inbox.id = wanted.id LIMIT 1 OFFSET 0
) AS found
"""
BEFORE = """
SELECT ticket, path, category, day, fresh, due_at, late FROM flow_open WHERE ticket = ANY(%s::text[])
"""
LATE = """
SELECT ticket, path, category, day, fresh, due_at, late FROM flow_open
WHERE NOT late AND due_at <= %s ORDER BY due_at LIMIT %s
"""
ADD_EVENTS = """
INSERT INTO flow_events SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::text[], %s::int[])
ON CONFLICT (grain, slot, type) DO UPDATE SET events = flow_events.events + EXCLUDED.events
"""
ADD_WAITS = """
INSERT INTO flow_waits
SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::smallint[], %s::int[])
ON CONFLICT (grain, slot, giver, type, bucket) DO UPDATE SET events = flow_waits.events + EXCLUDED.events
"""
ADD_HEAT = """
INSERT INTO flow_heat
SELECT * FROM unnest(%s::text[], %s::date[], %s::text[], %s::text[],
                     %s::int[], %s::int[], %s::int[], %s::int[])
ON CONFLICT (parent, day, cell, category) DO UPDATE SET
    received = flow_heat.received + EXCLUDED.received, done = flow_heat.done + EXCLUDED.done,
    waiting = flow_heat.waiting + EXCLUDED.waiting, late = flow_heat.late + EXCLUDED.late
"""
SAVE_OPEN = """
INSERT INTO flow_open SELECT ticket, string_to_array(path, E'\\x1f'), category, day, fresh, due_at, late
FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::bool[], %s::timestamptz[], %s::bool[])
    AS one (ticket, path, category, day, fresh, due_at, late)
ON CONFLICT (ticket) DO UPDATE SET path = EXCLUDED.path, category = EXCLUDED.category, day = EXCLUDED.day,
    fresh = EXCLUDED.fresh, due_at = EXCLUDED.due_at, late = EXCLUDED.late
"""
FORGET_OPEN = "DELETE FROM flow_open WHERE ticket = ANY(%s::text[])"
PRUNE = "DELETE FROM {table} WHERE grain = %s AND slot < %s"
PRUNE_HEAT = "DELETE FROM flow_heat WHERE waiting = 0 AND day < %s"
EMPTY = """
SELECT FROM flow_mark FOR UPDATE;
DELETE FROM flow_events; DELETE FROM flow_waits; DELETE FROM flow_open; DELETE FROM flow_heat;
UPDATE flow_mark SET upto = 0, newest = 0, settled_at = now(), since = now()
"""
BETWEEN = "\x1f"


def look(tx: Tx) -> Look:
    """How far the history is and how far it is counted; asks for the end of an index."""
    return horizon.look(tx, LOOK)


def alone(tx: Tx) -> int | None:
    """How far it is counted, and nobody else counts until this transaction ends; None if somebody does."""
    row = tx.execute(MARK).fetchone()
    return None if row is None else int(row[0])


def note(tx: Tx, newest: int, at: datetime) -> None:
    """Notes how far the history is known to be complete, and when that was."""
    tx.execute(NOTE, [newest, at])


def advance(tx: Tx, upto: int) -> None:
    """Moves the mark, in the transaction of the counts."""
    tx.execute(ADVANCE, [upto])


def piece(tx: Tx, after: int, upto: int, limit: int) -> list[Row]:
    """The next rows of the history, in order."""
    return [Row(*row) for row in tx.execute(PIECE, [after, upto, limit])]


def standing(tx: Tx, tickets: Iterable[str]) -> dict[str, Standing]:
    """How these tickets stand at present, with the way to their cell; standing orders are none."""
    rows = tx.execute(STANDING, [texts(list(tickets))])
    return {ticket: Standing(state, tuple(path), *rest) for ticket, state, path, *rest in rows}


def opens(tx: Tx, tickets: Iterable[str]) -> dict[str, Open]:
    """How those of these tickets are counted that wait."""
    return _opens(tx.execute(BEFORE, [texts(list(tickets))]))


def passed(tx: Tx, now: datetime, limit: int) -> dict[str, Open]:
    """Waiting tickets whose deadline is over and that do not count as late yet."""
    return _opens(tx.execute(LATE, [now, limit]))


def _opens(rows: Iterable[Any]) -> dict[str, Open]:
    return {ticket: Open(tuple(path), *rest) for ticket, path, *rest in rows}


def facts(tx: Tx, wanted: Sequence[tuple[str, str, int]]) -> dict[str, tuple[str, datetime]]:
    """When these facts (ticket, publisher, sequence) were made, by their ids."""
    if not wanted:
        return {}
    rows = tx.execute(FACTS, columns(wanted, 3))
    return {f"{ticket}.{who}.{number}": (who, time) for ticket, who, number, time in rows}


def entered(tx: Tx, wanted: Sequence[tuple[str, str]]) -> dict[str, tuple[str, datetime]]:
    """When the gateway took in these events (ticket, id), by id; it may have forgotten old ones."""
    if not wanted:
        return {}
    return {id_: ("gateway", time) for id_, time in tx.execute(ENTERED, columns(wanted, 2))}


def said(tx: Tx, service: str, ids: Sequence[str]) -> Known:
    """When the senders of these events say that they happened, by id, as `service` has noted it."""
    if not ids or service not in HEARERS:
        return {}
    rows = tx.execute(SAID.format(service=service).encode(), [MOST_SOURCES, texts(ids)])
    return {id_: ("outside", time) for id_, time in rows}


def save(tx: Tx, counted: Counted) -> None:
    """Adds what was counted, each sum once, in the order of the keys."""
    _add(tx, ADD_EVENTS, 4, [(*key, n) for key, n in sorted(counted.events.items())])
    _add(tx, ADD_WAITS, 6, [(*key, n) for key, n in sorted(counted.waits.items())])
    heat = sorted(counted.heat.items())
    _add(tx, ADD_HEAT, 8, [(*key, n.received, n.done, n.waiting, n.late) for key, n in heat])
    waiting = {ticket: one for ticket, one in counted.opens.items() if one}
    _add(tx, SAVE_OPEN, 7, [_open(ticket, one) for ticket, one in sorted(waiting.items())])
    if gone := [ticket for ticket, one in counted.opens.items() if one is None]:
        tx.execute(FORGET_OPEN, [texts(gone)])


def _open(ticket: str, one: Open) -> tuple[Any, ...]:
    return ticket, BETWEEN.join(one.path), one.category, one.day, one.fresh, one.due_at, one.late


def _add(tx: Tx, statement: str, width: int, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        tx.execute(statement.encode(), [array([row[index] for row in rows]) for index in range(width)])


def prune(tx: Tx, now: datetime) -> None:
    """Forgets the slots that are no longer kept."""
    for grain in LENGTH:
        for table in ("flow_events", "flow_waits"):
            tx.execute(PRUNE.format(table=table).encode(), [grain, kept(grain, now)])
    tx.execute(PRUNE_HEAT, [(now - KEPT["day"]).date()])


def empty(tx: Tx) -> None:
    """Forgets every count; they are made again from the history."""
    tx.execute(EMPTY)
