"""However many tickets there are, a batch looks at its own: whatever grows is read through an index."""

from pathlib import Path

import psycopg
import pytest

from bench import measures, shape, stage
from contracts.registry import SERVICES

GROWN = 20_000
GROWING = (
    "ticket", "request", "contact", "history", "case", "outcome", "casefile", "correspondence", "delivery",
    "console_message", "position", "likeness", "inbox%", "outbox%",
)  # fmt: skip
READ_WHOLE = """
SELECT schemaname || '.' || relname, seq_scan FROM pg_stat_user_tables
WHERE schemaname = ANY(%s) AND relname LIKE ANY(%s) AND n_live_tup >= %s
"""


def test_a_loop_over_many_tickets_reads_no_growing_table_as_a_whole(
    servers_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "RUN", servers_run / "grown")
    with stage.fresh_house() as endpoints:
        stage.play(endpoints, 400)
        measures.grow(endpoints, 0, GROWN)
        before = read_whole(endpoints["database"]["superuser"], rows=0)
        assert stage.play(endpoints, 100)["closed"] == 100
        after = read_whole(endpoints["database"]["superuser"])
    assert len(after) > 8
    assert {table: scans for table, scans in after.items() if scans > before.get(table, 0)} == {}


def read_whole(url: str, rows: int = GROWN // 2) -> dict[str, int]:
    """How often each table of so many rows was read whole, once the statistics have come to rest."""
    shape.counts(url)
    with psycopg.connect(url) as tx:
        return dict(tx.execute(READ_WHOLE, [list(SERVICES), list(GROWING), rows]).fetchall())
