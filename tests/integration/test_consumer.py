"""Between broker and ledger: whatever dies in between, each event has one effect and its neighbours flow."""

import signal
import time

from contracts.intake import EventRefused
from contracts.problem import problem_type
from tests.integration.accidents import DEADLY
from tests.integration.process import SHARDS, Stage, request, until

HERE = "tests.integration.accidents"


def test_a_crash_after_commit_and_before_ack_doubles_nothing(stage: Stage) -> None:
    stage.submit(range(100))
    first = stage.launch(FAILPOINTS="after_commit:kill")
    assert first.popen.wait(20) == -signal.SIGKILL
    committed = stage.tickets()
    assert committed > 0
    second = stage.start()
    until(lambda: stage.tickets() == 100)
    until(stage.quiet)
    assert second.stop()[0] == 0
    assert not stage.left()
    heard = stage.heard()
    assert len({(event.partitionkey, event.number) for event in heard}) == 200  # received, deadline set
    assert stage.query("SELECT ticket, sequence FROM history GROUP BY 1, 2 HAVING count(*) > 1") == []
    assert stage.query("SELECT count(*) FROM suspect") == [(0,)]


def test_an_event_that_kills_each_process_is_parked_and_its_neighbours_flow(stage: Stage) -> None:
    stage.submit(range(20))
    stage.submit(range(20, 21), title=DEADLY)
    stage.submit(range(21, 40))
    deaths = 0
    while stage.query("SELECT count(*) FROM parked") == [(0,)]:
        process = stage.launch(f"{HERE}:DeadlyTicketService")
        begun = time.monotonic()
        while process.popen.poll() is None and stage.query("SELECT count(*) FROM parked") == [(0,)]:
            assert time.monotonic() - begun < 20
            time.sleep(0.05)
        deaths += process.popen.poll() == 9
    until(lambda: stage.tickets() == 39)
    assert deaths == 4
    assert stage.query("SELECT reason, sequence FROM parked") == [("failing", 0)]
    assert process.stop()[0] == 0
    assert not stage.left()


def test_poison_of_every_kind_is_answered_and_parked_and_its_neighbours_flow(stage: Stage) -> None:
    process = stage.start()
    stage.submit(range(3))
    stage.send(b"\xff\x00{")
    stage.send(request(99), content_type="text/plain")
    stage.send(request(98).replace(b'"title"', b'"titel"'))
    stage.send(request(97).replace(b"RequestSubmitted", b"RequestUnheardOf"))
    stage.send(request(96), key="nonsense")
    stage.send(request(95).ljust(10_000_000))
    stage.submit(range(3, 6))
    until(lambda: stage.tickets() == 7 and stage.query("SELECT count(*) FROM parked") == [(5,)])
    until(stage.quiet)
    answers = [event.data for event in stage.heard("gov.replies.intake")]
    assert all(isinstance(answer, EventRefused) and answer.parked for answer in answers)
    expected = {"unreadable": 400, "content-type": 415, "data": 422, "unknown-type": 422, "too-large": 413}
    assert {answer.problem: answer.status for answer in answers} == {
        problem_type(problem): status for problem, status in expected.items()
    }
    assert process.stop()[0] == 0


def test_facts_that_no_queue_takes_stay_in_the_outbox_until_one_does(stage: Stage) -> None:
    with stage.channel() as channel:
        channel.exchange_delete("ticket.events")  # and whatever queues hang on it
    process = stage.start()
    stage.submit(range(10))
    until(lambda: stage.tickets() == 10)
    until(lambda: any("no queue took" in line["message"] for line in process.lines()))
    assert not stage.quiet()
    with stage.channel() as channel:
        for shard in range(SHARDS):
            channel.queue_bind("listener", "ticket.events", str(shard))
    until(stage.quiet)
    assert len({event.partitionkey for event in stage.heard()}) == 10
    assert process.stop()[0] == 0


def test_a_queue_that_was_deleted_comes_back(stage: Stage) -> None:
    process = stage.start()
    with stage.channel() as channel:
        channel.queue_delete("ticket.0")
    until(lambda: any(line["message"] == "consumer interrupted" for line in process.lines()))
    until(process.ready)
    stage.submit(range(40))
    until(lambda: stage.tickets() == 40)
    assert process.stop()[0] == 0
