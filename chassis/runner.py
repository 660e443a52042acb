"""Runs one service: `python -m chassis.runner services.ticket.service:TicketService`.

Unlike nameko's own runner it stops within its deadline whatever the broker does, and needs no pkg_resources.
"""

import gc
import logging
import os
import signal
import sys
import warnings
from typing import Any

from chassis.named import named

POLL = 0.2
"""Seconds between looks at the stop flag."""
NEW_OBJECTS = 50_000
"""Allocations between looks for cycles: those of a few batches, which make none. At 700, CPython's default, a
fifth of a busy service's time went into looking."""

log = logging.getLogger(__name__)


def main(argv: list[str]) -> int:
    """Runs the service named on the command line until SIGTERM or SIGINT; returns the exit status."""
    found = named(argv, "chassis.runner", "Runs one service of Fengge.", _go_green)
    return _run(*found) if found else 2


def _go_green() -> None:
    """Makes sockets, threads and psycopg yield to other green threads; must come before they are imported."""
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="eventlet|nameko")
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_select"
    import select

    blocking = select.select
    import eventlet

    eventlet.monkey_patch()
    from psycopg import waiting

    from chassis import waits

    waits.on_the_spot = blocking
    if waiting.wait is not waiting.wait_select:
        raise SystemExit(
            "psycopg was imported before PSYCOPG_WAIT_FUNC was set: its waits would block the process"
        )


def _run(service: type[Any], settings: Any) -> int:
    import eventlet
    from nameko.containers import ServiceContainer

    from chassis import logs
    from chassis.shell import Shell

    logs.start(service.name, settings.log_level)
    stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, frame: stop.append(signum))
    try:
        sock = eventlet.listen((settings.health_host, settings.health_port), reuse_port=False)
    except OSError as error:
        print(f"HEALTH_HOST, HEALTH_PORT: nobody can listen there ({error.strerror})", file=sys.stderr)
        return 2
    container = ServiceContainer(service, {"settings": settings})
    ended: list[Any] = []
    eventlet.spawn(container.wait).link(ended.append)
    container.start()
    _collect_seldom()
    (shell,) = [extension for extension in container.dependencies if isinstance(extension, Shell)]
    _open_door(sock, shell.loops, settings)
    log.info("started", extra={"shards": settings.shards})
    while not stop and not ended:
        eventlet.sleep(POLL)
    if ended:
        log.error("a loop has died; the process ends so that it can be started anew")
        return 1
    return _stop(container, settings.drain_timeout)


def _collect_seldom() -> None:
    """Looks for garbage in cycles only now and then, and never at what was there from the start."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def _open_door(sock: Any, loops: Any, settings: Any) -> None:
    import eventlet
    from eventlet import wsgi

    from chassis.doors import Door, health, metrics
    from chassis.shell import marked

    service = loops.service
    paths = {where: getattr(service, name) for name, where in marked(type(service), "answers")}
    open_paths = health(lambda: loops.ready) | metrics(loops.metrics)
    door = Door(open_paths, paths, settings.internal_token)
    eventlet.spawn(wsgi.server, sock, door, log_output=False, keepalive=False, socket_timeout=10)


def _stop(container: Any, drain_timeout: float) -> int:
    import eventlet

    with eventlet.Timeout(drain_timeout, False):
        container.stop()
        log.info("stopped")
        return 0
    log.error("could not drain in time; what is unfinished will be delivered again")
    return 1


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)
