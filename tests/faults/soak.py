"""`make soak`: load for minutes, one random accident after the other, and the oracle's word at the end.

The seed decides which accidents happen, in which order and how hard; the same seed does it again.
"""

import argparse
import json
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from contracts.registry import SERVICES
from deploy.local import DEFAULT_RUN
from tests.faults import evidence
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import HEARTBEAT, START, House, opened
from tests.integration.process import until

EVERY = 16.0
"""Seconds from one accident to the next."""
MAIL = 50
"""One requester of so many has an e-mail address: one SMTP session carries less than the tickets need."""
LEAST = 100_000 / 600
"""Requests a second, so that ten minutes make a hundred thousand."""
DEADLY_POINTS = ("before_commit", "after_commit", "in_relay_batch", "before_confirm", "before_mark")


@dataclass(frozen=True)
class Accident:
    """What happens, to which service where it happens to one, and for how many seconds."""

    name: str
    service: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.name.replace('_', ' ')} ({self.service}, {self.seconds:.1f} s)"


def service_killed(house: House, accident: Accident) -> None:
    """A power cut for one service."""
    house.kill(accident.service)
    time.sleep(accident.seconds / 4)


def service_restarted(house: House, accident: Accident) -> None:
    """An update of one service."""
    house.kill(accident.service, sign=signal.SIGTERM)


def service_killed_at_a_point(house: House, accident: Accident) -> None:
    """A service dies between two steps that belong together."""
    point = DEADLY_POINTS[int(accident.seconds * 1000) % len(DEADLY_POINTS)]
    house.restart(accident.service, FAILPOINTS=f"{point}:kill@{1 + int(accident.seconds)}")
    house.dies(accident.service, START)


def service_frozen(house: House, accident: Accident) -> None:
    """A service sleeps until its broker has given it up, and wakes as a zombie."""
    process = house.processes[accident.service].popen
    process.send_signal(signal.SIGSTOP)
    time.sleep(2 * HEARTBEAT + accident.seconds)
    process.send_signal(signal.SIGCONT)


def service_doubled(house: House, accident: Accident) -> None:
    """Two processes of a service believe that all shards are theirs."""
    house.launch(accident.service, twin="twin")
    time.sleep(2 + accident.seconds)
    house.kill("twin")


def all_services_killed(house: House, accident: Accident) -> None:
    """A power cut for every service."""
    house.kill(*SERVICES)


def broker_killed(house: House, accident: Accident) -> None:
    """A power cut for the broker."""
    house.broker.kill()
    time.sleep(accident.seconds / 2)


def broker_frozen(house: House, accident: Accident) -> None:
    """The broker says nothing and loses no connection."""
    house.broker.freeze()
    time.sleep(2 * accident.seconds)
    house.broker.thaw()


def database_crashed(house: House, accident: Accident) -> None:
    """PostgreSQL ends in the middle of transactions."""
    house.database.kill(signal.SIGQUIT)
    time.sleep(accident.seconds / 4)


def database_frozen(house: House, accident: Accident) -> None:
    """PostgreSQL says nothing and loses no connection."""
    house.database.freeze()
    time.sleep(accident.seconds)
    house.database.thaw()


ACCIDENTS: dict[str, Callable[[House, Accident], None]] = {
    accident.__name__: accident
    for accident in (
        service_killed, service_restarted, service_killed_at_a_point, service_frozen, service_doubled,
        all_services_killed, broker_killed, broker_frozen, database_crashed, database_frozen,
    )
}  # fmt: skip


def schedule(seed: int, count: int) -> Iterator[Accident]:
    """The accidents of a seed: every kind in turn, each turn shuffled anew."""
    dice = random.Random(seed)
    kinds: list[str] = []
    for _ in range(count):
        if not kinds:
            kinds = sorted(ACCIDENTS)
            dice.shuffle(kinds)
        yield Accident(kinds.pop(), dice.choice(SERVICES), dice.uniform(0.5, 6.0))


def soak(drill: Drill, minutes: float, rate: float, seed: int) -> list[Accident]:
    """Lets it all happen; returns the accidents."""
    seconds = 60 * minutes
    drill.submit(int(seconds * rate), rate)
    drill.flows()
    begun, happened = time.monotonic(), []
    for number, accident in enumerate(schedule(seed, int(seconds / EVERY))):
        time.sleep(max(0.0, begun + number * EVERY - time.monotonic()))  # the pace of the accidents
        _say(begun, f"{number + 1:>3} {accident}; {drill.load.confirmed} requests accepted")
        ACCIDENTS[accident.name](drill.house, accident)
        drill.house.mend()
        happened.append(accident)
    until(lambda: drill.load.asked, 2 * seconds + 60)
    drill.healed()
    _say(begun, f"all {drill.load.confirmed} requests are accepted; waiting until all is at rest")
    return happened


def main() -> int:
    """Soaks, prints the verdict, writes .run/soak.json; 0 if nothing was lost, doubled or reordered."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=LEAST, help="requests a second (%(default).0f)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--within", type=float, default=300.0, help="seconds in which all must come to rest")
    asked = parser.parse_args()
    again = f"make soak MINUTES={asked.minutes:g} SEED={asked.seed}"
    print(f"seed {asked.seed}: {again} does it again", flush=True)
    run = DEFAULT_RUN / "soak"
    shutil.rmtree(run, ignore_errors=True)
    with opened(run, direct=True) as house:
        (run / "record").mkdir()
        drill = Drill(house, run / "record")
        drill.load.writes_every = MAIL
        try:
            happened = soak(drill, asked.minutes, asked.rate, asked.seed)
            return _verdict(drill, happened, asked)
        finally:
            drill.close()


def _verdict(drill: Drill, happened: list[Accident], asked: argparse.Namespace) -> int:
    """The oracle's word; letters that SMTP repeats after a death, under their one key, are only counted."""
    letters = len(drill.load.tickets)
    try:
        drill.judge(within=asked.within, repeated_letters=letters)
    except AssertionError as failure:
        print(failure, file=sys.stderr)
    verdict, keys = drill.verdict, Counter(evidence.received(drill.house.letters))
    document = {
        "seed": asked.seed, "minutes": asked.minutes, "accidents": [str(accident) for accident in happened],
        "tickets": len(drill.load.tickets), "inputs": verdict.inputs, "lost": len(verdict.lost),
        "doubled": len(verdict.doubled), "reordered": len(verdict.reordered), "parked": verdict.parked,
        "letters": len(keys), "letters_repeated": keys.total() - len(keys),
        "recover_s": verdict.recover_s, "passed": bool(verdict.inputs) and verdict.passed,
    }  # fmt: skip
    Path(DEFAULT_RUN / "soak.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: value for key, value in document.items() if key != "accidents"}))
    print(f"{len(happened)} accidents; .run/soak.json has it all")
    return 0 if document["passed"] else 1


def _say(begun: float, what: str) -> None:
    print(f"{time.monotonic() - begun:6.0f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
