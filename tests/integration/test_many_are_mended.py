"""What is done about many parked records is a job: at its rate, each record once, whoever dies at it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from chassis.clock import now
from chassis.database import Tx
from chassis.pause import Holds
from chassis.resuming import IN_HAND, Resumption
from contracts.problem import ContractViolation
from contracts.registry import CONSOLE
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from services.console.failed import jobs, store
from services.console.failed.domain import SLICE, Plan, Progress, Scope
from services.console.failed.jobs import JobError
from services.console.failed.mender import IN_VAIN, Mender
from tests.integration.ledger import Ledger, number_of, offer_expired, submitted
from tests.integration.process import until

MANY = 40
FAST = 2000.0
STEP = timedelta(seconds=SLICE)
"""In which what one step tries again is due."""

DUE = "SELECT count(*) FROM waiting WHERE due_at <= now()"


class Death(BaseException):
    """Stands for kill -9: the transaction that is open is lost."""


class Room:
    """What the operators' room does, with its own rights."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.dies_in = 0

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """A transaction in the room's schema; the `dies_in`-th from now is lost just before its COMMIT."""
        with psycopg.connect(self._url) as tx:
            yield tx
            self.dies_in -= 1
            if self.dies_in == 0:
                raise Death

    def begin(self, kind: str, scope: Scope, rate: float = FAST) -> int:
        """A job of somebody."""
        with self.transaction() as tx:
            return jobs.begin(tx, kind, scope, rate, "li", "mended")

    def plan(self, kind: str, scope: Scope, rate: float = FAST) -> Plan:
        """A dry run."""
        with self.transaction() as tx:
            return jobs.plan(tx, kind, scope, rate)

    def progress(self, job: int) -> Progress:
        """How far a job is."""
        with self.transaction() as tx:
            return jobs.progress(tx, job)

    def work(self, job: int) -> Progress:
        """Works until the job has ended."""
        mender = Mender(self.transaction)
        while (found := self.progress(job)).state == "running":
            time.sleep(mender.turn())
        return found


@pytest.fixture
def room(ledger: Ledger, empty: Endpoints) -> Room:
    """The room above an empty ledger."""
    with psycopg.connect(empty.database_url(OWNER)) as tx:
        tx.execute("TRUNCATE console.mending, console.mending_part")
    return Room(empty.database_url(CONSOLE))


def parked(ledger: Ledger, count: int = MANY) -> Scope:
    """So many facts that nobody can handle, each about a ticket of its own; one more waits behind each."""
    breaks(ledger)
    tickets = [str(number) for number in range(count)]
    ledger.take(*(submitted(each, severity="urgent" if each == "7" else "general") for each in tickets))
    ledger.take(*(offer_expired(number_of(each), number, "broken") for each in tickets for number in (1, 2)))
    return Scope(service="ticket")


def breaks(ledger: Ledger) -> None:
    """From now on the service cannot handle facts about a certain assignee, and knows it at once."""

    def broken(fact: Any) -> bool:
        if fact.assignee == "broken":
            raise ContractViolation("data", 422, "/data/assignee: nobody is called 'broken'")
        return False

    ledger.breaks_on(broken, AssertionError())


def settle(ledger: Ledger) -> None:
    """The service tries what is due, or will be in a moment, until nothing is."""
    while ledger.resume(now() + STEP):
        continue


def effected(ledger: Ledger) -> list[list[int]]:
    """By ticket, the numbers of the facts that took effect."""
    query = """SELECT array_agg(sequence ORDER BY no) FROM history
               WHERE source = 'urn:fengge:dispatch' GROUP BY ticket"""
    return [numbers for (numbers,) in ledger.rows(query)]


def test_a_group_tells_how_many_tickets_wait_and_whether_somebody_is_in_need(
    ledger: Ledger, room: Room
) -> None:
    parked(ledger)
    with room.transaction() as tx:
        (group,) = jobs.groups(tx)
    assert (group.service, group.reason, group.cause) == (
        "ticket", "data", "/data/assignee: nobody is called … (attempt #)",
    )  # fmt: skip
    assert (group.records, group.tickets, group.holds_back) == (MANY, MANY, MANY)
    with room.transaction() as tx:
        assert jobs.group(tx, group.key) == group
        with pytest.raises(JobError):
            jobs.group(tx, "ticket:0000000000")


def test_a_dry_run_changes_nothing_and_says_how_long_it_takes(ledger: Ledger, room: Room) -> None:
    scope = parked(ledger)
    plan = room.plan("retry", scope, rate=10)
    assert (plan.records, plan.able, plan.tickets, plan.seconds) == (MANY, MANY, MANY, MANY / 10)
    assert [(share.service, share.type) for share in plan.shares] == [
        ("ticket", "cn.fengge.dispatch.OfferExpired.v1")
    ]
    assert len(plan.some) == store.SOME
    assert len(ledger.parked()) == MANY


def test_all_are_tried_again_each_once_and_what_waited_behind_them_follows(
    ledger: Ledger, room: Room
) -> None:
    scope = parked(ledger)
    ledger.mends()
    done = room.work(room.begin("retry", scope))
    settle(ledger)
    assert (done.state, done.done, done.left_as_is, done.percent) == ("done", MANY, 0, 100)
    assert effected(ledger) == [[1, 2]] * MANY


def test_no_more_are_tried_in_a_second_than_was_asked_for(ledger: Ledger, room: Room) -> None:
    scope = parked(ledger)
    begun = time.monotonic()
    room.work(room.begin("retry", scope, rate=40))
    assert MANY / 40 - 0.3 < time.monotonic() - begun < MANY / 40 + 2


@pytest.mark.parametrize("nth", [2, 5])
def test_a_room_that_dies_in_the_midst_is_followed_by_one_that_goes_on(
    ledger: Ledger, room: Room, nth: int
) -> None:
    scope = parked(ledger)
    ledger.mends()
    job = room.begin("retry", scope, rate=80)
    first = Mender(room.transaction)
    room.dies_in = nth
    with pytest.raises(Death):
        first.run(threading.Event())
    settle(ledger)
    done = room.work(job)
    settle(ledger)
    assert (done.done, done.left_as_is) == (MANY, 0)
    assert effected(ledger) == [[1, 2]] * MANY
    deeds = ledger.rows("SELECT count(*), sum(jsonb_array_length(history)) FROM parked")
    assert deeds == [(MANY, MANY)]


def test_two_rooms_share_the_jobs_and_decide_nothing_twice(ledger: Ledger, room: Room) -> None:
    scope = parked(ledger)
    ledger.mends()
    job, stopping = room.begin("retry", scope, rate=400), threading.Event()
    rooms = [threading.Thread(target=Mender(room.transaction).run, args=[stopping]) for _ in range(3)]
    for each in rooms:
        each.start()
    done = room.work(job)
    stopping.set()
    for each in rooms:
        each.join()
    settle(ledger)
    assert (done.done, done.left_as_is) == (MANY, 0)
    assert effected(ledger) == [[1, 2]] * MANY


def test_what_somebody_decided_meanwhile_is_left_as_it_is(ledger: Ledger, room: Room) -> None:
    scope = parked(ledger)
    job = room.begin("retry", scope)
    ledger.archive(ledger.parked()[0]["no"])
    done = room.work(job)
    assert (done.done, done.to_do) == (MANY - 1, 1)
    assert ledger.rows("SELECT count(*) FROM parked WHERE state = 'archived'") == [(1,)]


def test_what_is_parked_later_is_not_part_of_the_job(ledger: Ledger, room: Room) -> None:
    scope = parked(ledger)
    job = room.begin("retry", scope)
    ledger.take(submitted("late"), offer_expired(number_of("late"), 1, "broken"))
    room.work(job)
    assert [record["partitionkey"] for record in ledger.parked()] == [number_of("late")]


def test_what_is_tried_again_is_due_one_by_one_at_the_rate_that_was_asked_for(
    ledger: Ledger, room: Room
) -> None:
    room.begin("retry", parked(ledger), rate=50)
    Mender(room.transaction).turn()
    due = [at for (at,) in ledger.rows("SELECT due_at FROM waiting WHERE due_at IS NOT NULL ORDER BY due_at")]
    assert {later - earlier for earlier, later in pairwise(due)} == {timedelta(seconds=1 / 50)}
    assert len(due) == 50 * SLICE


def test_a_service_tries_a_hand_at_a_time_however_many_are_due(ledger: Ledger, room: Room) -> None:
    scope = parked(ledger, IN_HAND + 10)
    ledger.mends()
    room.work(room.begin("retry", scope))
    until(lambda: ledger.rows(DUE) == [(IN_HAND + 10,)])
    ended = threading.Event()
    ended.set()  # it does not rest
    resumption = Resumption(ledger.database, ledger.worker, Holds(ledger.database), ended)
    for tried in (IN_HAND, IN_HAND + 10):
        resumption.turn()
        assert len(effected(ledger)) == tried


def test_a_job_is_stopped_and_goes_on(ledger: Ledger, room: Room) -> None:
    scope = parked(ledger)
    job, mender = room.begin("retry", scope, rate=10), Mender(room.transaction)
    mender.turn()
    with room.transaction() as tx:
        jobs.stop(tx, job)
    mender.turn()
    found = room.progress(job)
    assert (found.state, found.done, found.to_do, found.seconds_left) == ("stopped", 2, MANY - 2, 0)
    with room.transaction() as tx:
        with pytest.raises(JobError):
            jobs.stop(tx, job)
        jobs.go_on(tx, job)
    ledger.mends()
    assert room.progress(job).state == "running"


def test_a_retry_is_undone_where_the_service_has_not_tried_it_yet(ledger: Ledger, room: Room) -> None:
    scope = parked(ledger)
    ledger.mends()
    job = room.begin("retry", scope, rate=100)
    Mender(room.transaction).turn()
    ledger.resume(now() + STEP)
    room.work(job)
    with room.transaction() as tx:
        undone = jobs.undo(tx, job, "li", "not yet")
    found = room.work(undone)
    assert (found.kind, found.done, found.left_as_is, found.undoes) == ("recall", MANY - 20, 20, job)
    settle(ledger)
    assert len(effected(ledger)) == 20
    assert len(ledger.parked()) == MANY - 20


def test_what_was_given_up_is_opened_again_where_the_tickets_have_not_gone_on(
    ledger: Ledger, room: Room
) -> None:
    scope = parked(ledger)
    job = room.begin("archive", scope)
    room.work(job)
    on = [str(number) for number in range(10)]
    ledger.take(*(offer_expired(number_of(each), 2) for each in on))  # the others' followers are still due
    with room.transaction() as tx:
        kind, wanted, rate = jobs.undo_plan(tx, job)
    plan = room.plan(kind, wanted, rate)
    assert (kind, plan.records, plan.able) == ("restore", MANY, MANY - len(on))
    with room.transaction() as tx:
        undone = jobs.undo(tx, job, "li", "by mistake")
    found = room.work(undone)
    assert (found.done, found.left_as_is) == (MANY - len(on), len(on))
    ledger.mends()
    room.work(room.begin("retry", scope))
    settle(ledger)
    assert sorted(effected(ledger)) == [[1, 2]] * (MANY - len(on)) + [[2]] * len(on)


def test_a_job_whose_records_all_come_back_is_stopped(ledger: Ledger, room: Room) -> None:
    scope = parked(ledger)
    job, mender = room.begin("retry", scope, rate=50), Mender(room.transaction)
    while room.progress(job).state == "running":
        time.sleep(mender.turn())
        ledger.resume(now() + STEP)
    found = room.progress(job)
    assert (found.state, found.trouble) == ("stopped", IN_VAIN)
    assert found.to_do > 0
    assert found.came_back > 0
    ledger.mends()
    with room.transaction() as tx:
        jobs.go_on(tx, job)
    assert room.work(job).done == MANY


def test_a_job_says_what_keeps_it_and_goes_on_by_itself(ledger: Ledger, room: Room, empty: Endpoints) -> None:
    scope = parked(ledger, 3)
    job = room.begin("retry", scope)
    with psycopg.connect(empty.database_url(OWNER), autocommit=True) as owner:
        owner.execute("REVOKE UPDATE ON ticket.parked FROM console")
        Mender(room.transaction).turn()
        found = room.progress(job)
        owner.execute("GRANT UPDATE (state, history) ON ticket.parked TO console")
    assert (found.state, found.done, found.trouble) == ("running", 0, "InsufficientPrivilege")
    with room.transaction() as tx:
        tx.execute("UPDATE console.mending SET next_at = now()")
    assert room.work(job).trouble is None
    assert room.progress(job).done == 3
