"""SQL of the scores of departments: one by each rater of a ticket, read in sums alone."""

from collections.abc import Sequence

from chassis.database import Tx
from chassis.rows import as_json, from_json
from services.evaluation.scoresheet import Sums
from services.evaluation.scoring import ScoreTaken

COLUMNS = "ticket, department, rater, month, score, reason_code, by, given_at, event"
SAVE = f"""
INSERT INTO department_score ({COLUMNS})
SELECT {COLUMNS} FROM json_populate_recordset(null::department_score, %s) ORDER BY ticket, department, rater
ON CONFLICT (ticket, department, rater) DO UPDATE SET
    month = EXCLUDED.month, score = EXCLUDED.score, reason_code = EXCLUDED.reason_code, by = EXCLUDED.by,
    given_at = EXCLUDED.given_at, event = EXCLUDED.event
"""
SUMS = """
SELECT to_json(s)::text FROM (
    SELECT department, count(DISTINCT rater) AS raters, count(*) AS scores, sum(score) AS total
    FROM department_score WHERE month = %s GROUP BY department ORDER BY department
) s
"""
KEPT = "SELECT month FROM department_score WHERE ticket = %s AND event = %s"
"""Whether what was said by an event counts now: no fact tells it outside."""


def save(tx: Tx, scores: Sequence[ScoreTaken]) -> None:
    """Writes scores, no two in the same place; each takes the place of what its rater said before."""
    tx.execute(SAVE, [as_json(scores)])


def sums(tx: Tx, month: str) -> list[Sums]:
    """What was said of each department in a month, by its code."""
    return from_json(Sums, tx.execute(SUMS, [month]))
