"""However many tickets there are, a batch and an operator look at their own, through an index."""

from pathlib import Path

import psycopg
import pytest

from bench import measures, shape, stage
from chassis.clock import now
from contracts.registry import SERVICES
from services.console.ticket import reading

GROWN = 20_000
SOME = "SELECT id, external_id, grid FROM ticket.ticket LIMIT 1"
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
        known = some(endpoints["database"]["roles"]["console"])
        for grown in (0, GROWN // 2):  # in two steps, as the benchmark grows
            measures.grow(endpoints, grown, grown + GROWN // 2)
        before = read_whole(endpoints["database"]["superuser"], rows=0)
        assert stage.play(endpoints, 100)["closed"] == 100
        look_up(endpoints["database"]["roles"]["console"], *known)
        after = read_whole(endpoints["database"]["superuser"])
    assert len(after) > 8
    assert {table: scans for table, scans in after.items() if scans > before.get(table, 0)} == {}


def some(url: str) -> tuple[str, str, str]:
    """Number, external number and cell of a ticket."""
    with psycopg.connect(url) as tx:
        ((number, external_id, grid),) = tx.execute(SOME).fetchall()
        return number, external_id, grid


def look_up(url: str, number: str, external_id: str, grid: str) -> None:
    """What an operator looks up in the operators' room: tickets by number, by external number, by cell."""
    with psycopg.connect(url) as tx:
        for query in (number, external_id):
            assert [row["id"] for row in reading.search(tx, query)] == [number]
        for cell in (grid, grid[:6]):
            rows = reading.search(tx, cell)
            assert rows
            assert all(row["grid"].startswith(cell) for row in rows)
        told = reading.story(tx, number, now())
        assert told is not None
        assert told.offers
        assert told.trace is not None


def read_whole(url: str, rows: int = GROWN // 2) -> dict[str, int]:
    """How often each table of so many rows was read whole, once the statistics have come to rest."""
    shape.counts(url)
    with psycopg.connect(url) as tx:
        return dict(tx.execute(READ_WHOLE, [list(SERVICES), list(GROWING), rows]).fetchall())
