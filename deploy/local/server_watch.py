"""Notices that a server of the run folder died and starts it again on the same port and data."""

import logging
import time
from pathlib import Path

from deploy.local import LocalFailure, servers

FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0  # seconds between attempts, doubled each time
PROVEN_AFTER = 30.0  # seconds of life after which the next death counts as the first

log = logging.getLogger(__name__)


class ServerWatch:
    """The servers that ran when the watch began; none where the environment named running ones."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._pids: dict[str, int | None] = {**servers.pids(run)}
        self._restarts = dict.fromkeys(self._pids, 0)
        self._wait, self._due, self._revived = FIRST_WAIT, 0.0, 0.0

    def look(self) -> None:
        """Starts what is missing, at most once per waiting time."""
        alive = servers.pids(self._run)
        self._pids = {name: alive.get(name) for name in self._pids}
        missing = [name for name, pid in self._pids.items() if pid is None]
        now = time.monotonic()
        if missing and now >= self._due:
            self._wait = (
                FIRST_WAIT if now - self._revived > PROVEN_AFTER else min(self._wait * 2, LONGEST_WAIT)
            )
            self._revive(missing)

    def rows(self) -> list[dict[str, object]]:
        """Name, process id, state and restarts of each server."""
        return [
            {
                "name": name,
                "pid": pid,
                "state": "ready" if pid else "waiting",
                "restarts": self._restarts[name],
            }
            for name, pid in self._pids.items()
        ]

    def _revive(self, missing: list[str]) -> None:
        log.warning("starting %s again", ", ".join(missing))
        try:
            alive = servers.start(self._run).pids
        except LocalFailure as failure:
            log.warning("%s", failure)
            alive = servers.pids(self._run)
        self._pids = {name: alive.get(name) for name in self._pids}
        for name in missing:
            self._restarts[name] += 1
        self._revived = time.monotonic()
        self._due = self._revived + self._wait
