"""The database role of the operators' room has the rights of a closed list, which holds nothing personal."""

from collections.abc import Iterator

import psycopg
import pytest

from contracts.registry import LEDGERS
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from services.console.sight import RIGHTS, UNSEEN

TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT LIKE '%%yoyo%%'
"""
HELD = """
SELECT c.relname, right_, CASE WHEN has_table_privilege('console', c.oid, right_) THEN NULL ELSE
    array_agg(a.attname::text ORDER BY a.attname::text) END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) right_
WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm')
  AND has_column_privilege('console', c.oid, a.attnum, right_)
GROUP BY c.oid, c.relname, right_
"""
WHOLE = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) right_
WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND has_table_privilege('console', c.oid, right_)
"""
PERSONAL = {
    "contact", "request", "remark", "letter", "reveal", "relay", "likeness", "likeness_low", "erasure",
    "vault_key", "credential", "rating_key", "console_message", "correspondence",
}  # fmt: skip
PERSONAL_COLUMNS = {
    "requester_ref", "lives_alone", "name", "phone", "email", "destination", "fields", "url", "secret",
    "sealed",
}  # fmt: skip
COLUMNS = "SELECT column_name FROM information_schema.columns WHERE (table_schema, table_name) = (%s, %s)"
NAMES_OF_THINGS = {("ticket", "calendar_day"), ("dispatch", "cell"), ("dispatch", "organization"),
    ("gateway", "service"), ("ticket", "policy"), ("dispatch", "policy"), ("notification", "policy"),
    ("evaluation", "policy"), ("gateway", "policy")}  # fmt: skip
"""Whose column `name` names a day, a place, an office, a service, a policy."""


@pytest.fixture(scope="module")
def owner(migrated: Endpoints) -> Iterator[psycopg.Connection]:
    """Looks everything up."""
    with psycopg.connect(migrated.database_url(OWNER), autocommit=True) as tx:
        yield tx


@pytest.mark.parametrize("schema", LEDGERS)
def test_every_table_is_seen_or_expressly_not(owner: psycopg.Connection, schema: str) -> None:
    there = {name for (name,) in owner.execute(TABLES, [schema])}
    seen, unseen = set(RIGHTS[schema]), UNSEEN[schema]
    assert seen & unseen == set()
    assert seen | unseen == there, "say in services/console/sight.py whether operators see the table"


@pytest.mark.parametrize("schema", LEDGERS)
def test_the_role_has_the_rights_of_the_list_and_no_more(owner: psycopg.Connection, schema: str) -> None:
    held = {(table, what): columns and set(columns) for table, what, columns in owner.execute(HELD, [schema])}
    listed = {
        (table, what): columns and set(columns)
        for table, allowed in RIGHTS[schema].items()
        for what, columns in allowed.items()
    }
    assert held == listed
    assert owner.execute(WHOLE, [schema]).fetchall() == []


def test_nothing_personal_and_no_secret_is_on_the_list(owner: psycopg.Connection) -> None:
    for schema, tables in RIGHTS.items():
        assert not PERSONAL & tables.keys()
        for table, allowed in tables.items():
            columns = allowed["SELECT"] or [name for (name,) in owner.execute(COLUMNS, [schema, table])]
            personal = PERSONAL_COLUMNS & set(columns)
            assert not personal - ({"name"} if (schema, table) in NAMES_OF_THINGS else set()), table


FORBIDDEN = (
    "SELECT * FROM ticket.contact",
    "SELECT * FROM ticket.request",
    "SELECT requester_ref FROM ticket.ticket",
    "SELECT * FROM ticket.ticket",
    "SELECT phone FROM dispatch.assignee",
    "SELECT fields FROM notification.delivery",
    "SELECT * FROM gateway.credential",
    "SELECT * FROM evaluation.rating_key",
    "UPDATE ticket.ticket SET state = 'closed'",
    "INSERT INTO ticket.outbox (exchange, routing_key, content_type, body) VALUES ('', '', '', '')",
    "UPDATE ticket.parked SET body = ''",
    "DELETE FROM ticket.parked",
    "DELETE FROM ticket.waiting",
    "DELETE FROM ticket.position",
    "DELETE FROM console.action",
    "UPDATE console.action SET who = ''",
    "SELECT ticket.ensure_partitions('-10 years')",
    "CREATE TABLE console.mine (n int)",
    "CREATE TEMPORARY TABLE mine (n int)",
    "SET ROLE fengge_owner",
    "SELECT rolpassword FROM pg_authid",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_room_leaves_what_is_not_its_own(migrated: Endpoints, statement: str) -> None:
    with (
        psycopg.connect(migrated.database_url("console")) as tx,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        tx.execute(statement)
