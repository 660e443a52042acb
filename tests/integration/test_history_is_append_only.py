"""The ticket service adds to its audit trail and can do nothing else with it, whichever way it tries."""

import psycopg
import pytest

from contracts.registry import LEDGERS
from deploy.local.accounts import SUPERUSER
from deploy.local.endpoints import Endpoints
from tests.integration.ledger import Ledger, cancelled, number_of, submitted

KEPT = {
    "history": (
        "ticket, source, sequence, type, time, causationid, data",
        "'T', 's', 1, 't', now(), '', '{}'",
    ),
    "reveal": ("refs, purpose, who", "'{T}', 'call', 'notification'"),
    "erasure": ("refs, who, reason, contacts, requests", "'{T}', 'li', 'asked', 1, 1"),
}
FORBIDDEN = (
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "SELECT * FROM {table} FOR UPDATE",
    "MERGE INTO {table} USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE",
    "DROP TABLE {table}",
    "ALTER TABLE {table} DROP COLUMN {column}",
    "CREATE RULE nothing AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "CREATE TRIGGER nothing BEFORE INSERT ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE TABLE child () INHERITS ({table})",
    "GRANT DELETE ON {table} TO ticket; DELETE FROM {table}",
    "SET ROLE fengge_owner",
)
ELEVATED = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = ANY(%s) AND p.prosecdef AND NOT coalesce(p.proconfig::text ~ 'search_path=.*pg_temp', false)
"""


@pytest.mark.parametrize("table", KEPT)
@pytest.mark.parametrize("attempt", FORBIDDEN)
def test_the_service_only_adds_to_what_is_kept(migrated: Endpoints, table: str, attempt: str) -> None:
    columns, values = KEPT[table]
    with psycopg.connect(migrated.database_url("ticket")) as tx:
        tx.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            tx.execute(attempt.format(table=table, column=columns.partition(",")[0]))


def test_a_service_reads_no_other_schema(ledger: Ledger) -> None:
    ledger.take(submitted("1"), cancelled(number_of("1"), "c"))
    for table in ("dispatch.outbox", "evaluation.position"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), ledger.database.transaction() as tx:
            tx.execute(f"SELECT * FROM {table}")


def test_what_runs_with_the_rights_of_the_owner_trusts_no_name_of_its_caller(migrated: Endpoints) -> None:
    with psycopg.connect(migrated.database_url(SUPERUSER)) as tx:
        assert tx.execute(ELEVATED, [list(LEDGERS)]).fetchall() == []


def test_partitions_are_still_made_by_the_service_itself(ledger: Ledger) -> None:
    with ledger.database.transaction() as tx:
        tx.execute("SELECT keep_partitions()")
