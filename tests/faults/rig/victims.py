"""The servers of a house as victims: killed, frozen, brought back, each by its recorded process id."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from deploy.local import daemon, servers


class Victim:
    """One server process of a run folder and its children."""

    def __init__(self, run: Path, name: str) -> None:
        self._run, self._pidfile = run, run / name / "pid"

    @property
    def pid(self) -> int:
        """The living process."""
        pid = daemon.recall(self._pidfile)
        assert pid, f"{self._pidfile} names no living process"
        return pid

    def kill(self, sign: signal.Signals = signal.SIGKILL, patience: float = 10.0) -> None:
        """Ends it as a crash would (PostgreSQL's own crash is SIGQUIT: immediate shutdown)."""
        daemon.end(self._pidfile, [(sign, patience), (signal.SIGKILL, 5.0)])

    def revive(self) -> None:
        """Starts what is missing, on the same port and data; returns once it answers."""
        servers.start(self._run, {})

    def freeze(self) -> None:
        """No instruction is carried out any more, and no connection is lost."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on as if no time had passed."""
        self._signal(signal.SIGCONT)

    def _signal(self, sign: signal.Signals) -> None:
        for pid in [self.pid, *_children(self.pid)]:
            os.kill(pid, sign)


def _children(parent: int) -> Iterator[int]:
    for task in Path(f"/proc/{parent}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())
