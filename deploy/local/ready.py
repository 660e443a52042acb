"""Waits for a server that was just started."""

import time
from collections.abc import Callable
from pathlib import Path

from deploy.local import LocalFailure, daemon

BETWEEN_QUESTIONS = 0.05  # seconds


def await_ready(name: str, pidfile: Path, log: Path, seconds: float, is_ready: Callable[[], bool]) -> None:
    """Returns once `is_ready`; fails with the end of the log when the process dies or the time is over."""
    deadline = time.monotonic() + seconds
    pid = daemon.recall(pidfile)
    while not is_ready():
        if pid is None or daemon.ends_within(pid, BETWEEN_QUESTIONS):
            raise LocalFailure(f"{name} ended while starting; its log says:\n{tail(log)}")
        if time.monotonic() > deadline:
            raise LocalFailure(f"{name} is not ready after {seconds:.0f} s; its log says:\n{tail(log)}")


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, indented."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])
