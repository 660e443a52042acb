"""Alarms in real processes over the real bus: a burst is one ticket, and the next person is asked in time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from chassis.clock import now
from contracts.cloudevent import SINGLE
from contracts.numbering import device_key
from deploy.local.endpoints import Endpoints
from services.dispatch.directory.importing import import_files
from tests.integration.own_database import own_database
from tests.integration.process import SHARDS, Stage, until

HUB = "urn:test:hub"
GRID = "99010100100201001"
SAMPLE = sorted((Path(__file__).parents[2] / "directory").glob("*.csv"))
DISPATCH = "services.dispatch.service:DispatchService"
PATIENCE = 60.0
FIVE_MINUTES = 301.0
FACTS = "SELECT type, data FROM history ORDER BY no"
TICKETS = "SELECT id, state, severity, category, channel FROM ticket ORDER BY received_at, id"
Facts = list[tuple[str, dict[str, Any]]]


def say(stage: Stage, kind: str, n: int, device: str = "GAS-1", **data: Any) -> None:
    """An event of the sensor hub, from the publisher `intake`."""
    said = {"device": device, "kind": "gas_alarm", "grid": GRID, **data}
    event = {
        "specversion": "1.0", "id": f"hub-{n}", "source": HUB, "type": f"cn.fengge.intake.{kind}.v1",
        "time": now().isoformat(), "data": said,
    }  # fmt: skip
    stage.send(msgspec.json.encode(event), f"request.{device_key(HUB, device)}", SINGLE)


def answer(stage: Stage, offer: dict[str, Any], number: str) -> None:
    """The assignee accepts."""
    data = {
        "ticket": number,
        "assignment": offer["assignment"],
        "assignee": offer["assignee"],
        "answer": "accept",
    }
    event = {
        "specversion": "1.0", "id": "accepted", "source": HUB, "type": "cn.fengge.intake.OfferAnswered.v1",
        "time": now().isoformat(), "data": data,
    }  # fmt: skip
    stage.send(msgspec.json.encode(event), f"assignment.{number}", SINGLE)


def facts(stage: Stage, *names: str) -> Facts:
    """What has happened, by plain name, in order."""
    told = [(name.split(".")[-2], data) for name, data in stage.query(FACTS)]
    return [fact for fact in told if fact[0] in names]


@pytest.fixture
def dispatching(stage: Stage, servers: Endpoints) -> Iterator[dict[str, str]]:
    """What a dispatch process is told, with a database of this test alone and the sample directory."""
    with own_database(servers, "dispatch", "alarms") as url:
        with psycopg.connect(url) as tx:
            assert import_files(tx, [path for path in SAMPLE if path.stem != "demo_requests"]).ok
        _forget_queues(stage)  # others' hold what the ticket service has said since
        yield {"AMQP_URL": servers.amqp_url("dispatch"), "DATABASE_URL": url}
        stage.close()
        _forget_queues(stage)


def _forget_queues(stage: Stage) -> None:
    with stage.channel() as channel:
        for shard in range(SHARDS):
            channel.queue_delete(f"dispatch.{shard}")


def test_a_burst_is_one_ticket_that_says_how_often_and_another_device_has_its_own(stage: Stage) -> None:
    for n in (1, 2):
        stage.start(INSTANCE=f"{n}/2")
    for number in range(30):
        say(stage, "SensorRaised", number, severity="urgent")
    say(stage, "SensorRaised", 99, device="GAS-2", severity="emergency")
    until(lambda: len(facts(stage, "SensorAlarmRaised")) == 31, PATIENCE)
    until(stage.quiet, PATIENCE)
    first, second = sorted(stage.query(TICKETS), key=lambda row: row[2], reverse=True)
    assert (first[1:], second[2]) == (("accepted", "urgent", "gas_alarm", "sensor"), "emergency")
    told = [data for _, data in facts(stage, "SensorAlarmRaised") if data["device"] == "GAS-1"]
    assert [data["count"] for data in told] == list(range(1, 31))
    assert [data["repeated"] for data in told] == [False] + [True] * 29
    assert stage.query("SELECT device, state, ticket FROM sensor ORDER BY device") == [
        ("GAS-1", "raised", first[0]), ("GAS-2", "raised", second[0]),
    ]  # fmt: skip


def test_after_the_ticket_has_ended_the_next_alarm_is_a_new_one(stage: Stage) -> None:
    stage.start()
    say(stage, "SensorCleared", 0)
    say(stage, "SensorRaised", 1, severity="urgent")
    until(lambda: stage.tickets() == 1, PATIENCE)
    say(stage, "SensorCleared", 2)
    until(lambda: len(facts(stage, "SensorAlarmCleared")) == 1, PATIENCE)
    assert stage.query("SELECT state FROM ticket") == [("accepted",)]
    assert stage.query("SELECT state, again_at FROM sensor") == [("cleared", None)]
    with psycopg.connect(stage.endpoints.database_url("ticket")) as tx:
        tx.execute("UPDATE ticket SET state = 'closed', alarm_at = NULL")
    say(stage, "SensorRaised", 3, severity="urgent")
    until(lambda: stage.tickets() == 2, PATIENCE)
    until(stage.quiet)
    assert [data["repeated"] for _, data in facts(stage, "SensorAlarmRaised")] == [False, False]


def test_a_silent_device_is_one_ticket_of_maintenance_besides_its_alarm(stage: Stage) -> None:
    stage.start()
    for number in range(3):
        say(stage, "SensorOffline", number)
    say(stage, "SensorRaised", 9, severity="urgent")
    until(lambda: stage.tickets() == 2, PATIENCE)
    until(stage.quiet)
    assert sorted(row[1:4] for row in stage.query(TICKETS)) == [
        ("accepted", "general", "sensor_maintenance"), ("accepted", "urgent", "gas_alarm"),
    ]  # fmt: skip
    assert len(facts(stage, "SensorWentOffline")) == 1


def test_an_alarm_nobody_reacts_to_goes_to_the_next_person_until_somebody_accepts(
    stage: Stage, dispatching: dict[str, str]
) -> None:
    """Urgent offers stand for half an hour; the alarm does not wait for that."""

    def running(later: float) -> list[Any]:
        skew = {"CLOCK_SKEW_SECONDS": str(later)}
        return [stage.start(**skew), stage.start(DISPATCH, **skew, **dispatching)]

    def stopped(processes: list[Any]) -> None:
        until(stage.quiet, PATIENCE)
        for process in processes:
            process.stop()

    here = running(0)
    say(stage, "SensorRaised", 1, severity="urgent")
    until(lambda: len(facts(stage, "OfferMade")) == 1, PATIENCE)
    stopped(here)
    here = running(FIVE_MINUTES)
    until(lambda: len(facts(stage, "OfferMade")) == 2, PATIENCE)
    stopped(here)
    here = running(2 * FIVE_MINUTES)
    until(lambda: len(facts(stage, "OfferMade")) == 3, PATIENCE)
    offers = [data for _, data in facts(stage, "OfferMade")]
    assert len({offer["assignee"] for offer in offers}) == 3
    ((number,),) = stage.query("SELECT id FROM ticket")
    answer(stage, offers[-1], number)
    until(lambda: len(facts(stage, "AssignmentAccepted")) == 1, PATIENCE)
    stopped(here)
    running(4 * FIVE_MINUTES)
    say(stage, "SensorRaised", 2, severity="urgent")
    until(lambda: len(facts(stage, "SensorAlarmRaised")) == 2, PATIENCE)
    until(stage.quiet, PATIENCE)
    named = ("AlarmRepeated", "OfferExpired", "OfferMade", "AssignmentAccepted")
    once_more = ["AlarmRepeated", "OfferExpired", "OfferMade"]
    told = [name for name, _ in facts(stage, *named)]
    assert told == ["OfferMade", *once_more, *once_more, "AssignmentAccepted"]
    repeated = [data for _, data in facts(stage, "AlarmRepeated")]
    assert [data["number"] for data in repeated] == [1, 2]
    assert [data["asked"] for data in repeated] == [offer["assignee"] for offer in offers[:2]]
    assert stage.query("SELECT again_at FROM sensor") == [(None,)]


def test_two_processes_raise_an_alarm_again_once(stage: Stage) -> None:
    here = [stage.start(INSTANCE=f"{n}/2") for n in (1, 2)]
    for number in range(60):
        say(stage, "SensorRaised", number, device=f"GAS-{number}", severity="emergency")
    until(lambda: stage.tickets() == 60, PATIENCE)
    for process in here:
        process.stop()
    for n in (1, 2):
        stage.start(INSTANCE=f"{n}/2", CLOCK_SKEW_SECONDS=str(FIVE_MINUTES))
    until(lambda: len(facts(stage, "AlarmRepeated")) >= 60, PATIENCE)
    until(
        lambda: (
            stage.query("SELECT count(*) FROM sensor WHERE again_at <= now() + interval '301 s'") == [(0,)]
        )
    )
    assert [data["number"] for _, data in facts(stage, "AlarmRepeated")] == [1] * 60


def test_a_hand_over_to_an_emergency_line_is_on_record_once(stage: Stage) -> None:
    stage.start()
    say(stage, "SensorRaised", 1, severity="emergency")
    until(lambda: stage.tickets() == 1, PATIENCE)
    ((number,),) = stage.query("SELECT id FROM ticket")
    told = {"actor": {"role": "operator", "id": "desk-07"}, "line": "119", "reference": "119-4512"}
    for n in (2, 3):
        event = {
            "specversion": "1.0", "id": f"hub-{n}", "source": HUB, "time": "2026-11-21T08:00:00Z",
            "type": "cn.fengge.intake.HandOverReported.v1",
            "data": {"ticket": number, "at": "2026-11-21T07:58:00Z", **told},
        }  # fmt: skip
        stage.send(msgspec.json.encode(event), f"request.{number}", SINGLE)
    say(stage, "SensorRaised", 4, severity="emergency")
    until(lambda: len(facts(stage, "SensorAlarmRaised")) == 2, PATIENCE)
    until(stage.quiet)
    ((_, handed),) = facts(stage, "EmergencyHandedOver")
    assert handed == {
        "line": "119",
        "reference": "119-4512",
        "at": "2026-11-21T07:58:00Z",
        "by": told["actor"],
    }
