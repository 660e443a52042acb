"""Every event takes effect exactly once and in its ticket's order, however it arrives."""

import random
import threading
from datetime import timedelta

import psycopg
import pytest
from msgspec.structs import replace

from chassis.clock import now
from chassis.delivery import Arrival
from chassis.inbox import admit, settle
from chassis.recovery import TransientFailure
from chassis.waiting import wake_missed
from contracts.ticket import TicketReceived
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from tests.integration.ledger import THEN, Ledger, number_of, offer_expired, submitted


def test_a_repeated_request_is_dropped_in_the_same_batch_and_later(ledger: Ledger) -> None:
    ledger.take(submitted("1"), submitted("1"))
    ledger.take(submitted("1"))
    ledger.fellow().take(submitted("1"))
    received = [event for event in ledger.published() if isinstance(event.data, TicketReceived)]
    assert [event.partitionkey for event in received] == [number_of("1")]
    assert ledger.published("gov.replies") == []


def test_a_repeat_with_a_time_of_its_own_is_a_repeat(ledger: Ledger) -> None:
    first = submitted("1")
    assert isinstance(first, Arrival)
    times = [THEN + timedelta(days=days) for days in (0, 1, 40)]
    sent = [replace(first, event=replace(first.event, time=time)) for time in times]
    ledger.take(*sent[:2])
    ledger.take(*sent)
    assert ledger.published("gov.replies") == []
    assert ledger.rows("SELECT count(*) FROM inbox") == [(1,)]


def test_what_another_process_has_done_meanwhile_is_found_out(ledger: Ledger) -> None:
    ledger.take(submitted("1"))
    fellow, facts = ledger.fellow(), [offer_expired(number_of("1"), number) for number in range(1, 7)]
    ledger.take(facts[0])
    fellow.take(*facts[:3])  # remembers nothing: the first is a repeat
    ledger.take(*facts[1:4])  # remembers the first
    fellow.take(facts[3], facts[5])
    ledger.take(facts[4])
    fellow.take(facts[5])
    assert ledger.recorded("1") == [1, 2, 3, 4, 5, 6]
    assert ledger.rows("SELECT count(*) FROM waiting") == [(0,)]
    assert ledger.rows("SELECT count(*) FROM parked") == [(0,)]


def test_a_resubmission_under_a_new_event_id_is_answered_as_a_duplicate(ledger: Ledger) -> None:
    ledger.take(submitted("1", "first"))
    ledger.take(submitted("1", "second"))
    (refused,) = ledger.published("gov.replies")
    assert refused.data.problem == "urn:fengge:problem:duplicate"
    assert ledger.rows("SELECT count(*) FROM ticket") == [(1,)]


def test_a_repeated_fact_is_dropped_in_the_same_batch_and_later(ledger: Ledger) -> None:
    ledger.take(submitted("1"))
    fact = offer_expired(number_of("1"), 1)
    ledger.take(fact, fact)
    ledger.take(fact)
    assert ledger.recorded("1") == [1]


@pytest.mark.parametrize("batches", [[[2, 1]], [[2], [1]], [[3], [2], [1]], [[3, 2], [2, 1], [3]]])
def test_what_comes_early_waits_and_follows_by_itself(ledger: Ledger, batches: list[list[int]]) -> None:
    ledger.take(submitted("1"))
    for batch in batches:
        ledger.take(*(offer_expired(number_of("1"), number) for number in batch))
    assert ledger.recorded("1") == sorted({number for batch in batches for number in batch})
    assert ledger.rows("SELECT count(*) FROM waiting") == [(0,)]


def test_a_gap_is_closed_across_restarts(ledger: Ledger) -> None:
    ledger.take(submitted("1"))
    ledger.take(offer_expired(number_of("1"), 3), offer_expired(number_of("1"), 2))
    assert ledger.recorded("1") == []
    ledger.fellow().take(offer_expired(number_of("1"), 1))
    assert ledger.recorded("1") == [1, 2, 3]


def test_a_repeat_of_a_waiting_event_leaves_nothing_in_the_waiting_line(ledger: Ledger) -> None:
    ledger.take(submitted("1"))
    ledger.take(offer_expired(number_of("1"), 2))
    ledger.take(offer_expired(number_of("1"), 2), offer_expired(number_of("1"), 1))
    assert ledger.recorded("1") == [1, 2]
    assert ledger.rows("SELECT count(*) FROM waiting") == [(0,)]


def test_shuffled_and_tripled_facts_of_many_tickets_take_effect_once_and_in_order(ledger: Ledger) -> None:
    chance = random.Random(20)
    tickets = [str(number) for number in range(12)]
    ledger.take(*(submitted(ticket) for ticket in tickets))
    facts = [offer_expired(number_of(t), n) for t in tickets for n in range(1, 13)] * 3
    chance.shuffle(facts)
    processes = [ledger, ledger.fellow()]
    while facts:
        size = chance.randint(1, 40)
        chance.choice(processes).take(*facts[:size])
        facts = facts[size:]
    assert {ticket: ledger.recorded(ticket) for ticket in tickets} == {
        ticket: list(range(1, 13)) for ticket in tickets
    }
    assert ledger.rows("SELECT count(*) FROM waiting") == [(0,)]


def test_two_processes_that_race_on_one_stream_have_one_effect(ledger: Ledger) -> None:
    ledger.take(submitted("1"))
    fellow, fact = ledger.fellow(), offer_expired(number_of("1"), 1)
    with ledger.database.transaction() as mine:
        admission = admit(mine, [fact], {})
        fellow.take(fact)
        with pytest.raises(TransientFailure):
            settle(mine, admission)
    ledger.take(fact)
    assert ledger.recorded("1") == [1]


def test_an_event_that_begins_to_wait_while_its_predecessor_commits_is_not_forgotten(ledger: Ledger) -> None:
    ledger.take(submitted("1"))
    first, second = offer_expired(number_of("1"), 1), offer_expired(number_of("1"), 2)
    with ledger.database.transaction() as mine:
        admission = admit(mine, [first], {})
        ledger.fellow().take(second)
        settle(mine, admission)
    assert ledger.resume(now() + timedelta(hours=1)) == 0
    with ledger.database.transaction() as tx:
        assert wake_missed(tx, now()) == 1
    ledger.resume()
    assert ledger.recorded("1") == [2]
    assert ledger.rows("SELECT count(*) FROM waiting") == [(0,)]


def test_a_request_that_two_shards_get_at_once_becomes_one_ticket(ledger: Ledger) -> None:
    copies = [submitted("1", f"copy-{number}") for number in range(8)]
    threads = [threading.Thread(target=ledger.fellow().take, args=[copy]) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    received = [event for event in ledger.published() if isinstance(event.data, TicketReceived)]
    assert len(received) == 1
    assert len(ledger.published("gov.replies")) == 7
    assert ledger.rows("SELECT count(*) FROM waiting") == [(0,)]
    assert ledger.parked() == []


def test_an_event_that_came_before_its_partition_is_moved_there(ledger: Ledger, migrated: Endpoints) -> None:
    moment = now() + timedelta(days=31)
    partition = f"inbox_{moment:%Y_%m}"
    with psycopg.connect(migrated.database_url(OWNER)) as tx:
        tx.execute(f"SET search_path = ticket; DROP TABLE {partition}")
    with ledger.database.transaction() as tx:
        tx.execute("INSERT INTO inbox (source, id, time) VALUES ('urn:x', 'early bird', %s)", [moment])
        tx.execute("SELECT keep_partitions()")
    assert ledger.rows("SELECT tableoid::regclass::text FROM inbox") == [(partition,)]
