"""A batch loads its states row by row through the index, also from a table of which nothing is known yet."""

from collections.abc import Iterator

import pytest

from chassis.rows import locked, texts
from deploy.local.endpoints import Endpoints
from tests.integration.own_database import Tx, untouched

KEYS = [f"T-{number:04}" for number in range(0, 2_000, 2)]
YOUNG = """
CREATE TEMPORARY TABLE young (id text PRIMARY KEY, state text NOT NULL);
INSERT INTO young SELECT 'T-' || lpad(n::text, 4, '0'), 'open' FROM generate_series(0, 1999) n
"""


@pytest.fixture
def tx(servers: Endpoints) -> Iterator[Tx]:
    """An open transaction with a table that was never analysed."""
    with untouched(servers.database_url("postgres")) as tx:
        for statement in YOUNG.split(";"):
            tx.execute(statement)
        yield tx


def test_half_of_a_young_table_is_read_by_the_index(tx: Tx) -> None:
    plan = repr(tx.execute(f"EXPLAIN {locked('young', 'id, state')}", [texts(KEYS)]).fetchall())
    assert "young_pkey" in plan
    assert "Seq Scan" not in plan


def test_these_rows_alone_are_locked_and_come_in_the_order_of_their_keys(tx: Tx) -> None:
    asked = [*KEYS[:3], "T-none", *KEYS[3:5]]
    rows = tx.execute(locked("young", "id"), [texts(asked)]).fetchall()
    assert [row for (row,) in rows] == [f'{{"id":"{key}"}}' for key in KEYS[:5]]
    held = tx.execute("SELECT id FROM young WHERE xmax <> '0' ORDER BY id").fetchall()
    assert [key for (key,) in held] == KEYS[:5]
