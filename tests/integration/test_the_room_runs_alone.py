"""The operators' room as a process: it needs no broker, says what it lacks, and stops when told."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from deploy.local.endpoints import Endpoints
from tests.integration import rooms
from tests.integration.process import free_port, until
from tests.integration.rooms import COOKIE, entered


def status(url: str, cookie: str = "") -> int:
    """The status of an answer; 0 while nobody listens."""
    try:
        with urlopen(Request(url, headers={"Cookie": f"{COOKIE}={cookie}"}), timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def test_it_opens_without_a_broker_and_drains_within_its_deadline(
    migrated: Endpoints, tmp_path: Path
) -> None:
    rooms.opened(migrated).close()
    door, port = free_port(), free_port()
    environ = os.environ | {
        "AMQP_URL": "amqp://nobody:x@127.0.0.1:1/fengge", "DATABASE_URL": migrated.database_url("console"),
        "HEALTH_PORT": str(door), "CONSOLE_PORT": str(port),
    }  # fmt: skip
    with (tmp_path / "console.log").open("wb") as output:
        argv = [sys.executable, "-m", "services.console"]
        process = subprocess.Popen(argv, env=environ, stdout=output, stderr=subprocess.STDOUT)
        try:
            until(lambda: status(f"http://127.0.0.1:{door}/readyz") == 200)
            url = f"http://127.0.0.1:{port}"
            cookie = entered(url, "supervisor")
            assert status(f"{url}/audit", cookie) == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()


def test_it_says_which_setting_is_missing(migrated: Endpoints) -> None:
    environ = os.environ | {"AMQP_URL": "amqp://x/fengge", "DATABASE_URL": migrated.database_url("console")}
    environ.pop("CONSOLE_PORT", None)
    argv = [sys.executable, "-m", "services.console"]
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "CONSOLE_PORT" in done.stderr
