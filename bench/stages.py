"""One service with a clock at each stage of a batch: `RUNNER=bench.stages` in place of `chassis.runner`.

What it measures is CPU time of the service process alone; broker and database have their own figures.
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import greenlet

from chassis import runner

WAYS = ("receive", "decode", "inbox", "load", "decide", "save", "outbox", "commit", "publish")


class Clock:
    """CPU seconds by stage; a stage within another is counted by itself only."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.events = 0
        self._used: defaultdict[Any, float] = defaultdict(float)
        self._within: dict[Any, float] = {}
        self._since = self.started = time.process_time()
        greenlet.settrace(self._switched)

    def timed(self, stage: str, owner: Any, *names: str) -> None:
        """Puts the clock around functions or methods of `owner`."""
        for name in names:
            setattr(owner, name, self._around(stage, getattr(owner, name)))

    def count(self, owner: Any, name: str) -> None:
        """Counts the events that are handed to a method of `owner`."""
        plain = getattr(owner, name)

        def counting(one: Any, found: Any) -> Any:
            self.events += len(found)
            return plain(one, found)

        setattr(owner, name, counting)

    def _around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            thread = greenlet.getcurrent()
            begun, outer = self._cpu(thread), self._within.get(thread, 0.0)
            self._within[thread] = 0.0
            try:
                return function(*arguments, **named)
            finally:
                took = self._cpu(thread) - begun
                self.spent[stage] += took - self._within[thread]
                self._within[thread] = outer + took

        return timed

    def _cpu(self, thread: Any) -> float:
        """CPU seconds that a green thread has used; the process has only one of the other kind."""
        self._used[thread] += time.process_time() - self._since
        self._since = time.process_time()
        return self._used[thread]

    def _switched(self, event: str, threads: tuple[Any, Any]) -> None:  # noqa: ARG002 (greenlet's signature)
        self._cpu(threads[0])


def watch(service: Any) -> Clock:
    """Puts clocks into the chassis and into the store of a service class."""
    from chassis import consumer, effect, inbox, line, outbox, relay, worker

    clock = Clock()
    clock.timed("receive", line.Line, "drain")
    clock.timed("decode", consumer, "read")
    clock.timed("decode", effect, "opened")
    clock.timed("inbox", inbox, "admit", "settle")
    clock.timed("load", service.model.store, "load", "know")
    clock.timed("decide", effect, "fold")
    clock.timed("save", service.model.store, "save")
    clock.timed("outbox", outbox, "pack", "append")
    clock.timed("commit", worker.Worker, "commit")
    clock.timed("publish", relay.Confirmed, "publish")
    clock.count(worker.Worker, "take")
    return clock


def main(arguments: list[str]) -> int:
    """Runs the service as the runner does, then leaves its figures in the folder STAGES."""
    plain, clocks = runner._run, dict[str, Clock]()  # noqa: SLF001 (this is where everything is imported)

    def watched(service: Any, settings: Any) -> int:
        clocks[service.name] = watch(service)
        return plain(service, settings)

    runner._run = watched  # noqa: SLF001
    status = runner.main(arguments)
    for name, clock in clocks.items():
        figures = {stage: clock.spent[stage] for stage in WAYS}
        figures["other"] = time.process_time() - clock.started - sum(clock.spent.values())
        document = {"events": clock.events, "seconds": figures}
        (Path(os.environ["STAGES"]) / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return status


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)
