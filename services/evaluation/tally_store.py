"""SQL of the tally: what is added with each batch, and what reports read instead of the cases."""

from collections.abc import Sequence
from datetime import datetime

from chassis.database import Tx
from chassis.rows import as_json, columns, from_json, texts
from services.evaluation.rates import NAMES, SINGLE, SPANS, Counts
from services.evaluation.tally import Change, deltas, month_of

SLOTS = 8
"""Rows of each cell: processes that write at the same time seldom wait for each other."""
SUMS = ", ".join(
    [
        *(f"sum({name})::int AS {name}" for name in SINGLE),
        f"ARRAY[{', '.join(f'sum({name})::int' for name in SPANS)}] AS spans",
    ]
)
ADD = f"""
INSERT INTO tally (dimension, month, key, kind, slot, {", ".join(NAMES)})
SELECT dimension, month, key, kind, pg_backend_pid() %% {SLOTS}, {", ".join(NAMES)}
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], {", ".join(["%s::int[]"] * len(NAMES))})
    AS more (dimension, month, key, kind, {", ".join(NAMES)})
ON CONFLICT (dimension, month, key, kind, slot) DO UPDATE SET
    {", ".join(f"{name} = tally.{name} + EXCLUDED.{name}" for name in NAMES)}
"""
CELLS = f"""
SELECT to_json(t)::text FROM (
    SELECT month, key, kind, {SUMS} FROM tally
    WHERE dimension = %s AND month BETWEEN %s AND %s GROUP BY month, key, kind ORDER BY month, key, kind
) t
"""
ISSUED = "SELECT DISTINCT month FROM scorecard WHERE month = ANY(%s)"
CORRECT = """
INSERT INTO correction (month, ticket, at, before, after)
SELECT month, ticket, %s, before, after
FROM json_to_recordset(%s) AS c (month text, ticket text, before jsonb, after jsonb)
"""


class Tallied(Counts, frozen=True, kw_only=True):
    """A cell of the tally and what is in it."""

    month: str
    key: str
    kind: str
    dimension: str = ""


def add(tx: Tx, changes: Sequence[Change], now: datetime) -> None:
    """Adds what has changed, in one statement and in the order of the cells.

    What changes in a month whose scorecard was issued becomes a correction of it.
    """
    cells = deltas(changes)
    if cells:
        rows = [(*cell, *row) for cell, row in cells.items()]
        tx.execute(ADD, columns(rows, 4 + len(NAMES)))
    past = [change for change in changes if change.month < month_of(now)]
    if past:
        _correct(tx, past, now)


def _correct(tx: Tx, past: Sequence[Change], now: datetime) -> None:
    """Looked up after the tally was written: who issues a scorecard lets nobody write it meanwhile."""
    months = sorted({change.month for change in past})
    issued = {month for (month,) in tx.execute(ISSUED, [texts(months)])}
    entries = [
        {"month": each.month, "ticket": each.ticket, "before": each.before, "after": each.after}
        for each in past
        if each.month in issued
    ]
    if entries:
        tx.execute(CORRECT, [now, as_json(entries)])


def cells(tx: Tx, dimension: str, first: str = "0000-00", last: str = "9999-99") -> list[Tallied]:
    """What is in the cells of a dimension, months from `first` to `last`, in the order of month and key."""
    return from_json(Tallied, tx.execute(CELLS, [dimension, first, last]))
