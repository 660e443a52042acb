"""The local runner: what dies comes back, what it started goes with it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from smtplib import SMTP
from typing import Any

import pytest

from deploy.local.daemon import ends_within
from deploy.local.records import reserve_ports

# A supervisor of two real processes and no servers, in a process of its own because it owns the signals.
SCRIPT = """
import signal, sys
from pathlib import Path
from deploy.local.processes import ProcessSpec
from deploy.local.server_watch import ServerWatch
from deploy.local.supervisor import WAKE_SIGNALS, Supervisor
class Wishes:  # a file that names a service
    def taken(self):
        wish = run / "wish"
        if not wish.exists():
            return set()
        wanted = {wish.read_text()}
        wish.unlink()
        return wanted
run, ports = Path(sys.argv[1]), sys.argv[2:]
argv = (sys.executable, "-m", "deploy.local.mailbox")
table = [
    ProcessSpec("box" + n, argv, {"SMTP_PORT": n, "MAIL_FOLDER": f"{run}/{n}"}, "smtp://127.0.0.1:" + n)
    for n in ports
]
signal.pthread_sigmask(signal.SIG_BLOCK, WAKE_SIGNALS)
Supervisor(run, table, ServerWatch(run), Wishes()).watch()
"""
PATIENCE = 60.0


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder with two ports reserved."""
    reserve_ports(tmp_path, ["one", "two"])
    return tmp_path


@pytest.fixture
def supervisor(run: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisor whose two processes are ready."""
    ports = [str(port) for port in reserve_ports(run, ["one", "two"]).values()]
    with subprocess.Popen([sys.executable, "-c", SCRIPT, str(run), *ports]) as process:
        _await(run, lambda rows: len(rows) == 2 and all(row["state"] == "ready" for row in rows))
        yield process
        process.kill()


def test_a_killed_process_is_started_again(run: Path, supervisor: subprocess.Popen[bytes]) -> None:
    first = _rows(run)[0]
    os.kill(first["pid"], signal.SIGKILL)
    rows = _await(run, lambda rows: rows[0]["state"] == "ready" and rows[0]["restarts"] == 1)
    assert rows[0]["pid"] != first["pid"]
    assert rows[1]["restarts"] == 0
    assert supervisor.poll() is None


@pytest.mark.parametrize("frozen", [False, True])
def test_what_somebody_wants_restarted_ends_even_frozen_and_starts_anew(
    run: Path, supervisor: subprocess.Popen[bytes], frozen: bool
) -> None:
    first = _rows(run)[0]
    if frozen:
        os.kill(first["pid"], signal.SIGSTOP)
    _wish(run, first["name"])
    rows = _await(run, lambda rows: rows[0]["state"] == "ready" and rows[0]["restarts"] == 1)
    assert ends_within(first["pid"], 0)
    assert rows[0]["pid"] != first["pid"]
    assert rows[1]["restarts"] == 0
    assert supervisor.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_supervisor_stops_all_its_processes(
    run: Path, supervisor: subprocess.Popen[bytes], number: signal.Signals
) -> None:
    pids = [row["pid"] for row in _rows(run)]
    supervisor.send_signal(number)
    assert supervisor.wait(PATIENCE) == 0
    assert [row["state"] for row in _rows(run)] == ["stopped", "stopped"]
    assert all(ends_within(pid, 0) for pid in pids)


def test_the_processes_of_a_killed_supervisor_die_with_it(
    run: Path, supervisor: subprocess.Popen[bytes]
) -> None:
    pids = [row["pid"] for row in _rows(run)]
    supervisor.kill()
    assert all(ends_within(pid, PATIENCE) for pid in pids)


def test_the_mailbox_keeps_what_it_accepts(run: Path, supervisor: subprocess.Popen[bytes]) -> None:
    port = _first_port(run)
    with SMTP("127.0.0.1", port) as client:
        client.sendmail(
            "desk@example.org", ["resident@example.org"], "Subject: 工单\r\n\r\n已办结\r\n".encode()
        )
    (mail,) = (run / str(port)).glob("*.eml")
    assert "X-Envelope-To: resident@example.org" in mail.read_text()
    assert "已办结" in mail.read_text()
    assert supervisor.poll() is None


def _wish(run: Path, service: str) -> None:
    """Appears whole, or not at all."""
    draft = run / "wish.new"
    draft.write_text(service)
    draft.rename(run / "wish")


def _first_port(run: Path) -> int:
    return int(_rows(run)[0]["name"].removeprefix("box"))


def _rows(run: Path) -> list[dict[str, Any]]:
    path = run / "processes.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return rows


def _await(run: Path, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    deadline = time.monotonic() + PATIENCE
    while not holds(rows := _rows(run)):
        assert time.monotonic() < deadline, rows
        time.sleep(0.05)  # a file says nothing when it changes
    return rows
