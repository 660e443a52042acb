"""*Now* and *Control* on real servers: what each role sees and does, and what is on record of it."""

import re
from collections.abc import Iterator

import pika
import psycopg
import pytest

from deploy import topology
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from services.console.control import restart_store
from services.console.room import Room
from tests.integration import rooms
from tests.integration.rooms import signed_in, text_of

SHARDS = 2
TABLES = (
    "console.sighting, console.topology, console.replay, console.restart, dispatch.pause, notification.pause"
)
TREE = """
INSERT INTO dispatch.cell (code, parent, level, name, path) VALUES
    ('north', NULL, 'district', '北区', '{north}'), ('east', NULL, 'district', '新区', '{east}'),
    ('centre', 'north', 'community', '中心社区', '{north,centre}'),
    ('g', 'east', 'compound', '花园', '{east,g}'), ('g.1', 'g', 'building', '一号楼', '{east,g,g.1}');
INSERT INTO dispatch.organization (code, kind, name, cell) VALUES ('desk', 'community_desk', '坐席', 'north');
INSERT INTO dispatch.assignee (code, kind, name, organization, cell, load_cap)
VALUES ('d', 'community_desk', '坐席', 'desk', 'north', 5);
INSERT INTO ticket.cell (code, path, level, names, datum)
VALUES ('g', '{east,g}', 'compound', '{花园}', 'wgs84');
"""
FELLED = """
DELETE FROM dispatch.assignee WHERE code = 'd';
DELETE FROM dispatch.organization WHERE code = 'desk';
DELETE FROM dispatch.cell WHERE code IN ('north', 'east', 'centre', 'g', 'g.1');
DELETE FROM ticket.cell WHERE code = 'g';
"""
LIES = "SELECT code, parent, path FROM dispatch.cell WHERE code LIKE 'g%' ORDER BY 1"
NOTED = "SELECT target, reason, before, after FROM console.action WHERE what = 'hang' AND outcome = 'done'"
OPERATE = {"service": "dispatch", "reason": "换机维护"}


@pytest.fixture
def room(migrated: Endpoints) -> Iterator[Room]:
    """The room of these servers, whose topology was declared and handed over."""
    with psycopg.connect(migrated.database_url(OWNER)) as tx:
        tx.execute(f"TRUNCATE {TABLES}".encode())
    topology.apply(migrated.amqp_url("admin"), SHARDS, ["intake"])
    topology.hand_over(migrated.database_url("console"), SHARDS, ["intake"])
    room = rooms.opened(migrated, amqp_url=migrated.amqp_url("console"))
    yield room
    room.close()


def record(migrated: Endpoints) -> list[tuple[str, str, str, str]]:
    """What stands on record: who, what, target, outcome."""
    with psycopg.connect(migrated.database_url(OWNER)) as tx:
        return tx.execute(
            "SELECT who, what, target, outcome FROM console.action WHERE what <> 'sign-in' ORDER BY no"
        ).fetchall()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_viewer_sees_everything_and_can_do_nothing(room: Room, migrated: Endpoints, language: str) -> None:
    viewer = signed_in(room, "viewer", language)
    for path in ("/now", "/now/part", "/control"):
        answer = viewer.get(path)
        assert answer.status_code == 200, answer.text
        assert ("派单服务" if language == "zh" else "dispatch") in text_of(answer)
        assert 'action="/control' not in answer.text
    for path in ("pause", "resume", "retry", "restart", "repair", "replay", "stop"):
        assert viewer.act(f"/control/{path}", **OPERATE, part="consumer").status_code == 403
    assert {outcome for *_, outcome in record(migrated)} == {"refused"}


def test_a_restart_is_asked_for_and_taken_once(room: Room, migrated: Endpoints) -> None:
    operator = signed_in(room, "operator")
    assert operator.get("/control/do/restart?service=dispatch").status_code == 200
    assert operator.act("/control/restart", service="dispatch").status_code == 400  # without a reason
    assert operator.act("/control/restart", service="postgres", reason="没有反应").status_code == 400
    assert operator.act("/control/restart", **OPERATE).status_code == 303
    assert "还没有人执行" in text_of(operator.get("/control"))
    with psycopg.connect(migrated.database_url("console")) as tx:
        assert restart_store.take(tx) == ["dispatch"]
        assert restart_store.take(tx) == []
    assert "还没有人执行" not in text_of(operator.get("/control"))
    done = [entry for entry in record(migrated) if entry[3] == "done"]
    assert done == [("operator", "restart", "dispatch", "done")]


def test_a_restart_that_was_asked_for_long_ago_is_not_carried_out(room: Room, migrated: Endpoints) -> None:
    with psycopg.connect(migrated.database_url(OWNER)) as tx:
        restart_store.ask(tx, "dispatch", "chen", "没有反应")
        tx.execute("UPDATE console.restart SET asked_at = now() - interval '11 minutes'")
        assert restart_store.take(tx) == []
    assert "已作废" in text_of(signed_in(room, "operator").get("/control"))


def test_a_pause_is_begun_seen_and_ended_and_all_of_it_is_on_record(room: Room, migrated: Endpoints) -> None:
    operator = signed_in(room, "operator")
    answer = operator.act("/control/pause", part="consumer", shard="1", minutes="30", **OPERATE)
    assert answer.status_code == 303, answer.text
    page = operator.get("/control")
    assert "换机维护" in text_of(page)
    (no,) = re.findall(r'name="pause" value="(\d+)"', page.text)
    assert operator.act("/control/pause", part="consumer", shard="1", **OPERATE).status_code == 409
    assert "operator 于" in text_of(operator.get("/now/part"))
    assert operator.get(f"/control/do/resume?service=dispatch&pause={no}").status_code == 200
    assert operator.act("/control/resume", pause=no, **OPERATE).status_code == 303
    assert operator.act("/control/resume", pause=no, **OPERATE).status_code == 409
    done = [entry for entry in record(migrated) if entry[3] == "done"]
    assert done == [("operator", "pause", "dispatch", "done"), ("operator", "resume", "dispatch", "done")]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"reason": ""}, 400), ({"service": "console"}, 400), ({"shard": "x"}, 400), ({"minutes": "0"}, 400),
        ({"part": "none"}, 400), ({"part": "all"}, 403), ({"part": "channel", "channel": "sms"}, 409),
    ],
)  # fmt: skip
def test_what_makes_no_sense_or_is_not_theirs_changes_nothing(
    room: Room, migrated: Endpoints, form: dict[str, str], status: int
) -> None:
    operator = signed_in(room, "operator")
    given = {**OPERATE, "part": "consumer", **form}
    assert operator.act("/control/pause", **given).status_code == status
    assert not [entry for entry in record(migrated) if entry[3] == "done"]


def test_a_queue_that_is_gone_is_named_and_declared_again(room: Room, migrated: Endpoints) -> None:
    with pika.BlockingConnection(pika.URLParameters(migrated.amqp_url("admin"))) as connection:
        connection.channel().queue_delete("evaluation.1")
    operator = signed_in(room, "operator")
    assert "queue evaluation.1" in text_of(operator.get("/control/check"))
    assert "评价服务第 1 分片的队列" in text_of(operator.get("/now"))
    asked = operator.get("/control/do/repair?service=evaluation")
    assert "评价服务" in text_of(asked)
    assert operator.act("/control/repair", service="evaluation", reason="补上队列").status_code == 303
    assert "都在" in text_of(operator.get("/control/check"))


def test_a_grid_is_put_where_it_belongs_with_all_below_it(room: Room, migrated: Endpoints) -> None:
    with psycopg.connect(migrated.database_url(OWNER)) as tx:
        tx.execute(FELLED.encode() + TREE.encode())
    operator = signed_in(room, "operator")
    asked = operator.get("/control/do/hang?service=dispatch&grid=g")
    assert "新区 east" in re.sub(r"\s+", " ", text_of(asked))
    offered = re.findall(r'<option value="(\w+)"', asked.text)
    assert [code for code in offered if not code.isdigit()] == ["north", "centre"]  # a desk serves them
    put = {"grid": "g", "reason": "名录有误"}
    for home in ("east", "g.1", "nowhere"):
        assert operator.act("/control/hang", home=home, **put).status_code == 409
    assert operator.act("/control/hang", home="centre", **put).status_code == 303
    with psycopg.connect(migrated.database_url(OWNER)) as tx:
        assert tx.execute(LIES).fetchall() == [
            ("g", "centre", ["north", "centre", "g"]), ("g.1", "g", ["north", "centre", "g", "g.1"]),
        ]  # fmt: skip
        assert tx.execute("SELECT path FROM ticket.cell WHERE code = 'g'").fetchall() == [
            (["north", "centre", "g"],)
        ]
        assert tx.execute(NOTED).fetchall() == [
            ("grid g", "名录有误", {"parent": "east"}, {"parent": "centre"})
        ]
        tx.execute(FELLED.encode())


def test_a_period_is_counted_first_and_sent_again_by_a_supervisor(room: Room, migrated: Endpoints) -> None:
    period = {"subscriber": "dispatch", "from": "2026-11-26T08:00", "to": "2026-11-26T09:00", "rate": "50"}
    supervisor = signed_in(room, "supervisor")
    query = "&".join(f"{name}={value}" for name, value in period.items())
    assert signed_in(room, "operator").get(f"/control/count?{query}").status_code == 403
    assert "将重发 0 条消息" in text_of(supervisor.get(f"/control/count?{query}"))
    assert supervisor.get("/control/count?subscriber=dispatch&from=now&to=later").status_code == 400
    assert supervisor.act("/control/replay", reason="补发一小时", **period).status_code == 303
    page = supervisor.get("/control")
    assert "补发一小时" in text_of(page)
    (no,) = re.findall(r'name="replay" value="(\d+)"', page.text)
    assert supervisor.act("/control/stop", replay=no, reason="不需要了").status_code == 303
    assert "已停止" in text_of(supervisor.get("/control"))
