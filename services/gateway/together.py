"""Lets requests that wait for the database share one transaction: each is answered after its COMMIT."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

J = TypeVar("J")
R = TypeVar("R")


@dataclass
class Seat(Generic[J, R]):
    """One who waits: what is to be done, what came of it; `leads`: its thread is to do the next round."""

    job: J
    gate: threading.Event = field(default_factory=threading.Event)
    result: R | None = None
    error: BaseException | None = None
    leads: bool = False


class Together(Generic[J, R]):
    """Runs jobs in rounds: whoever comes while a round runs is in the next, and waits for nobody else.

    No thread is needed for that: the first who waits does the next round for all who have come by then. `run`
    gives the results in the order of the jobs. A round that fails is done again one by one, so that nobody
    suffers for another's request; where `common` says that it was nobody's fault, all are told at once.
    """

    def __init__(
        self, run: Callable[[Sequence[J]], Sequence[R]], common: Callable[[Exception], bool]
    ) -> None:
        self._run, self._common = run, common
        self._lock = threading.Lock()
        self._waiting: list[Seat[J, R]] = []
        self._busy = False

    def do(self, job: J) -> R:
        """What came of it; raises what the job raises."""
        seat: Seat[J, R] = Seat(job)
        with self._lock:
            self._waiting.append(seat)
            if not self._busy:
                self._busy = seat.leads = True
        if not seat.leads:
            seat.gate.wait()
        if seat.leads:
            self._round()
        if seat.error is not None:
            raise seat.error
        return seat.result  # type: ignore[return-value]

    def _round(self) -> None:
        """Does what has come by now, its own job first; the first of the rest does the next round."""
        with self._lock:
            seats, self._waiting = self._waiting, []
        try:
            self._try(seats)
        finally:
            with self._lock:
                heir = self._waiting[0] if self._waiting else None
                self._busy = heir is not None
            for seat in seats[1:]:
                seat.gate.set()
            if heir:
                heir.leads = True
                heir.gate.set()

    def _try(self, seats: Sequence[Seat[J, R]]) -> None:
        try:
            results = self._run([seat.job for seat in seats])
        except Exception as error:  # noqa: BLE001 (it is raised where its job was given)
            if len(seats) == 1 or self._common(error):
                for seat in seats:
                    seat.error = error
                return
            for seat in seats:
                self._try([seat])
        else:
            for seat, result in zip(seats, results, strict=True):
                seat.result = result
