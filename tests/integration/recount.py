"""The tally counted anew from the cases themselves, to prove by it what is kept with every batch."""

from collections.abc import Sequence

from chassis.database import Tx
from chassis.rows import from_json
from services.evaluation.spans import CONTACT, HANDLING
from services.evaluation.tally_store import SUMS, Tallied

SPANS = {"contact": (CONTACT, "contacted_at"), "handling": (HANDLING, "handled_at")}


def _spans(edges: Sequence[int], until: str) -> str:
    """A count for each bucket, by PostgreSQL's own width_bucket."""
    scale = f"ARRAY[{', '.join(map(str, edges))}]::numeric[]"
    found = f"width_bucket(extract(epoch FROM {until} - received_at), {scale})"
    return ", ".join(
        f"count(*) FILTER (WHERE counts AND {found} = {index})" for index in range(len(edges) + 1)
    )


ALL_SPANS = f"ARRAY[{', '.join(_spans(*each) for each in SPANS.values())}] AS spans"
RECOUNT = f"""
SELECT to_json(t)::text FROM (
    SELECT dimension, month, key, kind,
        count(*) AS cases,
        count(*) FILTER (WHERE counts AND (contacted_in_time IS NOT NULL OR contact_missed)) AS contacts_due,
        count(*) FILTER (WHERE counts AND contacted_in_time) AS contacts_in_time,
        count(*) FILTER (WHERE counts AND closed) AS closed,
        count(*) FILTER (WHERE counts AND closed AND satisfaction IS NOT NULL) AS rated,
        count(*) FILTER (WHERE counts AND closed AND resolved = 'yes') AS resolved_yes,
        count(*) FILTER (WHERE counts AND closed AND resolved = 'partly') AS resolved_partly,
        count(*) FILTER (WHERE counts AND closed AND resolved = 'no') AS resolved_no,
        count(*) FILTER (WHERE counts AND closed AND satisfaction IN
            ('very_satisfied', 'satisfied', 'basically_satisfied')) AS satisfied,
        count(*) FILTER (WHERE counts AND on_time IS NOT NULL) AS handled,
        count(*) FILTER (WHERE counts AND on_time) AS handled_on_time,
        count(*) FILTER (WHERE counts AND on_time IS NOT NULL AND reworks > 0) AS reworked,
        count(*) FILTER (WHERE counts AND hops > 0) AS offered,
        count(*) FILTER (WHERE counts AND hops > 0 AND returns > 0) AS returned,
        count(*) FILTER (WHERE counts AND aside ? 'objector') AS disputed,
        count(*) FILTER (WHERE counts AND aside ? 'overturned') AS overturned,
        count(*) FILTER (WHERE NOT counts) AS excluded,
        count(*) FILTER (WHERE counts AND closed AND satisfaction <> '' AND aside ? 'instant') AS instant,
        count(*) FILTER (WHERE counts AND closed AND satisfaction <> '' AND aside ? 'burst') AS bursts,
        {ALL_SPANS}
    FROM (SELECT *, to_char(received_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month,
                 ended IS NOT DISTINCT FROM 'closed' AND round > 0 AS closed,
                 aside->>'excluded' IS NULL AS counts
          FROM casefile WHERE received_at IS NOT NULL AND (on_time IS NOT NULL OR ended IS NOT NULL
              OR contacted_in_time IS FALSE OR contact_missed OR aside->>'excluded' IS NOT NULL)) AS c
    CROSS JOIN LATERAL (VALUES
        ('assignee', coalesce(assignee, ''), coalesce(assignee_kind, '')),
        ('unit', coalesce(unit, ''), coalesce(assignee_kind, '')), ('grid', coalesce(grid, ''), ''),
        ('category', coalesce(category, ''), ''), ('source', coalesce(source, ''), ''),
        ('severity', coalesce(severity, ''), ''), ('kind', coalesce(assignee_kind, ''), ''),
        ('contract', coalesce(contract, ''), '')
    ) AS d (dimension, key, kind)
    GROUP BY dimension, month, key, kind ORDER BY dimension, month, key, kind
) t
"""
ALL_CELLS = f"""
SELECT to_json(t)::text FROM (
    SELECT dimension, month, key, kind, {SUMS} FROM tally GROUP BY dimension, month, key, kind
    HAVING sum(cases) <> 0 ORDER BY dimension, month, key, kind
) t
"""


def recount(tx: Tx) -> list[Tallied]:
    """What every cell should hold; reads every case."""
    return from_json(Tallied, tx.execute(RECOUNT))


def all_cells(tx: Tx) -> list[Tallied]:
    """What every cell holds."""
    return from_json(Tallied, tx.execute(ALL_CELLS))
