"""Every wait on the database ends, and a connection that had trouble is not used again."""

import select
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from chassis.database import Connection, Database, passing, too_slow
from chassis.settings import Settings
from deploy.local.endpoints import Endpoints


@pytest.fixture
def database(migrated: Endpoints) -> Iterator[Database]:
    database = Database(
        Settings(amqp_url="amqp://x", database_url=migrated.database_url("ticket"), statement_timeout=0.2),
        "test",
    )
    yield database
    database.close()


def test_a_slow_statement_ends_at_its_deadline_and_the_connection_is_kept(database: Database) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled) as caught, database.transaction() as tx:
        tx.execute("SELECT pg_sleep(5)")
    assert passing(caught.value)
    assert too_slow(caught.value)
    with database.transaction() as again:
        assert again is tx


def test_a_process_that_was_stopped_in_mid_transaction_does_it_again(database: Database) -> None:
    gone = psycopg.errors.IdleInTransactionSessionTimeout, psycopg.OperationalError  # it hangs up at once
    with pytest.raises(gone) as caught, database.transaction() as tx:  # noqa: PT012
        select.select([tx.fileno()], [], [], 5)  # the server gives the transaction up and says so
        tx.execute("SELECT 1")
    assert passing(caught.value)
    with database.transaction() as again:
        assert again is not tx


def test_a_server_that_does_not_answer_at_all_is_given_up(migrated: Endpoints) -> None:
    connection = Connection.connect(migrated.database_url("ticket"), autocommit=True)
    connection.patience = 0.3
    begun = time.monotonic()
    with pytest.raises(psycopg.OperationalError) as caught, connection.transaction():
        connection.execute("SELECT pg_sleep(5)")
    assert time.monotonic() - begun < 2
    assert passing(caught.value)
    assert not too_slow(caught.value)
    connection.close()


def test_a_lost_connection_is_thrown_away_with_its_idle_fellows(database: Database) -> None:
    with database.transaction(), database.transaction():
        pass  # now there are two
    with pytest.raises(psycopg.OperationalError) as caught, database.transaction() as lost:
        lost.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert passing(caught.value)
    with database.transaction() as tx:
        assert tx is not lost
        assert tx.execute("SELECT 1").fetchone() == (1,)


def test_who_comes_while_somebody_connects_takes_what_is_given_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Connection.connect

    def slowly(*words: str, **options: Any) -> Any:
        time.sleep(0.1)  # a busy server: what is simulated is its slowness
        return plain(*words, **options)

    monkeypatch.setattr(Connection, "connect", slowly)

    with ThreadPoolExecutor(12) as threads:
        assert all(threads.map(_ask, [database] * 12))
    assert database.opened < 6


def test_a_connection_that_nobody_gets_holds_up_nobody_for_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, stuck, go_on = Connection.connect, threading.Event(), threading.Event()

    def once_stuck(*words: str, **options: Any) -> Any:
        if not stuck.is_set():
            stuck.set()
            go_on.wait(30)
        return plain(*words, **options)

    monkeypatch.setattr(Connection, "connect", once_stuck)
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(_ask, database)
        assert stuck.wait(5)
        assert _ask(database)
        assert not first.done()
        go_on.set()
        assert first.result(5)


def test_what_a_limit_of_the_server_refuses_is_refused_again(database: Database) -> None:
    long = "".join(chr(0x4E00 + number % 20_000) for number in range(9000))
    with pytest.raises(psycopg.errors.ProgramLimitExceeded) as caught, database.transaction() as tx:
        tx.execute("INSERT INTO suspect (source, id, tries) VALUES (%s, '', 1)", [long])
    assert not passing(caught.value)


def test_a_database_that_commits_nothing_is_noticed(database: Database) -> None:
    assert not database.answered(5)
    with database.transaction():
        pass
    assert database.answered(5)
    assert not database.answered(0)


def test_statements_commit_one_by_one_and_their_trouble_is_cleared_away(database: Database) -> None:
    with database.statements() as tx:
        assert tx.info.transaction_status == TransactionStatus.IDLE
        tx.execute("SELECT 1")
        assert tx.info.transaction_status == TransactionStatus.IDLE
    with pytest.raises(psycopg.errors.DivisionByZero), database.statements() as tx:
        tx.execute("SELECT 1 / 0")
    assert database.answered(60)
    with database.transaction() as again:
        assert again is tx


def _ask(database: Database) -> bool:
    with database.statements() as tx:
        return tx.execute("SELECT 1").fetchone() == (1,)
