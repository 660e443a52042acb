"""Accidents as operators see them: *Now* names cause and tickets in time, its buttons mend without loss."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bench.people import GRIDS
from chassis import pause
from deploy.local.accounts import OWNER
from services.dispatch.directory.importing import import_files
from services.dispatch.domain import AGAIN_AFTER
from tests.faults import evidence
from tests.faults.rig import broker
from tests.faults.rig.cramped import is_full, short_of_disk
from tests.faults.rig.disk import may_mount
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import SHARDS
from tests.faults.rig.overseer import overseen
from tests.faults.rig.room import Desk, staffed
from tests.integration.process import until

NUMBER = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
TRAP = """
CREATE FUNCTION dispatch.trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'sprung'; END $$;
CREATE TRIGGER trap BEFORE INSERT ON dispatch."case" FOR EACH ROW
    WHEN (hashtext(NEW.id) % 5 = 0) EXECUTE FUNCTION dispatch.trap();
"""
DISARM = 'DROP TRIGGER IF EXISTS trap ON dispatch."case"; DROP FUNCTION IF EXISTS dispatch.trap()'
GRID, HOME, ASTRAY = GRIDS[5], "990101001006", "990102000000"
MISROUTED = f"""code,parent,level,name,aliases,active
{ASTRAY},,district,康平区,,yes
{GRID},{ASTRAY},compound,七里桥家园,,yes
"""
"""A file in which a grid lies in a district where nobody works yet."""
MANY = 500
"""Messages that fill a small disk, up to fifty events in each."""
PARKED = "SELECT count(*) > 3 FROM dispatch.parked WHERE state = 'open' AND partitionkey = ANY(%s)"


@pytest.fixture
def desk(drill: Drill) -> Iterator[Desk]:
    """An operator in the room of the house."""
    with staffed(drill.house) as desk:
        yield desk


def names_tickets_of(drill: Drill, said: str) -> None:
    """The finding names tickets that were asked for in this drill."""
    named = set(NUMBER.findall(said))
    assert named, said
    assert named <= set(drill.load.tickets), said


def queued(drill: Drill, service: str) -> int:
    """How many messages lie in the queues of a service."""
    with broker.channel(drill.witnesses.amqp_url) as admin:
        told = [admin.queue_declare(f"{service}.{shard}", passive=True) for shard in range(SHARDS)]
    return sum(one.method.message_count for one in told)


def everything_queued(drill: Drill) -> int:
    """How many messages lie in the queues of all services."""
    with drill.witnesses.broker() as channel:
        return sum(evidence.in_queues(channel, SHARDS).values())


@pytest.mark.accident(27)
def test_a_binding_is_removed_and_one_button_brings_everything_back(drill: Drill, desk: Desk) -> None:
    with broker.channel(drill.witnesses.amqp_url) as admin:
        for shard in range(SHARDS):
            admin.queue_unbind(f"dispatch.{shard}", "ticket.events", str(shard))
    drill.submit(60)
    said = desk.is_told("lost", "dispatch")
    assert "工单服务发给派单服务" in said
    names_tickets_of(drill, said)
    desk.mends("lost", "dispatch", "修复并补发")
    drill.healed()
    desk.is_well_again("lost", "dispatch")
    drill.judge()


@pytest.mark.accident(28)
@pytest.mark.long
def test_a_service_dies_and_is_named_until_it_is_back(drill: Drill, desk: Desk) -> None:
    """Its supervisor is gone as well; where there is one, it is back before anybody reads of it."""
    drill.house.kill("dispatch")
    drill.submit(100)
    said = desk.is_told("service_down", "dispatch")
    assert "派单服务" in said
    assert "没有在运行" in said
    names_tickets_of(drill, said)
    drill.house.start("dispatch")
    drill.healed()
    desk.is_well_again("service_down", "dispatch")
    drill.judge()


@pytest.mark.accident(28)
@pytest.mark.long
def test_a_service_freezes_and_one_of_its_shards_was_left_paused(drill: Drill, desk: Desk) -> None:
    with psycopg.connect(drill.house.endpoints.database_url(OWNER), options="-c search_path=dispatch") as tx:
        pause.begin(tx, "consumer", shard=2, who="chen", reason="换机")
    with overseen(drill.house, "dispatch") as dispatch:
        dispatch.freeze()
        drill.submit(100)
        said = desk.is_told("service_down", "dispatch")
        assert "派单服务" in said
        assert "没有反应" in said
        names_tickets_of(drill, said)
        desk.mends("service_down", "dispatch", "重启")
        desk.is_well_again("service_down", "dispatch", within=60)
        assert dispatch.row["restarts"] == 1
        said = desk.is_told("paused", "dispatch")
        assert "chen" in said
        assert "第 2 分片" in said
        names_tickets_of(drill, said)
        desk.mends("paused", "dispatch", "恢复")
        drill.healed()
        desk.is_well_again("paused", "dispatch")
        drill.judge()


@pytest.mark.accident(29)
@pytest.mark.long
@pytest.mark.skipif(not may_mount(), reason="who may not mount a small disk cannot fill it")
def test_the_disk_of_the_broker_is_full_of_what_a_paused_service_does_not_take(cramped_drill: Drill) -> None:
    drill, house = cramped_drill, cramped_drill.house
    with staffed(house) as desk:
        drill.submit(400, rate=50)
        drill.flows(400, 60)
        assert not short_of_disk(house)
        with psycopg.connect(house.endpoints.database_url(OWNER), options="-c search_path=dispatch") as tx:
            pause.begin(tx, "consumer", who="chen", reason="换机")
        drill.submit_on(150)
        until(lambda: short_of_disk(house), 180)
        said = desk.is_told("broker_alarm")
        assert "磁盘不足" in said
        names_tickets_of(drill, said)
        said = desk.is_told("paused", "dispatch")
        assert "chen" in said
        names_tickets_of(drill, said)
        until(lambda: is_full(house), 180)
        until(lambda: queued(drill, "dispatch") == everything_queued(drill) > MANY)
        desk.mends("paused", "dispatch", "恢复")
        drill.healed()  # nobody does more than that: what is taken makes room
        until(lambda: queued(drill, "dispatch") == 0)
        desk.is_well_again("paused", "dispatch")
        drill.judge(within=300)
        desk.is_well_again("broker_alarm")
        assert not short_of_disk(house)


@pytest.mark.accident(31)
@pytest.mark.long
def test_a_grid_was_put_where_nobody_works_and_is_put_back(drill: Drill, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "grids.csv").write_text(MISROUTED)
    with psycopg.connect(drill.house.endpoints.database_url("dispatch")) as tx:
        assert import_files(tx, [tmp_path / "grids.csv"]).ok
    drill.submit(60)
    said = desk.is_told("blocked", "dispatch")
    assert f"网格 {GRID} 的工单派不出去（没有社区坐席）" in said
    names_tickets_of(drill, said)
    desk.mends("blocked", "dispatch", "改归属", home=HOME)
    drill.healed()
    within = AGAIN_AFTER.total_seconds() + 30
    desk.is_well_again("blocked", "dispatch", within)
    drill.judge(within)


@pytest.fixture
def poisoned(drill: Drill) -> Iterator[Drill]:
    """A house whose dispatch fails on every fifth ticket, and parks at once."""
    with drill.witnesses.connect() as tx:
        tx.execute(TRAP.encode())
        drill.house.kill("dispatch")
        drill.house.start("dispatch", RETRY_ATTEMPTS="1")
        try:
            yield drill
        finally:
            tx.execute(DISARM.encode())


@pytest.mark.accident(30)
@pytest.mark.long
def test_poison_is_parked_and_tried_again_once_its_cause_is_gone(poisoned: Drill, desk: Desk) -> None:
    drill = poisoned
    drill.submit(60)
    drill.flows_by(PARKED)
    said = desk.is_told("parked", "dispatch")
    assert "派单服务搁置了" in said
    names_tickets_of(drill, said)
    with drill.witnesses.connect() as tx:
        tx.execute(DISARM.encode())
    desk.mends("parked", "dispatch", "重试")
    drill.healed()
    desk.is_well_again("parked", "dispatch")
    drill.judge()
