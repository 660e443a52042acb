"""Standing orders in real processes: each visit is one ticket, whoever is there, however long nobody was."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from chassis.clock import now
from contracts.cloudevent import SINGLE
from contracts.numbering import order_number
from contracts.terms import CHINA
from services.ticket import calendar, erasure_store
from services.ticket.calendar import Day
from services.ticket.orders import SOURCE
from services.ticket.privacy.vault import Vault
from tests.integration.process import HOTLINE, VAULT_KEY, Process, Stage, until

PATIENCE = 60.0
HOUR = 3600.0
OFFICER = {"role": "grid_officer", "id": "GO-0312"}
WHO = {"name": "王奶奶", "phone": "13800138000"}
VISITED = "SELECT standing_order, visit_at, kind, ticket FROM visit ORDER BY standing_order, visit_at, kind"
TICKETS = (
    f"SELECT id, external_id, state, severity FROM ticket WHERE source = '{SOURCE}' ORDER BY received_at, id"
)


def say(stage: Stage, kind: str, n: int, **data: Any) -> None:
    """An event about a standing order, from the publisher `intake`."""
    event = {
        "specversion": "1.0", "id": f"order-{n}", "source": HOTLINE, "type": f"cn.fengge.intake.{kind}.v1",
        "time": "2026-11-21T08:00:00Z", "data": {"actor": OFFICER, **data},
    }  # fmt: skip
    stage.send(msgspec.json.encode(event), f"request.order-{n}", SINGLE)


def placed(stage: Stage, number: int, minutes_ahead: float, **plan: Any) -> str:
    """A daily order whose first visit is so many minutes ahead."""
    first = (now() + timedelta(minutes=minutes_ahead)).astimezone(CHINA)
    told = {
        "category": "medicine_delivery", "grid": "99010100100201001", "rule": "FREQ=DAILY",
        "at": f"{first:%H:%M}", "starts_on": f"{first:%Y-%m-%d}", **plan,
    }  # fmt: skip
    say(stage, "StandingOrderPlaced", number, external_id=str(number), plan=told, title="取药送药",
        body="电话13800138000", address="幸福里3-201", requester=WHO)  # fmt: skip
    return order_number(HOTLINE, str(number))


def started(stage: Stage, instances: int, later: float) -> list[Process]:
    """Processes that share the shards, whose clock is so many seconds ahead."""
    skew = {"CLOCK_SKEW_SECONDS": str(later)}
    return [stage.start(INSTANCE=f"{n + 1}/{instances}", **skew) for n in range(instances)]


def facts(stage: Stage, kind: str) -> int:
    """How many facts of this kind are on record."""
    return int(stage.query(f"SELECT count(*) FROM history WHERE type LIKE '%.{kind}.%'")[0][0])


def orders(stage: Stage) -> int:
    """How many orders there are."""
    return int(stage.query("SELECT count(*) FROM standing_order")[0][0])


def test_each_visit_is_one_ticket_with_two_processes_and_after_23_hours_of_standstill(stage: Stage) -> None:
    here = started(stage, 2, later=0)
    for number in range(40):
        placed(stage, number, minutes_ahead=30)
    until(lambda: orders(stage) == 40, PATIENCE)
    for process in here:
        process.stop()
    assert stage.query(VISITED) == []
    here = started(stage, 2, later=HOUR)
    until(lambda: len(stage.query(TICKETS)) == 40, PATIENCE)
    for process in here:
        process.stop()
    # Down for 23 hours and a little: of each order the second day's visit is late, and not too late.
    here = started(stage, 2, later=24 * HOUR + HOUR)
    until(lambda: len(stage.query(TICKETS)) == 80, PATIENCE)
    until(stage.quiet, PATIENCE)
    visited = stage.query(VISITED)
    assert len(visited) == len({(order, at) for order, at, _, _ in visited}) == 80
    assert {ticket for _, _, _, ticket in visited} == {row[0] for row in stage.query(TICKETS)}
    assert (facts(stage, "VisitDue"), facts(stage, "VisitSkipped")) == (80, 0)
    assert stage.query("SELECT count(*) FROM visit WHERE due_at IS NOT NULL") == [(0,)]


def test_what_is_too_old_is_told_as_missed_and_never_opened(stage: Stage) -> None:
    (process,) = started(stage, 1, later=0)
    placed(stage, 1, minutes_ahead=30)
    until(lambda: orders(stage) == 1, PATIENCE)
    process.stop()
    started(stage, 1, later=72 * HOUR + HOUR)
    until(lambda: len(stage.query(TICKETS)) == 1, PATIENCE)
    until(stage.quiet, PATIENCE)
    assert (facts(stage, "VisitDue"), facts(stage, "VisitSkipped")) == (1, 3)


def test_a_visit_nobody_confirms_opens_one_urgent_check_and_a_confirmed_one_none(stage: Stage) -> None:
    here = started(stage, 2, later=0)
    alone = placed(stage, 1, minutes_ahead=30, lives_alone=True, confirm_within=45)
    cared = placed(stage, 2, minutes_ahead=30, lives_alone=True, confirm_within=45)
    until(lambda: orders(stage) == 2, PATIENCE)
    for process in here:
        process.stop()
    here = started(stage, 2, later=HOUR)
    until(lambda: len(stage.query(TICKETS)) == 2, PATIENCE)
    for process in here:
        process.stop()
    with psycopg.connect(stage.endpoints.database_url("ticket")) as tx:
        tx.execute(
            "UPDATE ticket SET state = 'in_progress' "
            "WHERE id = (SELECT ticket FROM visit WHERE standing_order = %s)",
            [cared],
        )
    started(stage, 2, later=2 * HOUR)
    until(lambda: len(stage.query(TICKETS)) == 3, PATIENCE)
    until(lambda: (facts(stage, "VisitMissed"), facts(stage, "VisitConfirmed")) == (1, 1), PATIENCE)
    until(stage.quiet, PATIENCE)
    ((number, external_id, state, severity),) = [row for row in stage.query(TICKETS) if "welfare" in row[1]]
    assert external_id.startswith(alone)
    assert (state, severity) == ("accepted", "urgent")
    assert stage.query(f"SELECT lives_alone, requester_ref FROM ticket WHERE id = '{number}'") == [
        (True, number)
    ]
    told = [event.type.split(".")[-2] for event in stage.heard()]
    assert told.count("VisitMissed") == 1


def test_an_order_is_changed_paused_resumed_and_ended_and_who_may_not_is_told_why(stage: Stage) -> None:
    stage.start()
    number = placed(stage, 1, minutes_ahead=30)
    until(lambda: orders(stage) == 1, PATIENCE)

    def state() -> Any:
        return stage.query("SELECT state, due_at IS NOT NULL FROM standing_order")[0]

    say(stage, "StandingOrderPaused", 2, order=number, reason_code="in_hospital")
    until(lambda: state() == ("paused", False))
    say(stage, "StandingOrderResumed", 3, order=number)
    until(lambda: state() == ("active", True))
    say(stage, "StandingOrderChanged", 4, order=number, title="理发", requester={"phone": "13900139000"})
    until(lambda: facts(stage, "StandingOrderChanged") == 1)
    say(stage, "StandingOrderEnded", 5, order=number, reason_code="moved_away")
    until(lambda: state() == ("ended", False))
    with stage.channel() as channel:
        channel.queue_purge("gov.replies.intake")
    say(stage, "StandingOrderResumed", 6, order=number)
    say(stage, "StandingOrderPaused", 7, order=order_number(HOTLINE, "unknown"), reason_code="x")
    say(
        stage, "StandingOrderPaused", 8, order=number, reason_code="x", actor={"role": "assignee", "id": "li"}
    )
    say(stage, "StandingOrderPlaced", 9, external_id="9", title="x",
        plan={"category": "haircut", "grid": "g", "rule": "FREQ=DAILY;COUNT=3", "at": "09:00",
              "starts_on": "2026-11-21"})  # fmt: skip
    until(stage.quiet)
    details: list[str] = []

    def replied() -> bool:
        with stage.channel() as channel:
            _, _, body = channel.basic_get("gov.replies.intake", auto_ack=True)
        if body:
            details.append(msgspec.json.decode(body)["data"]["detail"])
        return len(details) == 4

    until(replied)
    assert sorted(details) == sorted(
        ["COUNT=3 is not taken in a rule", "a ended standing order cannot do this",
         "a ended standing order cannot do this", f"no standing order {order_number(HOTLINE, 'unknown')}"]
    )  # fmt: skip
    # Neither words nor numbers leave the vault, and the new ones are those that are found.
    ((told,),) = stage.query("SELECT string_agg(data::text, ' ') FROM history")
    assert not [word for word in ("138001", "139001", "取药", "理发", "幸福里", "王奶奶") if word in told]
    keys = Vault([bytes.fromhex(VAULT_KEY)])
    with psycopg.connect(stage.endpoints.database_url("ticket")) as tx:
        assert erasure_store.refs_of(tx, keys, "13800138000") == []
        (held,) = erasure_store.held(tx, keys, erasure_store.refs_of(tx, keys, "13900139000"))
    assert (held["ref"], held["request"].title, held["standing_order"].state) == (number, "理发", "ended")
    assert held["history"]


def test_nobody_outside_sends_in_the_name_of_the_orders(stage: Stage) -> None:
    stage.start()
    event = {
        "specversion": "1.0", "id": "1", "source": SOURCE, "type": "cn.fengge.intake.RequestSubmitted.v1",
        "time": "2026-11-21T08:00:00Z",
        "data": {"external_id": "x", "channel": "system", "title": "x"},
    }  # fmt: skip
    stage.send(msgspec.json.encode(event))
    until(lambda: stage.query("SELECT reason FROM parked") == [("source",)])
    assert stage.tickets() == 0


def test_a_changed_calendar_moves_the_visits_to_come(stage: Stage) -> None:
    stage.start()
    placed(stage, 1, minutes_ahead=0, rule="FREQ=DAILY", holidays="after")
    until(lambda: orders(stage) == 1, PATIENCE)
    ((before,),) = stage.query("SELECT due_at FROM standing_order")
    day = before.astimezone(CHINA).date()
    with psycopg.connect(stage.endpoints.database_url("ticket")) as tx:
        calendar.set_day(tx, Day(day, False, "停工", "t"))

    def due() -> datetime:
        found: datetime = stage.query("SELECT due_at FROM standing_order")[0][0]
        return found

    until(lambda: due() > before, PATIENCE)
    with psycopg.connect(stage.endpoints.database_url("ticket")) as tx:
        tx.execute("DELETE FROM calendar_day WHERE by = 't'")


@pytest.mark.parametrize(("state", "gone"), [("ended", True), ("paused", False)])
def test_an_ended_order_is_forgotten_like_a_ticket(stage: Stage, state: str, gone: bool) -> None:
    process = stage.start()
    number = placed(stage, 1, minutes_ahead=30)
    until(lambda: orders(stage) == 1, PATIENCE)
    process.stop()
    with psycopg.connect(stage.endpoints.database_url("ticket")) as tx:
        assert erasure_store.still_open(tx, [number]) == [number]
        tx.execute("UPDATE standing_order SET state = %s, due_at = NULL", [state])
        assert erasure_store.expire(tx, now() + timedelta(days=29), 30).refs == []
        assert erasure_store.expire(tx, now() + timedelta(days=31), 30).refs == [number] * gone
        assert erasure_store.still_open(tx, [number]) == [number] * (not gone)
