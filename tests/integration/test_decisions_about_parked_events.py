"""A person tries parked events again, gives them up, opens them again, edits them: in order, each once."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chassis import decisions, parked
from chassis.clock import now
from chassis.decisions import By
from chassis.delivery import Arrival, Delivery, Unreadable, read, written
from chassis.parked import ParkedError
from contracts.event import type_of
from contracts.intake import RequestSubmitted
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from tests.integration.ledger import Ledger, number_of, offer_expired, submitted

LATER = timedelta(hours=1)
MIGRATIONS = Path(parked.__file__).parent / "migrations"
BUG = RuntimeError("a bug")
ME = By("li", "mended")


def decide(ledger: Ledger, kind: str, *numbers: int) -> list[int]:
    """What is left of the numbers: those for which it could be decided."""
    with ledger.database.transaction() as tx:
        return decisions.DECISIONS[kind](tx, numbers, ME)


def parked_facts(ledger: Ledger, *numbers: int) -> list[int]:
    """Facts about ticket 1 that cannot be handled: the first of them parked, the others wait behind it."""
    ledger.breaks_on(lambda fact: fact.assignee == "broken", BUG)
    ledger.take(submitted("1"))
    ledger.take(*(offer_expired(number_of("1"), number, "broken") for number in numbers))
    return failing(ledger)


def failing(ledger: Ledger) -> list[int]:
    """Lets what fails be tried until it is parked; the open records, the oldest first."""
    for _ in range(3):
        ledger.resume(now() + LATER)
    return sorted(record["no"] for record in ledger.parked())


def position(ledger: Ledger) -> int:
    """How far ticket 1 has taken in what dispatch says."""
    query = "SELECT sequence FROM position WHERE partitionkey = %s AND source = 'urn:fengge:dispatch'"
    return int(ledger.rows(query, number_of("1"))[0][0])


def test_what_was_given_up_by_mistake_is_opened_again_in_its_place(ledger: Ledger) -> None:
    (record,) = parked_facts(ledger, 1)
    assert decide(ledger, "archive", record) == [record]
    assert position(ledger) == 1
    assert decide(ledger, "restore", record) == [record]
    assert position(ledger) == 0
    ledger.take(offer_expired(number_of("1"), 2))
    assert ledger.recorded("1") == []
    ledger.mends()
    assert decide(ledger, "retry", record) == [record]
    ledger.resume()
    assert ledger.recorded("1") == [1, 2]
    history = ledger.rows("SELECT history FROM parked")[0][0]
    assert [(deed["what"], deed["who"]) for deed in history] == [
        ("archived", "li"), ("restored", "li"), ("retried", "li"),
    ]  # fmt: skip


def test_what_its_ticket_has_passed_stays_given_up_for_an_effect_now_would_turn_the_order(
    ledger: Ledger,
) -> None:
    (record,) = parked_facts(ledger, 1)
    decide(ledger, "archive", record)
    ledger.take(offer_expired(number_of("1"), 2))
    assert decide(ledger, "restore", record) == []
    with ledger.database.transaction() as tx, pytest.raises(ParkedError, match="has gone on past event 1"):
        decisions.decide(tx, "restore", record, ME)
    assert (position(ledger), ledger.recorded("1")) == (2, [2])


def test_a_stream_goes_back_one_event_after_the_other(ledger: Ledger) -> None:
    (first,) = parked_facts(ledger, 1, 2)
    decide(ledger, "archive", first)
    (second,) = failing(ledger)
    decide(ledger, "archive", second)
    assert decide(ledger, "restore", first) == []  # the later one first
    assert decide(ledger, "restore", first, second) == [second, first]
    assert position(ledger) == 0
    assert decide(ledger, "archive", second) == []  # now the earlier one first
    ledger.mends()
    decide(ledger, "retry", second, first)
    for _ in range(3):
        ledger.resume()
    assert ledger.recorded("1") == [1, 2]
    assert ledger.rows("SELECT count(*) FROM waiting") == [(0,)]


def test_whoever_takes_the_next_event_as_a_record_is_opened_waits_behind_it(ledger: Ledger) -> None:
    (record,) = parked_facts(ledger, 1)
    decide(ledger, "archive", record)
    done: list[list[int]] = []

    def opened_meanwhile(fact: Any) -> bool:
        if not done:
            done.append(decide(ledger, "restore", record))
        return False

    fellow = ledger.fellow()
    fellow.breaks_on(opened_meanwhile, BUG)
    fellow.take(offer_expired(number_of("1"), 2))
    assert done == [[record]]
    assert ledger.recorded("1") == []
    assert position(ledger) == 0
    ledger.mends()
    decide(ledger, "retry", record)
    ledger.resume()
    assert ledger.recorded("1") == [1, 2]


def test_a_request_that_was_given_up_is_opened_again_and_takes_effect_once(ledger: Ledger) -> None:
    ledger.breaks_on(lambda request: True, BUG, RequestSubmitted)
    ledger.take(submitted("1"))
    (record,) = failing(ledger)
    decide(ledger, "archive", record)
    ledger.mends()
    ledger.take(submitted("1"))  # a copy: it was given up all the same
    assert ledger.rows("SELECT count(*) FROM ticket") == [(0,)]
    assert decide(ledger, "restore", record) == [record]
    assert decide(ledger, "restore", record) == []
    decide(ledger, "retry", record)
    for _ in range(2):
        ledger.resume()
    assert ledger.rows("SELECT count(*) FROM ticket") == [(1,)]


def test_what_has_not_been_tried_yet_is_taken_back(ledger: Ledger) -> None:
    (record,) = parked_facts(ledger, 1, 2)
    decide(ledger, "retry", record)
    assert decide(ledger, "recall", record) == [record]
    ledger.mends()
    assert ledger.resume() == 0
    assert [(each["no"], each["holds_back"]) for each in ledger.parked()] == [(record, 1)]
    decide(ledger, "retry", record)
    ledger.resume()
    assert decide(ledger, "recall", record) == []
    assert ledger.recorded("1") == [1, 2]


def test_what_the_service_is_trying_at_this_moment_is_not_taken_back(ledger: Ledger) -> None:
    (record,) = parked_facts(ledger, 1)
    decide(ledger, "retry", record)
    found: list[list[int]] = []

    def meanwhile(fact: Any) -> bool:
        found.append(decide(ledger, "recall", record))
        return False

    fellow = ledger.fellow()
    fellow.breaks_on(meanwhile, BUG)
    fellow.resume()
    assert found == [[]]
    assert ledger.recorded("1") == [1]


def test_a_decision_is_made_once_however_often_it_is_asked_for(ledger: Ledger) -> None:
    (record,) = parked_facts(ledger, 1)
    assert decide(ledger, "retry", record, record) == [record]
    assert decide(ledger, "retry", record) == []
    with ledger.database.transaction() as tx, pytest.raises(ParkedError, match="is already retried"):
        decisions.decide(tx, "retry", record, ME)
    with ledger.database.transaction() as tx, pytest.raises(ParkedError, match="no parked record 0"):
        decisions.decide(tx, "retry", 0, ME)


def test_an_edited_message_takes_effect_and_both_bodies_are_kept(ledger: Ledger) -> None:
    good = submitted("1")
    assert isinstance(good, Arrival)
    whole = written(good.event).encode()
    broken = read(Delivery(body=whole[:-1], content_type="text/plain", exchange="gov.inbound"))
    assert isinstance(broken, Unreadable)
    ledger.take(broken)
    (record,) = (each["no"] for each in ledger.parked())
    with ledger.database.transaction() as tx:
        edition = decisions.edited(tx, record, whole, type_of(RequestSubmitted), ME)
    ledger.resume()
    assert ledger.rows("SELECT external_id FROM ticket") == [("1",)]
    assert ledger.rows("SELECT no, body, reason, state FROM parked ORDER BY no") == [
        (record, whole[:-1], "content-type", "retried"), (edition, whole, "edited", "retried"),
    ]  # fmt: skip
    ((history,),) = ledger.rows("SELECT history FROM parked WHERE no = %s", record)
    assert [(deed["what"], deed["edition"]) for deed in history] == [("edited", edition)]
    assert decide(ledger, "recall", edition) == decide(ledger, "recall", record) == []


def test_an_edited_fact_lets_what_waits_behind_it_go_on(ledger: Ledger) -> None:
    (record,) = parked_facts(ledger, 1, 2)
    fact = offer_expired(number_of("1"), 1, "zhang")
    with ledger.database.transaction() as tx:
        decisions.edited(tx, record, written(fact.event).encode(), fact.event.type, ME)
    ledger.mends()
    ledger.resume()
    assert ledger.recorded("1") == [1, 2]
    ((data,),) = ledger.rows("SELECT data FROM history WHERE source = 'urn:fengge:dispatch' AND sequence = 1")
    assert data["assignee"] == "zhang"


@pytest.mark.parametrize("kind", ["retry", "archive"])
def test_two_people_who_decide_at_once_decide_once(ledger: Ledger, kind: str) -> None:
    (record,) = parked_facts(ledger, 1)
    with psycopg.connect(ledger.settings.database_url) as slow:
        assert decisions.DECISIONS[kind](slow, [record], ME) == [record]
        with pytest.raises(psycopg.errors.LockNotAvailable):
            decide(ledger, kind, record)
    assert decide(ledger, kind, record) == []


def test_a_body_that_was_erased_is_not_opened_again(ledger: Ledger) -> None:
    (record,) = parked_facts(ledger, 1)
    decide(ledger, "archive", record)
    with ledger.database.transaction() as tx:
        tx.execute("SELECT forget_parked(now() + interval '1 hour', NULL, 'li', 'retention')")
    with ledger.database.transaction() as tx, pytest.raises(ParkedError, match="was erased"):
        decisions.decide(tx, "restore", record, ME)


def test_causes_are_grouped_without_what_differs_from_one_record_to_the_next(ledger: Ledger) -> None:
    for number in range(3):
        body = b'{"specversion": "1.0", "id": "%d", "source": "urn:x", "type": "cn.fengge.T%d.v1"}' % (
            number, number,
        )  # fmt: skip
        found = read(Delivery(body=body, content_type=f"a/{number}", exchange="gov.inbound"))
        assert isinstance(found, Unreadable)
        ledger.take(found)
    parked_facts(ledger, 1)
    causes = ledger.rows("SELECT DISTINCT reason, cause FROM parked ORDER BY 1")
    ((_, content_type), (_, failing_)) = causes
    assert content_type.startswith("… is not application/cloudevents+json")
    assert failing_ == "RuntimeError (attempt #)"


def test_nobody_takes_out_of_the_line_what_no_person_wanted_tried_again(ledger: Ledger) -> None:
    parked_facts(ledger, 1, 2)
    ((source, ident),) = ledger.rows("SELECT source, id FROM waiting")
    assert ledger.rows("SELECT * FROM take_back(%s, %s)", [source], [ident]) == []
    assert ledger.rows("SELECT * FROM take_back(%s, %s)", ["parked"], ["no number"]) == []
    assert ledger.rows("SELECT count(*) FROM waiting") == [(1,)]


def test_the_ledger_has_a_way_back_and_forth(ledger: Ledger, empty: Endpoints) -> None:
    (record,) = parked_facts(ledger, 1)
    decide(ledger, "archive", record)
    decide(ledger, "restore", record)
    with psycopg.connect(empty.database_url(OWNER)) as tx:
        tx.execute("SET search_path = ticket")
        for name in ("0008_parked_cause.rollback.sql", "0008_parked_cause.sql"):
            tx.execute((MIGRATIONS / name).read_bytes())
        assert tx.execute("SELECT cause FROM parked").fetchall() == [("RuntimeError (attempt #)",)]
        tx.rollback()
