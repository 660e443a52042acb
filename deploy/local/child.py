"""One supervised process: started, found dead, started again later and later, ended."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

from deploy.local.daemon import fresh_log
from deploy.local.processes import ProcessSpec

FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0  # seconds until a dead process is started again; doubled each time
DRAIN = 10.0  # seconds from SIGTERM to SIGKILL
PROVEN_AFTER = 10.0  # seconds of life after which the next death counts as the first
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class Child:
    """A process of the table and its life so far."""

    def __init__(self, spec: ProcessSpec, log_folder: Path) -> None:
        self.spec = spec
        self.state = "waiting"
        self.restarts = -1  # the first start is none
        self.due = 0.0
        self._killed_at: float | None = None  # when it is ended if it does not end by itself, to start anew
        self._log = log_folder / f"{spec.name}.log"
        self._wait = FIRST_WAIT
        self._process: subprocess.Popen[bytes] | None = None
        self._born = 0.0

    @property
    def pid(self) -> int | None:
        """The id of the living process."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts the process in a session of its own: Ctrl-C reaches it only through the supervisor."""
        supervisor = os.getpid()
        with fresh_log(self._log).open("ab") as log:
            self._process = subprocess.Popen(
                self.spec.argv,
                env=dict(self.spec.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: _die_with(supervisor),  # noqa: PLW1509 (the supervisor has one thread)
            )
        self._born, self.state = time.monotonic(), "starting"
        self.restarts += 1

    def look(self) -> None:
        """Notices a death and sets the time of the next start; ends what was to end by now."""
        if self._process is None:
            return
        now = time.monotonic()
        if self._process.poll() is None:
            if self._killed_at is not None and now >= self._killed_at:
                self._process.kill()
            return
        if now - self._born > PROVEN_AFTER or self._killed_at is not None:
            self._wait = FIRST_WAIT
        self.due = now + self._wait
        self._wait = min(self._wait * 2, LONGEST_WAIT)
        self._process, self._killed_at, self.state = None, None, "waiting"

    def restart(self) -> None:
        """Lets it drain for at most `DRAIN` seconds; `look` ends it then, even frozen, and starts it anew."""
        if self._process is None:
            self.due = time.monotonic()
        elif self._killed_at is None:
            self.ask_to_stop()
            self._killed_at = time.monotonic() + DRAIN

    @property
    def ends(self) -> bool:
        """Whether it is on its way to its end, to be started anew."""
        return self._killed_at is not None

    def ask_to_stop(self) -> None:
        """Sends SIGTERM, on which a service drains."""
        if self._process:
            self._process.terminate()
            self.state = "stopping"

    def end(self, seconds: float) -> None:
        """Awaits the end, then kills."""
        if self._process is None:
            return
        try:
            self._process.wait(max(seconds, 0.01))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process, self.state = None, "stopped"


def _die_with(supervisor: int) -> None:
    """Between fork and exec: lets the kernel kill this process when the supervisor dies, however it dies."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if os.getppid() != supervisor:  # it died before the kernel knew
        os._exit(1)
