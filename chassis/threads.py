"""Runs a service that has an HTTP edge, in plain threads: `python -m chassis.threads module:Class`.

A door for strangers waits for many slow peers and for the database at once; the system's own threads do that
without patching anything, and waitress keeps slow peers away from them.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from chassis import logs, settings
from chassis.doors import Door, health, metrics
from chassis.loops import Loops
from chassis.named import named

POLL = 0.2
"""Seconds between looks at the stop flag."""
LIMITS = {
    "threads": 16, "connection_limit": 400, "backlog": 1024, "channel_timeout": 30, "cleanup_interval": 5,
    "max_request_header_size": 32_768, "ident": None, "asyncore_use_poll": True,
}  # fmt: skip
"""What one peer may take up; far fewer connections than the 1,024 descriptors that select(2) can watch."""
SWITCH = 0.001
"""Seconds for which a thread that computes may keep back others that only want to pass on an answer."""
FINISH = 3.0
"""Seconds for requests under way when a stop comes."""

log = logging.getLogger(__name__)


class Thread:
    """A thread that tells when it has died of something."""

    def __init__(self, loop: Callable[[], None], died: threading.Event) -> None:
        self._loop, self._died = loop, died
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Returns when it has ended."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop()
        except BaseException:
            log.exception("a loop has died")
            self._died.set()


class Listener:
    """One waitress server: its own sockets, its own threads, a stop that lets requests finish."""

    def __init__(self, app: Any, host: str, port: int, **limits: Any) -> None:
        self._map: dict[int, Any] = {}
        self._server: Any = create_server(app, map=self._map, host=host, port=port, **LIMITS | limits)
        self.port = int(self._server.effective_port)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Serves until stopped; then takes no new connection, and ends when all requests are answered."""
        while not self._stopping.is_set():
            self._turn()
        self._server.close()
        end = time.monotonic() + FINISH
        while any(getattr(each, "requests", None) for each in self._map.values()) and time.monotonic() < end:
            self._turn()
        self._server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map, ignore_all=True)

    def stop(self) -> None:
        """Lets `run` come to its end."""
        self._stopping.set()

    def _turn(self) -> None:
        wasyncore.loop(timeout=POLL, use_poll=True, map=self._map, count=1)


def main(argv: list[str]) -> int:
    """Runs the service named on the command line until SIGTERM or SIGINT; returns the exit status."""
    found = named(argv, "chassis.threads", "Runs one service with an HTTP edge.")
    return _run(*found) if found else 2


def _run(service: type[Any], chosen: settings.Settings) -> int:
    logs.start(service.name, chosen.log_level)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it would log each request that waits
    stop, died = threading.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, frame: stop.set())
    sys.setswitchinterval(SWITCH)
    loops = Loops(service, chosen, lambda loop: Thread(loop, died))
    door = Door(health(lambda: loops.ready) | metrics(loops.metrics), {}, "")
    edge = loops.service.edge(loops.relay)
    if loops.traces:
        edge = loops.traces.around(edge)
    try:
        listeners = [
            Listener(door, chosen.health_host, chosen.health_port, threads=2),
            Listener(edge, chosen.gateway_host, chosen.gateway_port),
        ]
    except OSError as error:
        print(f"HEALTH_PORT, GATEWAY_PORT: nobody can listen there ({error.strerror})", file=sys.stderr)
        return 2
    loops.start()
    threads = [Thread(listener.run, died) for listener in listeners]
    log.info("started", extra={"shards": chosen.shards})
    while not stop.wait(POLL):
        if died.is_set():
            return 1
    return _stop(loops, listeners, threads, chosen.drain_timeout)


def _stop(loops: Loops, listeners: list[Listener], threads: list[Thread], drain_timeout: float) -> int:
    """The edge first, so that what it has answered is committed; then the loops, within the deadline."""
    ended = threading.Event()

    def drain() -> None:
        for listener, thread in zip(reversed(listeners), reversed(threads), strict=True):
            listener.stop()
            thread.wait()
        loops.stop()
        ended.set()

    threading.Thread(target=drain, daemon=True).start()
    if ended.wait(drain_timeout):
        log.info("stopped")
        return 0
    log.error("could not drain in time; what is unfinished will be delivered again")
    return 1


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)
