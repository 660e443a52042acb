"""What the gateway remembers ends when the policy says so: no earlier than the law lets it, and no later."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from chassis import policy, settings
from chassis.clock import now
from chassis.database import Database
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from services.gateway.service import GatewayService
from tests.integration.own_database import own_database

MIGRATIONS = Path(__file__).parents[2] / "services" / "gateway" / "migrations"
NAME = "gateway_forgets"
ACCESS = """
INSERT INTO access (at, client, method, path, status, trace)
SELECT now() - make_interval(days => age), age::text, 'GET', '/', 200, 't' FROM unnest(%s::int[]) age
"""
ACCESSES = "SELECT array_agg(client::int ORDER BY client::int) FROM access"
INTAKE = """
INSERT INTO intake (source, id, type, ticket, time, client, digest, received_at)
SELECT 'urn:s', age::text, 't', age::text, now(), 'c', 'd', now() - make_interval(days => age)
FROM unnest(%s::int[]) age
"""
REFUSAL = """
INSERT INTO refusal (source, id, time, client, problem, detail, received_at)
SELECT 'urn:s', age::text, now(), 'c', 'data', 'd', now() - make_interval(days => age)
FROM unnest(%s::int[]) age
"""
ASKED = """
WITH asked AS (
    INSERT INTO service_request
        (ticket, source, external_id, service_code, service_name, requested_at, received_at)
    VALUES (%(ticket)s, 'urn:s', %(ticket)s, 'x', 'x', now(), now() - make_interval(days => %(age)s)))
INSERT INTO standing (id, source, external_id, state, before, severity, received_at, updated_at)
VALUES (%(ticket)s, 'urn:s', %(ticket)s, %(state)s, '', 'general', now(), now())
"""
NOTED = "INSERT INTO note (ticket, sequence, at, type) SELECT ticket, 1, now(), 'x' FROM service_request"


@pytest.fixture
def url(servers: Endpoints) -> Iterator[str]:
    with own_database(servers, "gateway", NAME) as found:
        yield found


@pytest.fixture
def gateway(servers: Endpoints, url: str) -> Iterator[GatewayService]:
    """The gateway's service, which has its errands but runs none."""
    told = {"AMQP_URL": servers.amqp_url("gateway"), "DATABASE_URL": url}
    chosen = settings.read({**told, "GATEWAY_PORT": "1", "GATEWAY_TOKEN": "g" * 40})
    database = Database(chosen, "gateway")
    service = GatewayService()
    service.begin(chosen, database)
    policy.in_force._found.clear()
    yield service
    database.close()


def numbers(tx: psycopg.Connection, query: str) -> list[int]:
    row = tx.execute(query.encode()).fetchone()
    assert row
    return row[0] or []


def test_months_of_accesses_go_as_a_whole_and_nobody_can_take_a_row_out(
    gateway: GatewayService, url: str
) -> None:
    with psycopg.connect(url, autocommit=True) as tx:
        tx.execute(ACCESS, [[0, 40, 100, 200, 250, 1000, 2000]])
        gateway.tidy(now())
        assert numbers(tx, ACCESSES) == [0, 40, 100, 200]
        tx.execute(ACCESS, [[1]])
        gateway.tidy(now())
        assert numbers(tx, ACCESSES) == [0, 1, 40, 100, 200]
        for statement in ("DELETE FROM access", "TRUNCATE access", "DROP TABLE access_other"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                tx.execute(statement.encode())


def test_no_policy_lets_accesses_go_before_six_months(gateway: GatewayService, url: str) -> None:
    terms = '{"access_days": 1, "intake_days": 400, "refusal_days": 400}'
    with psycopg.connect(url, autocommit=True) as tx:
        assert policy.set_policy(tx, "retention", now(), terms)
        tx.execute(ACCESS, [[0, 40, 180, 250]])
        gateway.tidy(now())
        assert numbers(tx, ACCESSES) == [0, 40, 180]


def test_the_intake_and_its_refusals_go_by_the_row(gateway: GatewayService, url: str) -> None:
    terms = '{"access_days": 210, "intake_days": 100, "refusal_days": 10}'
    with psycopg.connect(url, autocommit=True) as tx:
        policy.set_policy(tx, "retention", now() - timedelta(days=1), terms)
        tx.execute(INTAKE, [[0, 99, 101, 500]])
        tx.execute(REFUSAL, [[0, 9, 11, 500]])
        gateway.tidy(now())
        assert tx.execute("SELECT array_agg(id ORDER BY id) FROM intake").fetchone() == (["0", "99"],)
        assert tx.execute("SELECT array_agg(id ORDER BY id) FROM refusal").fetchone() == (["0", "9"],)


def test_a_request_goes_with_its_history_once_it_is_closed(gateway: GatewayService, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as tx:
        for ticket, age, state in (("old", 500, "closed"), ("open", 500, "accepted"), ("new", 1, "closed")):
            tx.execute(ASKED, {"ticket": ticket, "age": age, "state": state})
        tx.execute(NOTED)
        gateway.tidy(now())
        for table in ("service_request", "note"):
            left = tx.execute(f"SELECT array_agg(ticket ORDER BY ticket) FROM {table}".encode()).fetchone()
            assert left == (["new", "open"],)


def test_what_was_on_record_before_the_months_were_is_on_record_after(servers: Endpoints, url: str) -> None:
    owner = urlsplit(servers.database_url(OWNER))._replace(path=f"/{NAME}").geturl()
    with psycopg.connect(owner, autocommit=True, options="-c search_path=gateway") as tx:
        tx.execute(ACCESS, [[0, 100]])
        tx.execute((MIGRATIONS / "0003_retention.rollback.sql").read_bytes())
        tx.execute(ACCESS, [[50, 300]])
        before = tx.execute("SELECT * FROM access ORDER BY no").fetchall()
        tx.execute((MIGRATIONS / "0003_retention.sql").read_bytes())
        kept = [row for row in before if row[2] != "300"]
        assert tx.execute("SELECT * FROM access ORDER BY no").fetchall() == kept
        assert tx.execute(ACCESS + " RETURNING no", [[0]]).fetchone() == (before[-1][0] + 1,)
        assert tx.execute("SELECT count(*) FROM access_other").fetchone() == (0,)
