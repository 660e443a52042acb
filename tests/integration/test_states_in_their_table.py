"""States are read by their keys, also from a table of which nothing is known yet, and written with proof."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from chassis.recovery import TransientFailure
from chassis.rows import texts
from chassis.states import LOAD, PROVE, SAVE, UNWRITTEN, Stored, Table
from deploy.local.endpoints import Endpoints
from tests.integration.own_database import OFTEN, Tx, plan_is_kept, untouched

KEYS = [f"T-{number:04}" for number in range(0, 2_000, 2)]
YOUNG = """
CREATE TEMPORARY TABLE young (id text PRIMARY KEY, sequence integer NOT NULL, state text NOT NULL);
INSERT INTO young SELECT 'T-' || lpad(n::text, 4, '0'), 1, 'open' FROM generate_series(0, 1999) n
"""


class Young(Stored, frozen=True, kw_only=True):
    """A state that is open or closed."""

    state: str = "new"


TABLE = Table("young", Young, "sequence, state")


@pytest.fixture
def tx(servers: Endpoints) -> Iterator[Tx]:
    """An open transaction with a table that was never analysed."""
    with untouched(servers.database_url("postgres")) as tx:
        for statement in YOUNG.split(";"):
            tx.execute(statement)
        yield tx


def test_half_of_a_young_table_is_read_by_the_index(tx: Tx) -> None:
    load = LOAD.format(table="young", columns="id, state")
    plan = repr(tx.execute(f"EXPLAIN {load}", [texts(KEYS)]).fetchall())
    assert "young_pkey" in plan
    assert "Seq Scan" not in plan


def test_one_plan_is_kept_also_for_short_batches(tx: Tx) -> None:
    for _ in range(OFTEN):
        TABLE.load(tx, KEYS[:1])
    assert plan_is_kept(tx, "FROM young")


def test_what_half_of_a_young_table_is_asked_goes_by_the_index(tx: Tx) -> None:
    prove = PROVE.format(table="young")
    plan = repr(tx.execute(f"EXPLAIN {prove}", [texts(KEYS), texts(KEYS)]).fetchall())
    assert "young_pkey" in plan
    assert "Seq Scan" not in plan


def test_half_of_a_young_table_is_written_by_the_index(tx: Tx) -> None:
    save = SAVE.format(table="young", columns="sequence, state", new="EXCLUDED.sequence, EXCLUDED.state")
    plan = repr(tx.execute(f"EXPLAIN {save}", ["[]", texts(KEYS), texts(KEYS[:0])]).fetchall())
    assert "Conflict Arbiter Indexes: young_pkey" in plan
    assert "Seq Scan" not in plan


def test_these_rows_alone_are_locked_and_come_in_the_order_of_their_keys(tx: Tx) -> None:
    found = TABLE.load(tx, [*KEYS[:3], "T-none", *KEYS[3:5]])
    assert list(found) == KEYS[:5]
    held = tx.execute("SELECT id FROM young WHERE xmax <> '0' ORDER BY id").fetchall()
    assert [key for (key,) in held] == KEYS[:5]


def test_what_was_written_is_what_a_load_gives(tx: Tx) -> None:
    there = TABLE.load(tx, KEYS[:2])
    closed = [replace(each, state="closed", sequence=2) for each in there.values()]
    saved = TABLE.save(tx, [*closed, Young(id="T-new", state="open")])
    assert {each.id: each for each in saved} == TABLE.load(tx, [*KEYS[:2], "T-new"])
    assert [each.state for each in saved] == ["closed", "closed", "open"]
    again = TABLE.save(tx, [replace(saved[2], state="closed")])
    assert TABLE.load(tx, ["T-new"]) == {"T-new": again[0]}


def test_nothing_to_write_is_nothing_to_ask(tx: Tx) -> None:
    assert TABLE.save(tx, []) == []


@pytest.mark.parametrize(
    "meanwhile",
    [
        "UPDATE young SET state = 'other' WHERE id = 'T-0002'",
        "DELETE FROM young WHERE id = 'T-0002'",
        "INSERT INTO young VALUES ('T-new', 1, 'other')",
    ],
)
def test_what_somebody_else_has_written_is_not_written_over(tx: Tx, meanwhile: str) -> None:
    states = [*TABLE.load(tx, KEYS[:3]).values(), Young(id="T-new")]
    # A savepoint is a transaction of its own to the rows that are written behind it.
    with tx.transaction():
        tx.execute(meanwhile)
    with pytest.raises(TransientFailure), tx.transaction():
        TABLE.save(tx, states)


def test_whether_somebody_else_has_written_can_be_asked(tx: Tx) -> None:
    states = list(TABLE.load(tx, KEYS[:3]).values())
    TABLE.prove(tx, states)
    TABLE.prove(tx, [])
    with tx.transaction():
        tx.execute("UPDATE young SET state = 'other' WHERE id = 'T-0002'")
    TABLE.prove(tx, states[:1])
    with pytest.raises(TransientFailure):
        TABLE.prove(tx, states)


def test_no_row_has_the_version_of_one_that_is_not_there(tx: Tx) -> None:
    assert tx.execute("SELECT count(*) FROM young WHERE xmin = %s::xid", [UNWRITTEN]).fetchone() == (0,)
