"""A service process checks its settings, says how it is, and stops cleanly whatever the broker does."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local import rabbitmq
from deploy.local import servers as local_servers
from services.ticket.privacy.vault import Vault
from tests.integration.process import HOTLINE, VAULT_KEY, Process, Stage, until


@contextmanager
def load(stage: Stage) -> Iterator[list[int]]:
    """More requests than a process holds in its hands, and others without end while the block runs.

    The list says how many, chunk by chunk.
    """
    stage.submit(range(2000))
    sent = [2000]
    enough = threading.Event()

    def submit() -> None:
        while not enough.is_set():
            stage.submit(range(sum(sent), sum(sent) + 200))
            sent.append(200)

    thread = threading.Thread(target=submit)
    thread.start()
    try:
        yield sent
    finally:
        enough.set()
        thread.join()


def cpu_seconds(process: Process) -> float:
    fields = Path(f"/proc/{process.popen.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_an_idle_process_is_ready_costs_nearly_nothing_and_stops_at_once(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    process = stage.start()
    assert process.get("/livez") == (200, {"live": True})
    assert process.get("/readyz") == (
        200,
        {"ready": True, "consumer": True, "relay": True, "database": True},
    )
    assert process.get("/nothing")[0] == 404
    before, begun = cpu_seconds(process), time.monotonic()
    time.sleep(4)
    share = (cpu_seconds(process) - before) / (time.monotonic() - begun)
    status, seconds = process.stop()
    with capsys.disabled():
        print(f"\nidle: {share:.2%} of one core; SIGTERM to exit: {seconds:.2f} s")
    assert (status, seconds < 5) == (0, True)
    assert share < 0.1


def test_sigterm_under_load_leaves_no_message_half_done(stage: Stage) -> None:
    process = stage.start(BATCH_EVENTS="20")
    with load(stage) as sent:
        until(lambda: stage.tickets() > 100)
        status, seconds = process.stop()
    assert (status, seconds < 10) == (0, True)
    done, left = stage.tickets(), stage.left()
    assert left, "the process was stopped too late to prove anything"
    assert not any(left), f"{sum(left)} of {len(left)} were delivered, but not finished: {process.lines()}"
    assert done + len(left) == sum(sent)
    assert stage.quiet()


def test_bad_settings_end_the_process_with_a_word_on_each(stage: Stage) -> None:
    process = stage.launch(SHARDS="many", BATCH_WINDOW="nan", DATABASE_URL="secret")
    assert process.popen.wait(20) == 2
    said = process.log.read_text()
    assert "SHARDS: is not a whole number from 1 to 1024" in said
    assert "BATCH_WINDOW: is not a number from 0 to 1" in said
    assert "DATABASE_URL: is not a postgresql:// URL" in said
    assert "secret" not in said.replace("secret-of-the-house", "")


def test_logs_are_json_and_name_nobody(stage: Stage) -> None:
    process = stage.start(LOG_LEVEL="DEBUG")
    who = {"name": "王小明", "phone": "13800138000"}
    stage.submit(range(5), requester=who, body="我叫王小明, 电话13800138000")
    stage.send(b'{"specversion": "1.0", "id": "x", "data": "13800138000"}')
    stage.send("王小明 13800138000".encode())
    until(lambda: stage.tickets() == 5 and stage.query("SELECT count(*) FROM parked") == [(2,)])
    process.stop()
    said = process.log.read_text()
    assert not [word for word in (*who.values(), "路灯") if word in said]
    lines = process.lines()
    assert {"started", "stopped"} <= {line["message"] for line in lines}
    assert all({"time", "level", "process", "message"} <= line.keys() for line in lines)
    mark = Vault([bytes.fromhex(VAULT_KEY)]).mark("13800138000")
    assert stage.query("SELECT DISTINCT phone, phone_mark, count(*) FROM contact GROUP BY 1, 2") == [
        (None, mark, 5)
    ]
    assert not [event for event in stage.heard() if "13800138000" in repr(event)]


def test_the_broker_goes_and_comes_and_nothing_is_lost(stage: Stage) -> None:
    doomed, process = stage.start(), stage.start()
    stage.submit(range(500))
    until(lambda: stage.tickets() > 50)
    run = stage.endpoints.run
    rabbitmq.stop(run / "rabbitmq")
    try:
        until(lambda: process.get("/readyz")[1]["relay"] is False)
        assert process.get("/readyz")[0] == 503
        assert process.get("/livez")[0] == 200
        status, seconds = doomed.stop()
        assert (status, seconds < 10) == (0, True)
    finally:
        local_servers.start(run)
    until(process.ready)
    stage.submit(range(500, 600))
    until(lambda: stage.tickets() == 600)
    until(stage.quiet)
    heard = stage.heard()
    firsts = {event.partitionkey for event in heard if event.number == 1}
    assert len(firsts) == 600
    assert stage.query(f"SELECT count(*) FROM inbox WHERE source = '{HOTLINE}'") == [(600,)]
    assert process.stop()[0] == 0


def test_a_port_that_is_taken_is_said_before_anything_starts(stage: Stage) -> None:
    first = stage.start()
    second = stage.launch(HEALTH_PORT=str(first.port))
    assert second.popen.wait(20) == 2
    assert "HEALTH_PORT" in second.log.read_text()
    assert first.ready()
