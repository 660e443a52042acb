"""Every row of the history comes under exactly one seal, whatever order the commits come in."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from chassis.horizon import Look
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from services.ticket.audit import seals
from services.ticket.audit.sealing import Sealer
from tests.integration.ledger import Ledger, submitted
from tests.integration.process import Stage, until
from tests.integration.sealed import recorded, sealed_to_the_end, sealer

COVERED = """
SELECT h.no, array_agg(s.number) FROM history h
LEFT JOIN (SELECT *, unnest(tickets) AS ticket FROM seal) s
    ON s.ticket = h.ticket AND h.no > s.after AND h.no <= s.upto
GROUP BY h.no ORDER BY h.no
"""
SEALED = "SELECT sum(each) AS rows FROM seal, unnest(rows) each"
ROWS = """
SELECT no, ticket, source, sequence, type, extract(epoch FROM time)::text, causationid, data::text
FROM history WHERE no > %s AND no <= %s AND ticket = %s ORDER BY no
"""
BLOCKS = """
SELECT shard, number, after, upto, tickets, rows, digests, previous, hash, extract(epoch FROM sealed_at)::text
FROM seal ORDER BY shard, number
"""


def assert_covered_once(ledger: Ledger, rows: int) -> None:
    """Each of `rows` rows has one block, and that block counts it."""
    covers = ledger.rows(COVERED)
    assert len(covers) == rows
    assert [no for no, blocks in covers if blocks == [None] or len(blocks) != 1] == []
    (counted,) = ledger.rows(SEALED)
    assert counted == (rows,)


@contextmanager
def writing(ledger: Ledger) -> Iterator[psycopg.Connection[Any]]:
    """Another process in the middle of a transaction; it commits when the block ends."""
    with psycopg.connect(ledger.settings.database_url) as tx:
        yield tx


def test_a_row_that_commits_after_later_ones_is_waited_for_and_sealed_with_them(ledger: Ledger) -> None:
    sealing = sealer(ledger)
    with writing(ledger) as slow:
        recorded(slow, "T-slow")
        with writing(ledger) as quick:
            recorded(quick, "T-quick")
        for _ in range(3):
            sealing.run()
        assert ledger.rows("SELECT FROM seal") == []
        assert sealing.lag > 0
    sealed_to_the_end(sealing, ledger)
    assert sealing.lag == 0
    assert_covered_once(ledger, 2)


def test_a_number_is_drawn_only_by_a_transaction_that_everybody_can_see(ledger: Ledger) -> None:
    default = "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'history'::regclass"
    ((said,),) = ledger.rows(default)
    assert " ".join(said.split()).startswith("CASE WHEN (pg_current_xact_id() IS NOT NULL) THEN nextval(")


def test_a_rolled_back_row_leaves_no_trace(ledger: Ledger) -> None:
    with ledger.database.transaction() as tx, tx.transaction(force_rollback=True):
        recorded(tx, "T-never")
    with ledger.database.transaction() as tx:
        recorded(tx, "T")
    sealed_to_the_end(sealer(ledger), ledger)
    assert_covered_once(ledger, 1)


def test_two_processes_seal_at_once_while_others_write(ledger: Ledger) -> None:
    sealers = [sealer(ledger), sealer(ledger)]
    written = threading.Event()

    def seal(one: Sealer) -> None:
        while not written.is_set():
            one.run()

    threads = [threading.Thread(target=seal, args=[one]) for one in sealers]
    for thread in threads:
        thread.start()
    for batch in range(60):
        ledger.take(*(submitted(f"{batch}-{number}") for number in range(5)))
    written.set()
    for thread in threads:
        thread.join()
    sealed_to_the_end(sealers[0], ledger)
    (rows,) = ledger.rows("SELECT count(*) FROM history")[0]
    assert_covered_once(ledger, rows)
    assert ledger.rows("SELECT count(DISTINCT shard) FROM seal") == [(seals.SHARDS,)]


def test_an_old_history_is_sealed_in_bounded_steps(ledger: Ledger) -> None:
    with ledger.database.transaction() as tx:
        for number in range(3):
            recorded(tx, *(f"T-{number}-{ticket % 700}" for ticket in range(4_000)))
    sealed_to_the_end(sealer(ledger), ledger)
    (largest,) = ledger.rows(f"SELECT max(rows) FROM ({SEALED} GROUP BY upto) round")
    assert largest == (seals.ROWS_AT_ONCE,)
    assert_covered_once(ledger, 12_000)


def test_a_note_of_another_server_is_worth_nothing(ledger: Ledger) -> None:
    sealing = sealer(ledger)
    with ledger.database.transaction() as tx:
        recorded(tx, "T")
    sealing.run()
    assert sealing._noted
    sealing._noted = Look(newest=10**9, done=0, fence=0, settled=0, server="before the failover")
    sealing.run()
    assert ledger.rows("SELECT FROM seal") == []
    sealed_to_the_end(sealing, ledger)
    assert_covered_once(ledger, 1)


def test_nothing_new_costs_no_block_and_no_transaction_number(ledger: Ledger) -> None:
    ledger.take(submitted("1"))
    sealing = sealer(ledger)
    sealed_to_the_end(sealing, ledger)
    blocks = ledger.rows(BLOCKS)
    (before,) = ledger.rows("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
    for _ in range(5):
        sealing.run()
    assert ledger.rows("SELECT pg_snapshot_xmax(pg_current_snapshot())::text") == [before]
    assert ledger.rows(BLOCKS) == blocks


def test_the_hashes_are_what_anybody_can_compute(ledger: Ledger) -> None:
    """An independent reckoning: Python's SHA-256 over texts that are quoted here, not by PostgreSQL."""
    odd = ("", "a,b", 'say "hi"', "back\\slash", "(x)(y)", " blank", "NULL", "楼道\tE'", "{}")
    for one in odd:
        with ledger.database.transaction() as tx:
            recorded(tx, f"T-{one}", "T", causationid=one)
        sealed_to_the_end(sealer(ledger), ledger)
    previous = {shard: bytes(32) for shard in range(seals.SHARDS)}
    blocks = ledger.rows(BLOCKS)
    assert len(blocks) > len(odd)
    for shard, number, after, upto, tickets, rows, digests, before, hash_, sealed_at in blocks:
        assert tickets == sorted(tickets)
        assert all(hashlib.sha256(ticket.encode()).digest()[0] % seals.SHARDS == shard for ticket in tickets)
        found = [[quoted(row) for row in ledger.rows(ROWS, after, upto, ticket)] for ticket in tickets]
        assert [len(texts) for texts in found] == rows
        expected = b"".join(hashlib.sha256("".join(texts).encode()).digest() for texts in found)
        head = quoted([shard, number, after, upto, listed(tickets), listed(rows), sealed_at])
        assert bytes(digests) == expected
        assert bytes(before) == previous[shard]
        previous[shard] = hashlib.sha256(previous[shard] + head.encode() + expected).digest()
        assert bytes(hash_) == previous[shard]


def quoted(row: Sequence[Any]) -> str:
    """A row as PostgreSQL writes it (8.16.6)."""
    return "(" + ",".join(_in_row(str(value)) for value in row) + ")"


def listed(values: Sequence[Any]) -> str:
    """An array as PostgreSQL writes it (8.15.6)."""
    return "{" + ",".join(_in_array(str(value)) for value in values) + "}"


def _in_row(text: str) -> str:
    plain = text and not set(text) & set('"\\(), \t\n')
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'


def _in_array(text: str) -> str:
    plain = text and text.upper() != "NULL" and not set(text) & set('"\\{}, \t\n')
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_a_running_service_seals_what_it_writes(stage: Stage) -> None:
    stage.start()
    stage.submit(range(20))
    assert until(lambda: stage.query(SEALED) == [(40,)]) < 10


def test_numbers_go_on_after_the_upgrade_and_after_its_way_back(migrated: Endpoints) -> None:
    """The migration and its rollback keep the sequence where it was."""
    folder = "services/ticket/migrations/0002_seal"
    with psycopg.connect(migrated.database_url(OWNER)) as tx:
        tx.execute("SET search_path = ticket")
        recorded(tx, "T")
        last = tx.execute("SELECT max(no) FROM history").fetchone()
        for path in (f"{folder}.rollback.sql", f"{folder}.sql"):
            with open(path) as file:  # noqa: PTH123
                tx.execute(file.read().encode())
            recorded(tx, "T")
        assert last
        assert tx.execute("SELECT max(no) FROM history").fetchone() == (last[0] + 2,)
        tx.rollback()
