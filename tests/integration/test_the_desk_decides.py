"""What people at the desk say goes the real way: gov.inbound, contract, table, facts, ledger, replies."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pika
import psycopg

from contracts.cloudevent import SINGLE
from contracts.numbering import ticket_number
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from tests.integration.process import HOTLINE, Stage, until

NO = ticket_number(HOTLINE, "1")
OPERATOR = {"role": "operator", "id": "desk-07"}
FACTS = "SELECT type FROM history WHERE source = 'urn:fengge:ticket' ORDER BY no"


def say(stage: Stage, kind: str, n: int, **data: Any) -> None:
    """An event of the desk, from the publisher `intake`."""
    event = {
        "specversion": "1.0", "id": f"desk-{n}", "source": HOTLINE, "type": f"cn.fengge.intake.{kind}.v1",
        "time": "2026-11-21T08:00:00Z", "data": {"ticket": NO, **data},
    }  # fmt: skip
    stage.send(msgspec.json.encode(event), f"request.{NO}", SINGLE)


def facts(stage: Stage) -> list[str]:
    """What has become of the ticket, by plain names."""
    return [name.split(".")[-2] for (name,) in stage.query(FACTS)]


def test_a_question_pauses_the_clock_and_the_answer_lets_it_run(stage: Stage) -> None:
    stage.start()
    stage.submit(range(1, 2))
    until(lambda: stage.tickets() == 1)
    ((due_at, alarm_at),) = stage.query("SELECT due_at, alarm_at FROM ticket")
    say(stage, "InformationAsked", 1, actor=OPERATOR, missing=["where"])
    until(lambda: stage.query("SELECT state FROM ticket") == [("pending_info",)])
    ((paused_due, paused_alarm),) = stage.query("SELECT due_at, alarm_at FROM ticket")
    assert paused_due == due_at
    assert paused_alarm > alarm_at
    say(
        stage,
        "InformationGiven",
        2,
        actor={"role": "requester", "id": "13800000000"},
        words="三楼 13911112222",
    )
    until(lambda: stage.query("SELECT state FROM ticket") == [("received",)])
    ((moved, paused),) = stage.query("SELECT due_at, (desk->>'paused')::float FROM ticket")
    assert (moved - due_at).total_seconds() == paused
    say(stage, "CommentAdded", 3, actor=OPERATOR, words="已核对")
    until(lambda: len(stage.query("SELECT FROM remark")) == 2)
    until(stage.quiet)
    assert facts(stage) == [
        "TicketReceived",
        "DeadlineSet",
        "InfoRequested",
        "InfoProvided",
        "TicketCommented",
    ]
    numbers = [int(event.sequence or 0) for event in stage.heard()]
    assert numbers == [1, 2, 3, 4, 5]
    # Neither the answer nor the number that a sender took for a requester's code leaves the service.
    ((told,),) = stage.query("SELECT string_agg(data::text, ' ') FROM history")
    assert "13800000000" not in told
    assert "13911112222" not in told
    assert stage.query("SELECT count(*) FROM remark WHERE position('13911112222'::bytea IN sealed) > 0") == [
        (0,)
    ]
    assert stage.query("SELECT role, by, internal FROM remark ORDER BY at") == [
        ("requester", "requester", False), ("operator", "desk-07", True),
    ]  # fmt: skip


def test_who_may_not_is_told_why_and_nothing_changes(stage: Stage) -> None:
    stage.start()
    stage.submit(range(1, 2))
    until(lambda: stage.tickets() == 1)
    before = stage.query("SELECT * FROM ticket")
    with stage.channel() as channel:
        channel.queue_purge("gov.replies.intake")
    say(stage, "InformationAsked", 1, actor={"role": "assignee", "id": "li"}, missing=["where"])
    say(stage, "ExtensionAsked", 2, actor={"role": "assignee", "id": "li"}, span="3wd", reason_code="rain")
    refused = _replies(stage, 2)
    assert [reply["errors"][0]["command"] for reply in refused] == ["RequestInformation", "AskExtension"]
    assert "it is for: operator" in refused[0]["detail"]
    assert "RequestInformation" in refused[0]["errors"][0]["allowed"]
    assert {reply["errors"][0]["state"] for reply in refused} == {"received"}
    assert stage.query("SELECT * FROM ticket") == before


def test_the_upgrade_knows_when_old_tickets_were_closed_and_has_a_way_back(empty: Endpoints) -> None:
    folder = Path("services/ticket/migrations")
    with psycopg.connect(empty.database_url(OWNER)) as tx:
        tx.execute("SET search_path = ticket")
        tx.execute((folder / "0004_life.rollback.sql").read_bytes())
        tx.execute("""
            INSERT INTO ticket (id, sequence, state, source, external_id, channel, severity, received_at)
            VALUES ('T', 9, 'closed', 's', '1', 'resident', 'general', now())""")
        tx.execute("""
            INSERT INTO history (ticket, source, sequence, type, time, causationid, data)
            VALUES ('T', 'urn:fengge:ticket', 9, 'cn.fengge.ticket.TicketClosed.v1', '2026-11-21Z',
                    '', '{}')""")
        tx.execute((folder / "0004_life.sql").read_bytes())
        closed = tx.execute("SELECT closed_at, desk FROM ticket").fetchall()
        assert closed == [(datetime(2026, 11, 21, tzinfo=UTC), None)]
        tx.rollback()


def _replies(stage: Stage, number: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def look() -> bool:
        with pika.BlockingConnection(pika.URLParameters(stage.endpoints.amqp_url("admin"))) as connection:
            _, _, body = connection.channel().basic_get("gov.replies.intake", auto_ack=True)
        if body:
            found.append(msgspec.json.decode(body)["data"])
        return len(found) == number

    until(look)
    return found
