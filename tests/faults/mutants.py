"""`make mutants`: builds that break one promise on purpose, and the accident that catches each.

`RUNNER=tests.faults.mutants MUTANT=no_inbox` runs the services of a house in such a build.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chassis import runner
from deploy.local import DEFAULT_RUN

HERE = Path(__file__).parent
KINDS = ("lost", "doubled", "reordered", "stuck")


def ack_before_commit() -> None:
    """The broker forgets a message as soon as it has handed it out."""
    from amqp.channel import Channel

    from chassis.shards import Shards
    from chassis.topology import queue_name

    def read(self: Any, channel: Any, shard: int) -> None:
        queue = queue_name(self._service, shard)
        self._tags[shard] = channel.basic_consume(queue, callback=self._callback, no_ack=True)

    Shards._read = read  # type: ignore[method-assign]
    Channel.basic_ack = lambda *_, **__: None


def no_inbox() -> None:
    """Whatever arrives takes effect, also what has been here before."""
    from chassis import inbox, positions

    def admit(tx: Any, arrivals: Sequence[Any], *_: Any, **__: Any) -> inbox.Admission:
        ordered = [arrival for arrival in arrivals if arrival.event.sequence]
        before, _rare = positions.look(tx, sorted({arrival.stream for arrival in ordered}))
        after = dict(before)
        for arrival in ordered:
            after[arrival.stream] = max(after.get(arrival.stream, 0), arrival.event.number)
        return inbox.Admission(ready=list(arrivals), before=before, after=after)

    inbox.admit = admit


def no_gap_check() -> None:
    """An event takes effect though its predecessor has not been seen."""
    from chassis import inbox

    def admit_ordered(admission: inbox.Admission, arrival: Any) -> None:
        if arrival.event.number <= admission.after.get(arrival.stream, 0):
            admission.repeats.append(arrival)
        else:
            admission.ready.append(arrival)
            admission.after[arrival.stream] = arrival.event.number

    inbox._admit_ordered = admit_ordered


def no_sweeper() -> None:
    """Only what is handed over after its commit is published."""
    from chassis.relay import Relay

    def nothing_left(self: Relay, publisher: Any) -> None:
        self._made_good = self._left

    Relay._sweep = lambda self, publisher: False  # type: ignore[method-assign]
    Relay._make_good = nothing_left  # type: ignore[method-assign]


def no_mandatory() -> None:
    """The broker may drop what no queue takes, and confirm it."""
    from amqp.channel import Channel

    plain = Channel.basic_publish

    def publish(self: Any, *arguments: Any, **named: Any) -> Any:
        return plain(self, *arguments, **{**named, "mandatory": False})

    Channel.basic_publish = publish


@dataclass(frozen=True)
class Mutant:
    """A broken promise and the file of the accident that is to catch it."""

    break_it: Callable[[], None]
    accident: str


MUTANTS = {
    mutant.break_it.__name__: mutant
    for mutant in (
        Mutant(ack_before_commit, "test_crash_before_commit.py"),
        Mutant(no_inbox, "test_crash_after_commit_before_ack.py"),
        Mutant(no_sweeper, "test_crash_after_commit_before_ack.py"),
        Mutant(no_mandatory, "test_queue_or_binding_deleted.py"),
        Mutant(no_gap_check, "test_out_of_order_with_a_gap.py"),
    )
}


def run_service(arguments: Sequence[str]) -> int:
    """Runs one service of the build that MUTANT names."""
    plain = runner._run

    def broken(service: Any, settings: Any) -> int:
        MUTANTS[os.environ["MUTANT"]].break_it()
        return plain(service, settings)

    runner._run = broken
    return runner.main(list(arguments))


def main() -> int:
    """Lets each accident happen to its mutant, prints the table; 0 if every mutant was caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mutants", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="MUTANT", help=", ".join(MUTANTS))
    chosen = parser.parse_args().only or list(MUTANTS)
    print(f"| broken promise | accident | {' | '.join(KINDS)} | caught |\n|---|---|{'---|' * len(KINDS)}---|")
    caught = [_caught(name) for name in chosen]
    return 0 if all(caught) else 1


def _caught(name: str) -> bool:
    """Whether the oracle sees what the mutant does; a row of the table."""
    mutant, report = MUTANTS[name], DEFAULT_RUN / f"mutant-{name}.json"
    report.unlink(missing_ok=True)
    environ = {**os.environ, "MUTANT": name, "RUNNER": __spec__.name, "FAULTS_JSON": str(report)}
    argv = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not long", str(HERE / mutant.accident)]
    with (DEFAULT_RUN / f"mutant-{name}.log").open("wb") as log:
        subprocess.run(argv, env=environ, stdout=log, stderr=subprocess.STDOUT)
    rows = json.loads(report.read_text()) if report.exists() else []
    counts = [sum(row[kind] for row in rows) for kind in KINDS]
    caught = any(counts)
    accident = mutant.accident.removeprefix("test_").removesuffix(".py").replace("_", " ")
    figures = " | ".join(map(str, counts))
    print(f"| {name.replace('_', ' ')} | {accident} | {figures} | {'yes' if caught else 'NO'} |", flush=True)
    return caught


if __name__ == "__main__":
    status = run_service(sys.argv[1:]) if "MUTANT" in os.environ else main()
    sys.stdout.flush()
    os._exit(status)
