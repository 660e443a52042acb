"""The SQL of the rota: shifts that are still to come, what has been told of them, what changes hands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.states import Table
from contracts.terms import CHINA
from services.dispatch.shifts import Gap, Shift
from services.dispatch.watching import Watch

# A cell is served by the rota of every cell above it, too.
SHIFTS = """
SELECT w.code, r.assignee, r.role, r.from_at, r.to_at, r.repeat_days,
       greatest(r.valid_from::timestamp AT TIME ZONE 'Asia/Shanghai', r.opted_out_until) AS since,
       least(r.last + 1, r.valid_to + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' AS until
FROM cell w LEFT JOIN (
    SELECT r.cell, r.assignee, r.role, r.from_at, r.to_at, r.repeat_days, r.valid_to AS last,
           a.valid_from, a.valid_to, a.opted_out_until
    FROM rota r JOIN assignee a ON a.code = r.assignee AND a.active
    WHERE (r.repeat_days IS NOT NULL OR r.to_at > %(now)s) AND coalesce(r.valid_to, %(today)s) >= %(today)s
) r ON r.cell = ANY(w.path)
WHERE w.active AND {which} ORDER BY w.code, r.from_at, r.assignee
"""
OF_ROTAS = SHIFTS.format(which="w.code IN (SELECT cell FROM rota)")
OF_CELLS = SHIFTS.format(which="w.code = ANY(%(cells)s)")
TOLD = "SELECT id, told FROM rota_watch WHERE told <> '[]'"
WATCHES = Table("rota_watch", Watch, "sequence, cell, told")
# Only where somebody is there to take it over: a gap has an alarm of its own, days before.
CHANGING = """
SELECT c.id FROM "case" c JOIN cell p ON p.code = c.grid
WHERE c.kind = 'rota' AND c.state IN ('offered', 'accepted') AND c.beside = '[]' AND c.bound IS NULL
  AND NOT EXISTS (SELECT FROM rota r WHERE r.assignee = c.assignee AND on_duty(r, %(now)s))
  AND EXISTS (SELECT FROM rota r JOIN assignee a ON a.code = r.assignee
              WHERE r.cell = ANY(p.path) AND a.active AND on_duty(r, %(now)s))
LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED
"""
HELD = """
SELECT id, state, severity, category, grid, assignee, coalesce(expires_at, contact_due_at) AS due_at
FROM "case" WHERE kind = 'rota' AND state IN ('offered', 'accepted', 'contacted')
  AND (%(assignee)s::text IS NULL OR assignee = %(assignee)s) ORDER BY id
"""


def shifts(tx: Tx, now: datetime, cells: Sequence[str] | None = None) -> dict[str, list[Shift]]:
    """The shifts still to come that serve each cell with a rota of its own, or each of `cells`."""
    found: dict[str, list[Shift]] = {}
    values = {"now": now, "today": now.astimezone(CHINA).date(), "cells": list(cells or ())}
    for cell, assignee, role, from_at, to_at, repeat_days, since, until in tx.execute(
        OF_ROTAS if cells is None else OF_CELLS, values
    ):
        own = found.setdefault(cell, [])
        if assignee:
            own.append(
                Shift(assignee=assignee, role=role, from_at=from_at, to_at=to_at, repeat_days=repeat_days,
                      since=since, until=until)
            )  # fmt: skip
    return found


def told(tx: Tx) -> dict[str, list[Gap]]:
    """The gaps ahead that have been told, by the key of the watch."""
    return {key: msgspec.convert(gaps, list[Gap], strict=False) for key, gaps in tx.execute(TOLD)}


def load(tx: Tx, keys: Sequence[str]) -> dict[str, Watch]:
    """The watches with these keys, locked in their order."""
    return WATCHES.load(tx, keys)


def save(tx: Tx, watches: Sequence[Watch]) -> None:
    """Writes what has been told."""
    rows = [{**msgspec.structs.asdict(watch), "cell": watch.cell} for watch in watches]
    WATCHES.save(tx, watches, rows)


def changing_hands(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets nobody has begun whose holder's shift is over while somebody else is on duty, locked."""
    return [key for (key,) in tx.execute(CHANGING, {"now": now, "limit": limit})]


def held(tx: Tx, assignee: str | None = None) -> list[Mapping[str, Any]]:
    """Open tickets that somebody on a rota holds."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return list(cursor.execute(HELD, {"assignee": assignee}).fetchall())
