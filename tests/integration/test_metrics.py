"""A process tells what became of its events: each that came is effected, repeated, parked or waiting."""

from urllib.request import urlopen

import psycopg
import pytest

from chassis.counts import Counts
from chassis.tally import Tally
from contracts.intake import RequestSubmitted
from deploy.local.accounts import SUPERUSER
from tests.integration.ledger import Ledger, number_of, offer_expired, submitted
from tests.integration.process import Process, Stage, until


def figures(process: Process) -> dict[str, float]:
    """What the process says to Prometheus, by name; each figure is explained and typed."""
    with urlopen(f"http://127.0.0.1:{process.port}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        lines = answer.read().decode().splitlines()
    helped = [line.split()[2] for line in lines if line.startswith("# HELP")]
    typed = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    found = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert helped == typed
    return {name.replace('{service="ticket"}', ""): float(value) for name, value in found.items()}


def total(told: dict[str, float], name: str, *labels: str) -> float:
    """The sum of what a figure says under these labels."""
    return sum(
        value
        for key, value in told.items()
        if key.startswith(f"{name}{{") and all(label in key for label in labels)
    )


def test_a_process_tells_what_became_of_every_event(stage: Stage) -> None:
    process = stage.start()
    stage.submit(range(20))
    stage.submit(range(5))
    stage.send(b"not json")
    until(lambda: figures(process)["fengge_events_accepted_total"] == 26)
    told = figures(process)
    assert told["fengge_events_effected_total"] == 20
    assert told["fengge_events_repeated_total"] == 5
    assert told["fengge_events_parked_total"] == told["fengge_parked_open"] == 1
    assert total(told, "fengge_parked_records", 'reason="unreadable"') == 1
    assert total(told, "fengge_critical_time_seconds_count", '"gov.inbound"') == 20
    assert total(told, "messaging_client_consumed_messages_total", '"gov.inbound"') == 26
    assert total(told, "messaging_process_duration_seconds_count", 'error_type=""') >= 1
    assert total(told, "fengge_shard_read") == total(told, "fengge_tickets_unassigned") / 5 == 4
    assert total(told, "fengge_line_up") == 3
    assert total(told, "fengge_shard_held") == 0
    assert told["fengge_events_unaccounted"] == 0
    assert told["fengge_ledger_readable"] == 1
    until(lambda: figures(process)["fengge_seal_unsealed"] == 0)
    until(lambda: figures(process)["fengge_outbox_unsent"] == 0)
    told = figures(process)
    assert total(told, "messaging_client_sent_messages_total", '"ticket.events"', 'error_type=""') >= 1
    assert total(told, "messaging_client_operation_duration_seconds_count", '"publish"') >= 1
    assert told["process_resident_memory_bytes"] > 0


def test_backlogs_are_told_with_their_age(stage: Stage) -> None:
    process = stage.start()
    with psycopg.connect(stage.endpoints.database_url(SUPERUSER)) as tx:
        tx.execute("SET search_path = ticket")
        tx.execute("INSERT INTO waiting (source, id, partitionkey, sequence, type, exchange, event, since) "
                   "VALUES ('s', 'i', 'T', 9, 't', 'e', '', now() - interval '1 hour')")  # fmt: skip
        tx.execute("INSERT INTO outbox (exchange, routing_key, content_type, body, created_at) "
                   "VALUES ('nowhere', '', 't', '', now() - interval '2 hours')")  # fmt: skip
    told = figures(process)
    assert (told["fengge_waiting"], told["fengge_outbox_unsent"]) == (1, 1)
    assert told["fengge_waiting_oldest_seconds"] == pytest.approx(3600, abs=60)
    assert told["fengge_outbox_oldest_seconds"] == pytest.approx(7200, abs=60)
    assert told["fengge_waiting_overdue_seconds"] == 0
    assert told["fengge_sequence_gaps"] == 1
    assert told["fengge_sequence_gap_oldest_seconds"] == pytest.approx(3600, abs=60)
    assert told["fengge_retries_scheduled"] == 0


def test_clocks_that_do_not_run_are_told(stage: Stage) -> None:
    process = stage.start()
    failed, idle = (f"fengge_timer_{what}" for what in ("failures_total", "idle_seconds"))
    labels = '{service="ticket",timer="repeat_alarm"}'
    with psycopg.connect(stage.endpoints.database_url(SUPERUSER), autocommit=True) as tx:
        tx.execute("ALTER TABLE ticket.sensor RENAME TO gone")
        try:
            until(lambda: figures(process)[failed + labels] > 0)
        finally:
            tx.execute("ALTER TABLE ticket.gone RENAME TO sensor")
    until(lambda: figures(process)[idle + labels] < 1)


def test_without_its_database_a_process_still_tells_what_it_counted(stage: Stage) -> None:
    process = stage.start()
    stage.submit(range(3))
    until(lambda: figures(process)["fengge_events_effected_total"] == 3)
    with psycopg.connect(stage.endpoints.database_url(SUPERUSER), autocommit=True) as superuser:
        superuser.execute("ALTER ROLE ticket NOLOGIN")
        try:
            superuser.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ticket'"
            )
            until(lambda: figures(process)["fengge_ledger_readable"] == 0)
            told = figures(process)
        finally:
            superuser.execute("ALTER ROLE ticket LOGIN")
    assert told["fengge_events_effected_total"] == 3
    assert "fengge_outbox_unsent" not in told


def test_a_service_that_cannot_read_a_table_of_its_own_still_tells_what_is_parked(stage: Stage) -> None:
    process = stage.start()
    stage.send(b"not json")
    until(lambda: figures(process)["fengge_parked_open"] == 1)
    with psycopg.connect(stage.endpoints.database_url(SUPERUSER), autocommit=True) as tx:
        tx.execute("ALTER TABLE ticket.request RENAME TO gone")
        try:
            told = figures(process)
        finally:
            tx.execute("ALTER TABLE ticket.gone RENAME TO request")
    assert told["fengge_ledger_readable"] == 0
    assert total(told, "fengge_parked_records", 'reason="unreadable"') == 1


def test_an_event_that_waits_is_counted_when_it_comes_and_when_it_goes(ledger: Ledger) -> None:
    one, two, three = (offer_expired(number_of("1"), number) for number in (1, 2, 3))
    counts = ledger.worker.counts
    ledger.take(submitted("1"), three)
    assert (counts.accepted, counts.effected, counts.waiting, counts.resumed) == (2, 1, 1, 0)
    ledger.take(three, two)
    ledger.take(one)
    assert (counts.accepted, counts.effected, counts.resumed) == (5, 4, 2)
    assert counts.unaccounted == 0


def test_a_copy_that_comes_before_its_predecessor_in_one_batch_is_a_repeat(ledger: Ledger) -> None:
    one, two = (offer_expired(number_of("1"), number) for number in (1, 2))
    ledger.take(submitted("1"), two)
    ledger.take(two, one, two)
    counts = ledger.worker.counts
    assert (counts.effected, counts.repeated, counts.resumed, counts.waiting) == (3, 2, 1, 1)


def test_retries_parking_and_a_second_chance_are_accounted_for(ledger: Ledger) -> None:
    ledger.breaks_on(lambda request: True, RuntimeError(), RequestSubmitted)
    ledger.take(submitted("1"))
    ledger.rows("UPDATE waiting SET due_at = now() RETURNING 1")
    while not ledger.parked():
        ledger.resume()
        ledger.rows("UPDATE waiting SET due_at = now() RETURNING 1")
    ledger.mends()
    ledger.retry(ledger.parked()[0]["no"])
    ledger.resume()
    counts = ledger.worker.counts
    assert (counts.accepted, counts.waiting, counts.parked, counts.effected) == (1, 1, 1, 1)
    assert counts.resumed == 2


def test_a_batch_that_forgets_an_event_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    counts = Counts()
    found = submitted("1"), submitted("2")
    assert counts.note(found, Tally(effected=2))
    assert not caplog.records
    assert counts.note(found, Tally(effected=1))
    assert counts.unaccounted == 1
    assert [record.message for record in caplog.records] == ["a batch does not add up"]
