"""`fengge audit` sets the four ledgers against each other and names every ticket that does not add up."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from cli.main import app
from contracts.registry import SERVICES
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from deploy.topology import heard_by

SAID = {"ticket": 3, "dispatch": 2, "evaluation": 1, "notification": 2}
"""How many facts each service has published about each ticket."""
STATES = {
    "ticket": "ticket (id, sequence, state, source, external_id, channel, severity, received_at) "
    "SELECT no, %s, 'closed', '/a', no, 'resident', 'general', now()",
    "dispatch": '"case" (id, sequence, state, category, grid, severity, hop, tried) '
    "SELECT no, %s, 'closed', 'c', 'g', 'general', 1, '{}'",
    "evaluation": "casefile (id, sequence, state, hops, returns, expiries, reworks, round) "
    "SELECT no, %s, 'closed', 1, 0, 0, 0, 1",
    "notification": "correspondence (id, sequence, received, language, no_address) "
    "SELECT no, %s, true, 'zh', '{}'",
}
RECORD = "INSERT INTO history (ticket, source, sequence, type, time, causationid, data)"
RUN = f"""
{RECORD} SELECT ticket, %s, n, 't', now(), '', '{{}}'
FROM generate_series(1, %s) n, unnest(%s::text[]) ticket
"""
TAKEN = "position WHERE partitionkey = %s AND source = %s"
BACK = "UPDATE position SET sequence = 1 WHERE partitionkey = %s AND source = %s"
LATER = "history SET no = no + 1000000 WHERE ticket = %s AND source = %s AND sequence"
RECORDED = "history WHERE ticket = %s AND source = %s AND sequence"
LEDGER = "position, waiting, parked, outbox, inbox"
TICKETS = [f"T-{number}" for number in range(300)]
DISPATCH = "urn:fengge:dispatch"
VICTIM = "T-123"
LONG_AGO = "now() - interval '10 minutes'"


class Books:
    """Four ledgers in which every ticket adds up, until a test changes them."""

    def __init__(self, endpoints: Endpoints, run: Path) -> None:
        self._endpoints, self._run = endpoints, run
        (run / "endpoints.json").write_text(json.dumps({"database": {"roles": dict(endpoints.database)}}))
        with psycopg.connect(endpoints.database_url(OWNER)) as tx:
            for service in SERVICES:
                tx.execute(f"SET search_path = {service}")
                table = STATES[service].partition(" (")[0]
                tx.execute(f"TRUNCATE {LEDGER}, {table}" + (", history, seal" if service == "ticket" else ""))
                tx.execute(
                    f"INSERT INTO {STATES[service]} FROM unnest(%s::text[]) no", [SAID[service], TICKETS]
                )
                for publisher in heard_by(service):
                    tx.execute(
                        "INSERT INTO position SELECT %s, no, %s FROM unnest(%s::text[]) no",
                        [f"urn:fengge:{publisher}", SAID[publisher], TICKETS],
                    )
            tx.execute("SET search_path = ticket")
            for publisher, said in SAID.items():
                tx.execute(RUN, [f"urn:fengge:{publisher}", said, TICKETS])

    def change(self, service: str, statement: str, *values: object) -> None:
        """Something happens to the ledger of a service."""
        with psycopg.connect(self._endpoints.database_url(OWNER)) as tx:
            tx.execute(f"SET search_path = {service}")
            assert tx.execute(statement.encode(), values).rowcount == 1

    def message(self, publisher: str, number: int, *, age: str, sent: str) -> None:
        """A message of the publisher with one fact about the victim."""
        fact = {"source": f"urn:fengge:{publisher}", "partitionkey": VICTIM, "sequence": str(number)}
        self.change(
            publisher,
            f"INSERT INTO outbox (exchange, routing_key, content_type, body, created_at, sent_at) "
            f"VALUES (%s, '0', 't', %s, now() - interval '{age}', {sent})",
            f"{publisher}.events",
            json.dumps([fact]),
        )

    def audit(self, *words: str, status: int = 0) -> dict[str, Any]:
        """What the command says to scripts."""
        done = CliRunner().invoke(app, ["--run", str(self._run), "audit", "--json", *words])
        assert done.exit_code == status, f"{done.output}\n{done.exception!r}"
        document: dict[str, Any] = json.loads(done.output)
        assert document["balanced"] is (status == 0)
        return document

    def faults(self, *words: str) -> list[tuple[str, str, str, str]]:
        """(service, ticket, what, detail) of all that does not add up."""
        found = self.audit(*words, status=1)["faults"]
        return [(each["service"], each["ticket"], each["what"], each["detail"]) for each in found]


@pytest.fixture
def books(migrated: Endpoints, tmp_path: Path) -> Books:
    """Books that balance."""
    return Books(migrated, tmp_path)


def told(books: Books, service: str) -> dict[str, Any]:
    """The account of one service in books that balance."""
    (account,) = [each for each in books.audit()["services"] if each["service"] == service]
    return dict(account)


def test_books_that_balance_say_how_many_events_each_service_took_in(books: Books) -> None:
    said = books.audit()
    effected = {each["service"]: each["effected"] for each in said["services"]}
    per_ticket = {name: sum(SAID[heard] for heard in heard_by(name)) for name in SERVICES}
    assert effected == {name: number * len(TICKETS) for name, number in per_ticket.items()}
    assert all(each["accepted"] == each["effected"] for each in said["services"])
    assert said["faults"] == []


def test_a_published_fact_that_never_arrived_is_named_at_each_who_lacks_it(books: Books) -> None:
    books.change("evaluation", BACK, VICTIM, DISPATCH)
    books.change("notification", f"DELETE FROM {TAKEN}", VICTIM, DISPATCH)
    assert books.faults() == [
        ("notification", VICTIM, "missing", "dispatch 1–2"),
        ("evaluation", VICTIM, "missing", "dispatch 2"),
    ]


@pytest.mark.parametrize(
    ("age", "sent"), [("1 second", "NULL"), ("1 second", "now()"), ("1 hour", "now()")],
    ids=["not yet sent", "just sent", "sent late, after an outage"],
)  # fmt: skip
def test_a_fact_that_is_under_way_is_not_missed_yet(books: Books, age: str, sent: str) -> None:
    books.change("dispatch", 'UPDATE "case" SET sequence = 3 WHERE id = %s', VICTIM)
    books.message("dispatch", 3, age=age, sent=sent)
    account = told(books, "evaluation")
    assert (account["under_way"], account["missing"]) == (1, 0)
    assert account["accepted"] == account["effected"] + 1


def test_a_fact_sent_long_ago_is_missed(books: Books) -> None:
    books.change("dispatch", 'UPDATE "case" SET sequence = 3 WHERE id = %s', VICTIM)
    books.message("dispatch", 3, age="10 minutes", sent=LONG_AGO)
    assert {fault[:3] for fault in books.faults()} == {
        (service, VICTIM, "missing") for service in ("ticket", "notification", "evaluation")
    }


def test_what_a_service_took_in_and_its_publisher_does_not_know_is_named(books: Books) -> None:
    """As after a restore of one schema alone."""
    books.change("ticket", "UPDATE ticket SET sequence = 2 WHERE id = %s", VICTIM)
    books.change("ticket", f"DELETE FROM {RECORDED} = 3", VICTIM, "urn:fengge:ticket")
    assert {fault[:3] for fault in books.faults()} == {
        (service, VICTIM, "ahead") for service in ("dispatch", "notification", "evaluation")
    }


def test_waiting_and_parked_events_are_accounted_for(books: Books) -> None:
    books.change("evaluation", BACK, VICTIM, "urn:fengge:ticket")
    books.change("evaluation", PARK, VICTIM, 2)
    books.change(
        "evaluation", f"{WAIT} VALUES ('urn:fengge:ticket', '3', %s, 3, 't', 'e', '', {LONG_AGO})", VICTIM
    )
    account = told(books, "evaluation")
    assert (account["waiting"], account["parked"], account["missing"]) == (1, 1, 0)
    assert [each["ticket"] for each in books.audit()["parked"]] == [VICTIM]


PARK = """
INSERT INTO parked (source, id, type, partitionkey, sequence, exchange, body, reason, detail)
SELECT 'urn:fengge:ticket', 'x', 't', %s, %s, 'ticket.events', '', 'failing', ''
"""
WAIT = "INSERT INTO waiting (source, id, partitionkey, sequence, type, exchange, event, since)"


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("stuck", f"VALUES ('{DISPATCH}', '3', %s, 3, 't', 'e', '', {LONG_AGO})"),
        ("gap", f"VALUES ('{DISPATCH}', '5', %s, 5, 't', 'e', '', {LONG_AGO})"),
    ],
)
def test_an_event_that_is_left_lying_is_named(books: Books, what: str, values: str) -> None:
    books.change("ticket", f"{WAIT} {values}", VICTIM)
    assert [fault[:3] for fault in books.faults()] == [("ticket", VICTIM, what)]


def test_a_try_that_is_overdue_is_named(books: Books) -> None:
    values = f"VALUES ('{DISPATCH}', '3', %s, 3, 't', 'e', '', now())"
    books.change("ticket", f"{WAIT} {values}", VICTIM)
    assert books.audit()["balanced"]
    books.change("ticket", f"UPDATE waiting SET due_at = {LONG_AGO} WHERE partitionkey = %s", VICTIM)
    assert [fault[:3] for fault in books.faults()] == [("ticket", VICTIM, "overdue")]


def test_a_message_that_is_not_sent_for_long_is_named_with_its_tickets(books: Books) -> None:
    books.message("dispatch", 2, age="10 minutes", sent="NULL")
    assert [fault[:3] for fault in books.faults()] == [("dispatch", VICTIM, "unsent")]
    assert books.audit("--grace", "3600")["balanced"]


@pytest.mark.parametrize(
    ("what", "statement"),
    [
        ("unrecorded", f"DELETE FROM {RECORDED} = 1"),
        ("unrecorded", f"DELETE FROM {RECORDED} = 2"),
        ("doubled", f"{RECORD} VALUES (%s, %s, 2, 't', now(), '', '{{}}')"),
        ("unexpected", f"{RECORD} VALUES (%s, %s, 3, 't', now(), '', '{{}}')"),
        ("disordered", f"UPDATE {LATER} = 1"),
    ],
    ids=["the first", "the last", "doubled", "one too many", "order"],
)  # fmt: skip
def test_a_run_that_is_not_1_to_n_in_the_history_is_named(books: Books, what: str, statement: str) -> None:
    books.change("ticket", statement, VICTIM, DISPATCH)
    assert [fault[:3] for fault in books.faults()] == [("ticket", VICTIM, what)]


def test_an_event_that_a_person_gave_up_leaves_a_gap_that_is_explained(books: Books) -> None:
    books.change("ticket", f"DELETE FROM {RECORDED} = 1", VICTIM, DISPATCH)
    books.change("ticket", PARK.replace("ticket'", "dispatch'"), VICTIM, 1)
    books.change("ticket", "UPDATE parked SET state = 'archived' WHERE partitionkey = %s", VICTIM)
    assert books.audit()["balanced"]


def test_since_and_service_look_at_less(books: Books) -> None:
    books.change("evaluation", f"DELETE FROM {TAKEN}", VICTIM, DISPATCH)
    assert len(books.faults("--since", "2020-01-01")) == 1
    assert books.audit("--since", "2099-01-01")["balanced"]
    assert books.audit("--service", "ticket")["balanced"]


def test_people_are_told_in_words(books: Books) -> None:
    books.change("evaluation", f"DELETE FROM {TAKEN}", VICTIM, DISPATCH)
    said = CliRunner().invoke(app, ["--run", str(books._run), "audit"]).output
    for words in (VICTIM, "was published and never arrived", "dispatch 1–2", "账目不符"):
        assert words in said
