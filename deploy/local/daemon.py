"""Processes that outlive the command which started them, known again by a file with their id and birth."""

import contextlib
import os
import select
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

LOG_LIMIT = 10_000_000  # bytes; a longer log is set aside at the next start


def spawn(argv: Sequence[str], env: Mapping[str, str], log: Path, pidfile: Path) -> int:
    """Starts a process in a session of its own, and remembers it in `pidfile`; returns its id."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(fresh_log(log)), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    with _patiently():
        pid = os.posix_spawn(
            argv[0],
            list(argv),
            dict(env),
            file_actions=actions,
            setsid=True,
            # What the starter blocks or ignores must not leave the daemon deaf to its stop signals.
            setsigmask=(),
            setsigdef=(signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGPIPE),
        )
    remember(pidfile, pid)
    return pid


@contextlib.contextmanager
def _patiently() -> Iterator[None]:
    """What is started meanwhile interrupts nobody when it wakes up, but waits for its turn (sched(7)).

    A dozen processes that wake each other on two processors otherwise spend a tenth of them on changing over.
    Where the starter does not have the usual policy somebody has chosen another, and that is inherited.
    """
    usual = os.sched_getscheduler(0) == os.SCHED_OTHER
    if usual:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    try:
        yield
    finally:
        if usual:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def fresh_log(log: Path) -> Path:
    """The log to append to, after setting aside one that has grown too long."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    return log


def remember(pidfile: Path, pid: int) -> None:
    """Writes down a living process so that no later one with the same id is taken for it."""
    pidfile.write_text(f"{pid} {_birth(pid)}")


def recall(pidfile: Path) -> int | None:
    """The id of the remembered process, or nothing if it is gone."""
    try:
        pid, _, birth = pidfile.read_text().partition(" ")
    except FileNotFoundError:
        return None
    return int(pid) if pid.isdigit() and birth == _birth(int(pid)) else None


def end(pidfile: Path, signals: Iterable[tuple[signal.Signals, float]]) -> None:
    """Ends the remembered process: sends each signal in turn and grants it the given seconds."""
    pid = recall(pidfile)
    if pid is not None:
        _end(pid, signals)
    _reap(pidfile)
    pidfile.unlink(missing_ok=True)


def ends_within(pid: int, seconds: float) -> bool:
    """Awaits the end of a process; True if it came in time."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


def _end(pid: int, signals: Iterable[tuple[signal.Signals, float]]) -> None:
    for number, patience in signals:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        if ends_within(pid, patience):
            return


def _reap(pidfile: Path) -> None:
    """Takes leave of a dead child; one that an earlier command started is not ours to reap."""
    with contextlib.suppress(FileNotFoundError, ChildProcessError):
        os.waitpid(int(pidfile.read_text().split()[0]), os.WNOHANG)


def _birth(pid: int) -> str | None:
    """Boot and clock tick at which a process was born; nothing for one that is dead or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it may contain anything
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"
