"""One accident from its first request to its verdict."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.accounts import SUPERUSER
from tests.faults import evidence
from tests.faults.evidence import Witnesses
from tests.faults.oracle import Verdict, judge
from tests.faults.rig.house import SHARDS, House
from tests.faults.rig.load import ENDLESS, Load
from tests.faults.rig.proxy import through
from tests.faults.rig.record import Record
from tests.integration.process import until

WITHIN = 30.0
"""Seconds in which a house has to recover, unless an accident says otherwise."""
LATER = {"CLOCK_SKEW_SECONDS": "90"}
"""For a process that starts anew: past the lease of the letters that its predecessor had claimed."""
ASKING = 120.0
"""Seconds after which a generator that cannot get rid of its requests is given up."""


@dataclass
class Drill:
    """Load on a house, an accident (the test's own business), and the oracle's word on what became of it."""

    house: House
    folder: Path
    verdict: Verdict = field(default_factory=Verdict)
    ends: Sequence[str] = evidence.ENDED
    """States in which a ticket is at rest."""
    _healed: float = 0.0

    def __post_init__(self) -> None:
        endpoints = self.house.endpoints
        self.record = Record(self.folder / "accepted.jsonl").__enter__()
        self.outside = through(self.house.outside_wire, endpoints.amqp_url("world"))
        self.witnesses = Witnesses(
            endpoints.database_url(SUPERUSER),
            endpoints.amqp_url("admin"),
            self.house.letters,
            self.house.run,
            SHARDS,
        )
        with self.witnesses.connect() as tx:
            self._since = evidence.marks(tx)
        self.load = Load(self.outside, self.record, f"{os.getpid()}-{time.time_ns():x}")

    def submit(self, count: int = 300, rate: float = 150.0) -> None:
        """Asks `count` times, at a pace, from a thread; everybody concerned answers."""
        self.load.start(count, rate)

    def submit_on(self, rate: float = 25.0) -> None:
        """Asks without end, until the accident is said to be over."""
        self.load.start(ENDLESS, rate)

    def flows(self, tickets: int = 20, seconds: float = 30.0) -> None:
        """Waits until work is under way: so many more requests are tickets than were before."""
        with self.witnesses.connect() as tx:
            goal = evidence.born(tx, self.load.tickets) + tickets
            until(lambda: evidence.born(tx, self.load.tickets) >= goal, seconds)

    def flows_by(self, question: str, seconds: float = 60.0) -> None:
        """Waits until a query over the tickets of the load says true."""
        with self.witnesses.connect() as tx:
            until(lambda: evidence.answer(tx, question, self.load.tickets), seconds)

    def asks(self, question: str) -> object:
        """What a query over the tickets of the load says now."""
        with self.witnesses.connect() as tx:
            return evidence.answer(tx, question, self.load.tickets)

    def all_die_once(self, *names: str) -> None:
        """Waits in turn until each of these services has died of its failpoint; starts it anew."""
        for name in names:
            self.house.dies(name)
            self.house.start(name, **(LATER if name == "notification" else {}))

    def letters_are_due(self) -> None:
        """Moves on to where no letter is claimed any more by somebody who was cut off as he claimed it."""
        self.house.mend()
        self.house.restart("notification", **LATER)

    def healed(self) -> None:
        """The accident is over, and no more is asked without end; the clock of the recovery runs."""
        self.load.no_more.set()
        self._healed = time.monotonic()

    def judge(self, within: float = WITHIN, parked: int = 0, repeated_letters: int = 0) -> Verdict:
        """Waits until all is at rest, hears the oracle; fails unless it passes with so many parked."""
        until(lambda: self.load.asked, ASKING)
        begun = max(self._healed, self.load.asked_at)
        while True:
            resting = self._rest(begun + within)
            recover_s = time.monotonic() - begun
            verdict = self._heard(repeated_letters)
            # What is in a service's hands stands in no ledger and no queue: another look tells.
            if resting or verdict.passed or recover_s > within:
                break
        verdict.recover_s = round(recover_s, 1)
        verdict.stuck = resting.get("tickets open", 0)
        verdict.wrong += [f"after {recover_s:.0f} s there is still {resting}"] if resting else []
        if verdict.parked != parked:
            verdict.wrong.append(f"{verdict.parked} parked instead of {parked}")
        self.verdict = verdict
        assert verdict.passed, str(verdict)
        return verdict

    def broken_off(self) -> None:
        """Hears the oracle on a drill that failed before its verdict, as things stand."""
        if not self.verdict.inputs:
            self.verdict = self._heard(0)
            self.verdict.stuck = self._rest(time.monotonic()).get("tickets open", 0)

    def close(self) -> None:
        """Ends the load and the record, whatever has happened."""
        self.load.close()
        self.record.__exit__(None, None, None)

    def _rest(self, deadline: float) -> dict[str, int]:
        """Waits until nothing is under way; what still is at the deadline."""
        with self.witnesses.connect() as tx:
            while busy := evidence.under_way(tx, self.load.tickets, self.ends) or self._in_queues():
                if time.monotonic() > deadline:
                    break
                time.sleep(0.1)
        return busy

    def _in_queues(self) -> dict[str, int]:
        # Connected for one look: nobody would answer its heartbeats while the ledgers are asked for minutes.
        with self.witnesses.broker() as channel:
            return evidence.in_queues(channel, SHARDS)

    def _heard(self, repeated_letters: int) -> Verdict:
        inputs = evidence.accepted(self.record.path)
        found = evidence.gathered(self.witnesses, inputs, self._since)
        return judge(found, repeated_letters=repeated_letters)
