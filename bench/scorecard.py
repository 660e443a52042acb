"""How long a monthly scorecard takes when a million cases are rated: `make bench-report`."""

import sys
import time
from urllib.parse import urlsplit

import psycopg

from bench import stage
from chassis.clock import now
from services.evaluation import scorecard_store
from services.evaluation.rates import NAMES, SINGLE, SPANS
from services.evaluation.report import card
from tests.integration.recount import RECOUNT

CASES = 1_000_000
MONTHS = 3
GROW = """
INSERT INTO casefile (id, sequence, state, ended, received_at, source, channel, category, grid, severity,
    assignee,
    assignee_kind, unit, hops, returns, expiries, on_time, reworks, round, contacted_in_time, resolved,
    satisfaction)
SELECT 'B' || n, 3, 'closed', 'closed',
    date_trunc('month', now()) - interval '1 day' - (n %% %(months)s) * interval '1 month',
    's' || n %% 5, 'hotline_12345', 'c' || n %% 200, (110101001001 + n %% 2000)::text, 'general',
    'a' || n %% 3000, 'grid_officer', 'u' || n %% 400, 1, 0, 0, n %% 11 > 0, 0, 1, n %% 13 > 0,
    (ARRAY['yes', 'yes', 'partly', 'no'])[1 + n %% 4],
    (ARRAY['satisfied', 'very_satisfied', 'dissatisfied'])[1 + n %% 3]
FROM generate_series(1, %(cases)s) AS n
"""
COUNT = f"""
INSERT INTO tally (dimension, month, key, kind, slot, {", ".join(NAMES)})
SELECT r.dimension, r.month, r.key, r.kind, 0, {", ".join(f"r.{name}" for name in SINGLE)},
    {", ".join(f"r.spans[{index + 1}]" for index in range(len(SPANS)))}
FROM json_to_recordset(%s) AS r (dimension text, month text, key text, kind text, spans int[],
    {", ".join(f"{name} int" for name in SINGLE)})
"""


def main() -> int:
    """Prints seconds for each dimension, before and after the month is issued."""
    with stage.fresh_house() as endpoints:
        url = urlsplit(endpoints["database"]["roles"]["evaluation"]).geturl()
        with psycopg.connect(url) as tx:
            tx.execute(GROW, {"cases": CASES, "months": MONTHS})
            begun = time.perf_counter()
            rows = [row[0] for row in tx.execute(RECOUNT)]
            tx.execute(COUNT, ["[" + ",".join(rows) + "]"])
            print(f"{CASES:,} rated cases; counting them anew takes {time.perf_counter() - begun:.2f} s")
            ((month,),) = tx.execute("SELECT max(month) FROM tally").fetchall()
            for by in ("unit", "assignee", "grid", "subdistrict", "category", "source"):
                begun = time.perf_counter()
                found = card(tx, month, by)
                print(f"scorecard by {by}: {len(found.rows)} rows in {time.perf_counter() - begun:.3f} s")
            begun = time.perf_counter()
            scorecard_store.issue(tx, month, now())
            print(f"issued in {time.perf_counter() - begun:.3f} s")
            begun = time.perf_counter()
            card(tx, month, "assignee")
            print(f"an issued scorecard by assignee in {time.perf_counter() - begun:.3f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
