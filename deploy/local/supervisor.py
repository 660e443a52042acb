"""Keeps the processes of a run folder running, tells processes.json how they are, drains them at the end."""

import json
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.local.child import DRAIN, Child
from deploy.local.doors import is_ready
from deploy.local.processes import MAILBOX, ProcessSpec
from deploy.local.records import write_private
from deploy.local.restarts import NOBODY, Wishes
from deploy.local.server_watch import ServerWatch

STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
WAKE_SIGNALS = STOP_SIGNALS | {signal.SIGCHLD}
BETWEEN_LOOKS = 1.0  # seconds, when no process dies and none is due
BETWEEN_QUESTIONS = 0.1  # seconds, while a process is starting


class Supervisor:
    """The servers and children of one run folder."""

    def __init__(
        self, run: Path, table: Sequence[ProcessSpec], watch: ServerWatch, wishes: Wishes = NOBODY
    ) -> None:
        self._file = run / "processes.json"
        self._children = [Child(spec, run / "log") for spec in table]
        self._servers, self._wishes = watch, wishes
        self._written = ""

    def watch(self) -> None:
        """Runs until SIGTERM or SIGINT, then drains; the caller has blocked all of WAKE_SIGNALS."""
        woken = None
        while woken is None or woken.si_signo not in STOP_SIGNALS:
            self._servers.look()
            wanted = self._wishes.taken()
            for child in self._children:
                if child.spec.service in wanted:
                    child.restart()
                _look_after(child)
            self._tell()
            woken = signal.sigtimedwait(WAKE_SIGNALS, self._pause())
        self._drain()

    def _pause(self) -> float:
        pauses = [BETWEEN_LOOKS]
        for child in self._children:
            if child.state == "waiting":
                pauses.append(child.due - time.monotonic())
            elif child.state == "starting":
                pauses.append(BETWEEN_QUESTIONS)
        return max(min(pauses), 0.0)

    def _drain(self) -> None:
        """Services first: they may have mail to send while they finish."""
        for is_last in (False, True):
            leaving = [child for child in self._children if (child.spec.name == MAILBOX) == is_last]
            for child in leaving:
                child.ask_to_stop()
            self._tell()
            deadline = time.monotonic() + DRAIN
            for child in leaving:
                child.end(deadline - time.monotonic())
        self._tell()

    def _tell(self) -> None:
        text = json.dumps([*self._servers.rows(), *map(_row, self._children)], indent=1)
        if text != self._written:
            write_private(self._file, text)
            self._written = text


def _look_after(child: Child) -> None:
    child.look()
    if child.state == "waiting":
        if child.due <= time.monotonic():
            child.start()
    elif not child.ends:
        child.state = _state(child)


def _state(child: Child) -> str:
    if is_ready(child.spec.door):
        return "ready"
    return "starting" if child.state == "starting" else "unready"


def _row(child: Child) -> dict[str, object]:
    return {
        "name": child.spec.name,
        "pid": child.pid,
        "state": child.state,
        "restarts": max(child.restarts, 0),
    }
