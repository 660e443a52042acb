"""A service of a house under a real supervisor, which starts it anew when an operator wants it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from contracts.registry import CONSOLE
from deploy.local.processes import ProcessSpec
from deploy.local.restarts import Restarts
from deploy.local.server_watch import ServerWatch
from deploy.local.supervisor import WAKE_SIGNALS, Supervisor
from tests.faults.rig.house import START, House
from tests.integration.process import until


class Overseen:
    """The process that is watched over."""

    def __init__(self, folder: Path) -> None:
        self._told = folder / "processes.json"

    @property
    def row(self) -> dict[str, Any]:
        """What the supervisor says of it."""
        rows = json.loads(self._told.read_text()) if self._told.exists() else []
        return rows[0] if rows else {"state": "unknown", "pid": None, "restarts": 0}

    def freeze(self) -> None:
        """No instruction is carried out any more, and no connection is lost."""
        os.kill(self.row["pid"], signal.SIGSTOP)


@contextmanager
def overseen(house: House, name: str) -> Iterator[Overseen]:
    """A service of the house under a supervisor of its own for the length of a block; ends with it."""
    house.kill(name, sign=signal.SIGTERM)
    folder = house.run / "overseer"
    (folder / "log").mkdir(parents=True, exist_ok=True)
    (folder / "processes.json").unlink(missing_ok=True)
    told = json.dumps([str(folder), house.endpoints.database_url(CONSOLE), asdict(house.specs[name])])
    with (folder / "log" / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=log, stderr=log
        )
    try:
        assert process.stdin
        process.stdin.write(told.encode())
        process.stdin.close()
        found = Overseen(folder)
        until(lambda: found.row["state"] == "ready", START)
        yield found
    finally:
        process.terminate()
        process.wait(30)


def main() -> None:
    """Watches over the process that standard input describes, until SIGTERM."""
    folder, url, spec = json.load(sys.stdin)
    spec["argv"] = tuple(spec["argv"])
    signal.pthread_sigmask(signal.SIG_BLOCK, WAKE_SIGNALS)
    Supervisor(Path(folder), [ProcessSpec(**spec)], ServerWatch(Path(folder)), Restarts(url)).watch()


if __name__ == "__main__":
    main()
