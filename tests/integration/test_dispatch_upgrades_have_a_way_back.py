"""Every migration of dispatch can be taken back, the newest first, and applied again to the same tables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from services.dispatch.directory.importing import import_files
from tests.integration.own_database import Tx, own_database

DATABASE = "dispatch_upgrades"
FOLDER = Path(__file__).parents[2] / "services" / "dispatch" / "migrations"
SAMPLE = Path(__file__).parents[2] / "directory"
UPGRADES = sorted(path for path in FOLDER.glob("*.sql") if ".rollback." not in path.name)
# What was added in a way back stands at another place; a column's place means nothing.
COLUMNS = """
SELECT table_name, column_name, data_type, column_default, is_nullable FROM information_schema.columns
WHERE table_schema = 'dispatch' ORDER BY 1, 2
"""
CONSTRAINTS = """
SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = 'dispatch' ORDER BY 1, 2
"""
INDEXES = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'dispatch' ORDER BY 1, 2"
POLICIES = "SELECT name, version, value FROM dispatch.policy ORDER BY 1, 2"


@pytest.fixture(scope="module")
def owned(servers: Endpoints) -> Iterator[str]:
    """A database of these tests alone with the sample directory, as its owner sees it."""
    with own_database(servers, "dispatch", DATABASE) as url:
        with psycopg.connect(url) as tx:
            assert import_files(tx, [SAMPLE]).ok
        yield urlsplit(servers.database_url(OWNER))._replace(path=f"/{DATABASE}").geturl()


def shape(tx: Tx) -> list[list[Any]]:
    """The tables as they are."""
    return [tx.execute(question).fetchall() for question in (COLUMNS, CONSTRAINTS, INDEXES, POLICIES)]


def test_all_the_way_back_and_forth_the_tables_are_the_same(owned: str) -> None:
    with psycopg.connect(owned) as tx:
        tx.execute("SET search_path = dispatch")
        before = shape(tx)
        for path in reversed(UPGRADES):
            tx.execute(path.with_name(f"{path.stem}.rollback.sql").read_bytes())
        assert "assignee" not in {table for table, *_ in shape(tx)[0]}
        for path in UPGRADES:
            tx.execute(path.read_bytes())
        assert shape(tx) == before
        tx.rollback()


def test_what_the_lists_were_before_is_their_first_edition(owned: str) -> None:
    """A directory from before has no history: what it holds is what the last import of it brought."""
    with psycopg.connect(owned) as tx:
        tx.execute("SET search_path = dispatch")
        for name in ("0015_rota", "0014_lists"):
            tx.execute((FOLDER / f"{name}.rollback.sql").read_bytes())
        tx.execute((FOLDER / "0014_lists.sql").read_bytes())
        kept = tx.execute("SELECT count(*), count(DISTINCT edition), min(file) FROM catalogue_change"
                          " JOIN import_log l ON l.id = edition").fetchall()  # fmt: skip
        (versions,) = tx.execute("SELECT count(*) FROM catalogue").fetchone() or (0,)
        assert kept == [(versions, 1, "catalogue.csv")]
        tx.rollback()
