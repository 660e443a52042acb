"""SQL of the scorecards: issued once, never changed; what changes later is a correction of its own."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from chassis.database import Tx
from chassis.rows import from_json
from services.evaluation.settlement import Marks
from services.evaluation.tally import DIMENSIONS, Change, Counted
from services.evaluation.tally_store import SUMS, Tallied

LOCK = "LOCK TABLE tally IN SHARE MODE"
ISSUE = f"""
INSERT INTO scorecard (month, dimension, issued_at, weights, marks, cells)
SELECT %(month)s, dimension, %(now)s,
    (SELECT value FROM policy WHERE name = 'composite_weights' AND valid_from <= %(now)s
     ORDER BY version DESC LIMIT 1),
    (SELECT value || jsonb_build_object('version', version) FROM policy
     WHERE name = 'settlement_marks' AND valid_from <= %(now)s AND d.dimension = 'contract'
     ORDER BY version DESC LIMIT 1),
    coalesce((SELECT json_agg(t) FROM (
        SELECT month, key, kind, {SUMS} FROM tally
        WHERE tally.dimension = d.dimension AND month = %(month)s
        GROUP BY month, key, kind HAVING sum(cases) <> 0 ORDER BY key, kind) t), '[]')::jsonb
FROM unnest(%(dimensions)s::text[]) AS d (dimension)
ON CONFLICT DO NOTHING
"""
DUE = """
SELECT DISTINCT month FROM tally WHERE dimension = 'severity' AND month < %s
    AND NOT EXISTS (SELECT FROM scorecard WHERE scorecard.month = tally.month) ORDER BY month
"""
ISSUED = """
SELECT to_json(s)::text
FROM (SELECT issued_at, weights, cells, marks FROM scorecard WHERE month = %s AND dimension = %s) s
"""
CORRECTIONS = "SELECT ticket, before::text, after::text FROM correction WHERE month = %s ORDER BY no"


class Issued(Struct, frozen=True):
    """A scorecard as it was issued."""

    issued_at: datetime
    weights: Mapping[str, float]
    cells: list[Tallied]
    marks: Marks | None = None
    """By what contracts are marked; None of other dimensions, and of months issued before there were any."""


def issue(tx: Tx, month: str, now: datetime) -> bool:
    """Issues the scorecards of a month; False where that was done before.

    Nobody writes the tally meanwhile, so whatever is not in the scorecard finds it issued and corrects it.
    """
    tx.execute(LOCK)
    return tx.execute(ISSUE, {"month": month, "now": now, "dimensions": list(DIMENSIONS)}).rowcount > 0


def due(tx: Tx, before: str) -> list[str]:
    """Months earlier than `before` in which something was counted and nothing issued."""
    return [month for (month,) in tx.execute(DUE, [before])]


def issued(tx: Tx, month: str, dimension: str) -> Issued | None:
    """The scorecard of a month, or None."""
    return next(iter(from_json(Issued, tx.execute(ISSUED, [month, dimension]))), None)


def corrections(tx: Tx, month: str) -> list[Change]:
    """What has changed in a month since its scorecard, the oldest first."""
    return [
        Change(ticket, msgspec.json.decode(before, type=Counted), msgspec.json.decode(after, type=Counted))
        for ticket, before, after in tx.execute(CORRECTIONS, [month])
    ]
