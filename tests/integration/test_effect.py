"""What fails stands alone: it blocks its own ticket only, and ends taken or parked, never lost."""

from datetime import timedelta
from functools import partial

import psycopg
import pytest
from msgspec.structs import replace

from chassis import waiting
from chassis.clock import now
from chassis.delivery import Arrival, Delivery, Unreadable, read, written
from chassis.model import Known, Stimulus
from contracts.cloudevent import SINGLE
from contracts.intake import RequestCancelled, RequestSubmitted
from services.ticket.commands import CancelTicket
from tests.integration.ledger import Found, Ledger, cancelled, number_of, offer_expired, submitted

LATER = timedelta(hours=1)
BUG = RuntimeError("王小明 13800138000")


def batch_with_a_broken_one(ledger: Ledger) -> None:
    ledger.breaks_on(lambda fact: fact.assignee == "broken", BUG)
    ledger.take(*(submitted(ticket) for ticket in "1234"))
    ledger.take(
        *(offer_expired(number_of(ticket), 1, "broken" if ticket == "3" else "zhang") for ticket in "1234"),
        *(offer_expired(number_of(ticket), 2) for ticket in "1234"),
    )


def test_a_failing_event_blocks_its_ticket_alone_and_goes_on_when_mended(ledger: Ledger) -> None:
    batch_with_a_broken_one(ledger)
    assert [ledger.recorded(ticket) for ticket in "1234"] == [[1, 2], [1, 2], [], [1, 2]]
    assert ledger.rows("SELECT sequence, attempt, due_at > now(), error FROM waiting ORDER BY sequence") == [
        (1, 1, True, "RuntimeError"), (2, 0, None, None),
    ]  # fmt: skip
    assert ledger.resume() == 0
    ledger.mends()
    ledger.resume(now() + LATER)
    assert ledger.recorded("3") == [1, 2]
    assert ledger.rows("SELECT count(*) FROM waiting") == [(0,)]


def test_what_keeps_failing_is_parked_and_a_retry_wakes_its_followers(ledger: Ledger) -> None:
    batch_with_a_broken_one(ledger)
    for _ in range(2):
        ledger.resume(now() + LATER)
    (record,) = ledger.parked()
    assert (record["reason"], record["attempt"], record["holds_back"]) == ("failing", 3, 1)
    assert record["detail"] == "RuntimeError (attempt 3)"
    ledger.mends()
    ledger.retry(record["no"])
    ledger.resume()
    assert ledger.recorded("3") == [1, 2]
    assert ledger.parked() == []


def test_an_archived_event_is_skipped_and_its_followers_go_on(ledger: Ledger) -> None:
    batch_with_a_broken_one(ledger)
    for _ in range(2):
        ledger.resume(now() + LATER)
    ledger.archive(ledger.parked()[0]["no"])
    ledger.resume()
    ledger.take(offer_expired(number_of("3"), 3))
    assert ledger.recorded("3") == [2, 3]
    assert ledger.rows("SELECT count(*) FROM waiting") == [(0,)]


def test_a_broken_event_that_waits_behind_a_gap_does_not_harm_its_predecessor(ledger: Ledger) -> None:
    ledger.breaks_on(lambda fact: fact.assignee == "broken", BUG)
    ledger.take(submitted("1"))
    ledger.take(offer_expired(number_of("1"), 2, "broken"), offer_expired(number_of("1"), 3))
    ledger.take(offer_expired(number_of("1"), 1))
    assert ledger.recorded("1") == [1]
    for _ in range(3):
        ledger.resume(now() + LATER)
    assert [(record["sequence"], record["reason"]) for record in ledger.parked()] == [(2, "failing")]


def test_a_failing_request_of_an_outsider_is_tried_again_once_per_due_time(ledger: Ledger) -> None:
    ledger.take(submitted("1"))
    ledger.breaks_on(lambda request: True, BUG, RequestCancelled)
    ledger.take(cancelled(number_of("1"), "c"))
    ledger.take(cancelled(number_of("1"), "c"))
    assert ledger.rows("SELECT attempt FROM waiting") == [(1,)]
    ledger.mends()
    assert ledger.resume(now() + LATER) == 1
    assert ledger.resume(now() + LATER) == 0
    assert ledger.rows("SELECT state FROM ticket") == [("cancelled",)]
    assert ledger.published("gov.replies") == []


def test_two_processes_that_resume_the_same_event_have_one_effect(ledger: Ledger) -> None:
    ledger.breaks_on(lambda request: True, BUG, RequestSubmitted)
    ledger.take(submitted("1"))
    ledger.mends()
    fellow = ledger.fellow()
    with ledger.database.transaction() as mine, fellow.database.transaction() as others:
        copies = [waiting.due(tx, now() + LATER, 10) for tx in (mine, others)]
    ledger.take(*copies[0])
    fellow.take(*copies[1])
    assert [len(copy) for copy in copies] == [1, 1]
    assert len(ledger.published()) == 2  # TicketReceived, DeadlineSet
    assert ledger.published("gov.replies") == []


def unreadable(body: bytes = b"{", content_type: str = SINGLE) -> Found:
    found = read(
        Delivery(
            body=body, content_type=content_type, exchange="gov.inbound", publisher="intake", message_id="m"
        )
    )
    assert isinstance(found, Unreadable)
    return found


def test_what_nobody_can_read_is_parked_once_and_answered_and_its_neighbours_flow(ledger: Ledger) -> None:
    ledger.take(submitted("1"), unreadable(), submitted("2"), unreadable())
    assert ledger.rows("SELECT count(*) FROM ticket") == [(2,)]
    assert [record["reason"] for record in ledger.parked()] == ["unreadable"]
    assert [event.data.status for event in ledger.published("gov.replies")] == [400]


def test_an_unreadable_message_that_is_retried_in_vain_is_parked_again_each_time(ledger: Ledger) -> None:
    ledger.take(unreadable())
    for _ in range(3):
        ledger.retry(ledger.parked()[0]["no"])
        ledger.resume()
        assert [record["reason"] for record in ledger.parked()] == ["unreadable"]
    assert ledger.rows("SELECT count(*) FROM waiting") == [(0,)]


def test_a_message_that_has_become_readable_takes_effect_once(ledger: Ledger) -> None:
    good = submitted("1")
    assert isinstance(good, Arrival)
    ledger.take(unreadable(written(good.event).encode(), "text/plain"))
    ledger.retry(ledger.parked()[0]["no"])
    for _ in range(3):
        ledger.resume()
    ledger.take(good)
    assert ledger.rows("SELECT count(*) FROM ticket") == [(1,)]
    assert ledger.published("gov.replies")[1:] == []  # only the answer to the content type
    assert ledger.rows("SELECT count(*) FROM waiting") == [(0,)]


def test_an_unknown_event_type_of_a_newer_version_is_parked_and_holds_its_ticket_back(ledger: Ledger) -> None:
    ledger.take(submitted("1"), submitted("2"))
    fact = offer_expired(number_of("1"), 1)
    newer = replace(fact, event=replace(fact.event, type="cn.fengge.dispatch.NewFact.v1"))
    ledger.take(newer, offer_expired(number_of("1"), 2), offer_expired(number_of("2"), 1))
    assert [record["reason"] for record in ledger.parked()] == ["unknown-type"]
    assert (ledger.recorded("1"), ledger.recorded("2")) == ([], [1])


def test_a_copy_of_what_is_parked_changes_nothing_until_a_person_decides(ledger: Ledger) -> None:
    batch_with_a_broken_one(ledger)
    for _ in range(2):
        ledger.resume(now() + LATER)
    (record,) = ledger.parked()
    ledger.take(offer_expired(number_of("3"), 1, "broken"))
    ledger.mends()
    ledger.take(offer_expired(number_of("3"), 1, "broken"), offer_expired(number_of("3"), 2))
    assert ledger.recorded("3") == []
    assert [each["no"] for each in ledger.parked()] == [record["no"]]
    ledger.retry(record["no"])
    ledger.resume()
    assert ledger.recorded("3") == [1, 2]
    assert ledger.parked() == []


def test_a_lost_connection_redoes_the_whole_batch(ledger: Ledger) -> None:
    ledger.take(submitted("1"))
    lost = iter([True, True])
    ledger.breaks_on(lambda fact: next(lost, False), psycopg.OperationalError("server closed the connection"))
    ledger.take(offer_expired(number_of("1"), 1))
    assert ledger.recorded("1") == [1]
    assert ledger.rows("SELECT count(*) FROM waiting") == [(0,)]


def test_a_ticket_that_stays_locked_does_not_hold_up_its_neighbours_for_ever(ledger: Ledger) -> None:
    ledger.take(*(submitted(ticket) for ticket in "123"))
    with psycopg.connect(ledger.settings.database_url) as elsewhere:
        elsewhere.execute("SELECT FROM ticket WHERE id = %s FOR UPDATE", [number_of("2")])
        # One that has just started remembers none of them.
        ledger.fellow().take(*(offer_expired(number_of(ticket), 1) for ticket in "123"))
    assert [ledger.recorded(ticket) for ticket in "123"] == [[1], [], [1]]
    ledger.resume(now() + LATER)
    assert ledger.recorded("2") == [1]


class Death(BaseException):
    """Stands for os._exit: no border catches it, nothing is committed."""


def test_a_killer_is_parked_after_three_noted_deaths_and_its_neighbours_flow(ledger: Ledger) -> None:
    ledger.take(*(submitted(ticket) for ticket in "123"))
    batch = [offer_expired(number_of(ticket), 1, "killer" if ticket == "2" else "li") for ticket in "123"]
    batch += [offer_expired(number_of("2"), 2)]
    deaths = 0
    while not ledger.parked():
        process = ledger.fellow()
        process.breaks_on(lambda fact: fact.assignee == "killer", Death())
        try:
            process.take(*batch)
        except Death:
            deaths += 1
            batch = [replace(arrival, redelivered=True) for arrival in batch]
    assert deaths == 4  # one that nobody noted, then three noted ones
    assert [(record["reason"], record["partitionkey"]) for record in ledger.parked()] == [
        ("failing", number_of("2"))
    ]
    assert [ledger.recorded(ticket) for ticket in "123"] == [[1], [], [1]]
    assert ledger.rows("SELECT count(*) FROM suspect") == [(0,)]


def test_what_is_due_and_fails_does_not_block_the_others(ledger: Ledger) -> None:
    ledger.take(*(submitted(ticket) for ticket in "123"))

    def cancel(ticket: str, _known: Known) -> CancelTicket:
        if ticket == number_of("2"):
            raise BUG
        return CancelTicket(reason_code="late", confirmed=True)

    stimuli = [Stimulus(number_of(ticket), partial(cancel, number_of(ticket))) for ticket in "123"]
    tally = ledger.worker.commit(
        lambda tx, tally, care: ledger.worker.effects.of_stimuli(tx, stimuli, now(), tally, care)
    )
    assert tally is not None
    assert (tally.failed, tally.effected) == ([number_of("2")], 2)
    assert ledger.rows("SELECT external_id FROM ticket WHERE state = 'cancelled' ORDER BY 1") == [
        ("1",),
        ("3",),
    ]


@pytest.mark.parametrize("words", ["王小明", "13800138000"])
def test_nothing_personal_of_a_failure_is_kept(ledger: Ledger, words: str) -> None:
    batch_with_a_broken_one(ledger)
    assert not [row for row in ledger.rows("SELECT error FROM waiting") if words in (row[0] or "")]
