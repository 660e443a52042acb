"""A terminal of 80 columns and 24 lines in which a command runs, as over ssh."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LINES, COLUMNS = 24, 80
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
HOME = "\x1b[H"
LOGIN = (
    "import os, signal, sys; os.login_tty(0); signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
"""Makes the terminal that of the process, and lets Ctrl-C end it, as a login does."""


class Terminal:
    """What is on the screen, and the keys."""

    def __init__(self, keyboard: int, process: subprocess.Popen[bytes]) -> None:
        self._keyboard, self._process = keyboard, process
        self.said = b""

    def screen(self) -> str:
        """What was drawn last, without colours; a program that draws anew begins in the corner."""
        while self._read(0.05):
            pass
        return CONTROL.sub("", self.written().rpartition(HOME)[2]).replace("\r", "")

    def written(self) -> str:
        """All that the command has written so far."""
        return self.said.decode(errors="replace")

    def interrupt(self) -> None:
        """Presses Ctrl-C."""
        os.write(self._keyboard, b"\x03")

    def ended(self, patience: float) -> int:
        """The exit status, once nothing more comes; fails where it does not end."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and (self._read(0.2) or self._process.poll() is None):
            pass
        status = self._process.wait(0.1)
        while self._read(0.1):
            pass
        return status

    def _read(self, patience: float) -> bool:
        if not select.select([self._keyboard], [], [], patience)[0]:
            return False
        with suppress(OSError):  # the other end is closed
            self.said += (found := os.read(self._keyboard, 65536))
            return bool(found)
        return False


@contextmanager
def terminal(argv: list[str]) -> Iterator[Terminal]:
    """One in which a command runs; it has ended afterwards."""
    keyboard, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environ = {**os.environ, "TERM": "xterm-256color", "PYTHONWARNINGS": "ignore"}
    started = subprocess.Popen(
        [sys.executable, "-c", LOGIN, *argv], stdin=screen, stdout=screen, stderr=screen, env=environ,
    )  # fmt: skip
    os.close(screen)
    try:
        yield Terminal(keyboard, started)
    finally:
        started.kill()
        started.wait(20)
        os.close(keyboard)
