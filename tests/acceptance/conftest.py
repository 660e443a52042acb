"""One running house for all acceptance tests, and the command `fengge` as people call it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from chassis.settings import OPERATORS
from cli.main import app
from deploy.local import house as local_house
from services.console import account_store, passwords
from tests.acceptance.watching import Prometheus, watching
from tests.browser import Eyes, chromium
from tests.integration.rooms import PASSWORD, entered

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
RATING_LINK = "https://rate.example.org/rate#{ticket}/{token}"


class Fengge:
    """The command, for the servers of one run folder."""

    def __init__(self, run: Path) -> None:
        self.run = run

    def __call__(self, *words: str, status: int = 0) -> str:
        """What a command prints; it must end with `status`."""
        done = CliRunner().invoke(app, ["--run", str(self.run), *words])
        assert done.exit_code == status, f"{words}: {done.exit_code}\n{done.output}\n{done.exception!r}"
        return done.output

    def told(self, *words: str) -> str:
        """What a command that ends well prints on standard output alone."""
        done = CliRunner().invoke(app, ["--run", str(self.run), *words])
        assert done.exit_code == 0, f"{words}: {done.output}\n{done.exception!r}"
        return done.stdout

    def json(self, *words: str, status: int = 0) -> Any:
        """What a command says to scripts."""
        return json.loads(self(*words, "--json", status=status))

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command in a process of its own, with pipes for what it says."""
        argv = [sys.executable, "-m", "cli.main", "--run", str(self.run), *words]
        environ = {key: value for key, value in os.environ.items() if key not in ("AMQP_URL", "DATABASE_URL")}
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, cwd=ROOT, env=environ, stdout=pipe, stderr=pipe, text=True)

    def play(self, *words: str) -> dict[str, Any]:
        """What a demo that ends well says to scripts."""
        with self.start("demo", "--json", *words) as demo:
            out, said = demo.communicate()
        assert demo.returncode == 0, out + said
        document: dict[str, Any] = json.loads(out)
        return document

    @property
    def demo(self) -> dict[str, Any]:
        """What the last demo left in demo.json."""
        document: dict[str, Any] = json.loads((self.run / "demo.json").read_text())
        return document

    def processes(self) -> dict[str, dict[str, Any]]:
        """What processes.json says, by name."""
        return {row["name"]: row for row in local_house.processes(self.run)}


def eventually(question: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """The first answer that is true; fails after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not (answer := question()):
        assert time.monotonic() < deadline, question
        time.sleep(0.2)  # what a service has done tells nobody outside
    return answer


@pytest.fixture(scope="session")
def eyes(fengge: Fengge) -> Iterator[Eyes]:
    """A browser before the operators' room of the house, with an account for each role."""
    endpoints = json.loads((fengge.run / "endpoints.json").read_text())
    with psycopg.connect(endpoints["database"]["roles"]["console"]) as tx:
        for role in OPERATORS:
            account_store.add(tx, role, role, passwords.hashed(PASSWORD), "test")
    with chromium() as browser:
        yield Eyes(browser, endpoints["console"], lambda role: entered(endpoints["console"], role))


@pytest.fixture(scope="session")
def fengge(servers_run: Path) -> Iterator[Fengge]:
    """A house that is up, with the sample directory; its messages have links, webhooks may come back here."""
    command = Fengge(servers_run / "house")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RATING_LINK", RATING_LINK)
        patch.setenv("WEBHOOK_NETWORKS", "127.0.0.0/8")
        with local_house.running(command.run):
            command("import", str(ROOT / "directory"))
            yield command


@pytest.fixture(scope="module")
def prometheus(fengge: Fengge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A real one that scrapes the house every second."""
    with watching(fengge.run, tmp_path_factory.mktemp("prometheus")) as found:
        yield found
