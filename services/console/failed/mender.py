"""Works jobs off, step by step; any number of them may do so at once, in any process."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

import psycopg

from chassis.database import Tx, passing
from chassis.decisions import DECISIONS, By
from services.console.failed import job_store, store
from services.console.failed.domain import in_vain, step
from services.console.failed.job_store import Job, Part

IDLE = 1.0
"""Seconds between looks for jobs while there are none."""
IN_VAIN = "in vain"
"""The trouble of a job that was stopped because what it tried came back."""

log = logging.getLogger(__name__)


class Mender:
    """Makes the next step of whichever job is due.

    A step is one transaction: it holds the job's row, decides about a few records in the ledger, and notes
    how far it has come. Who dies in the middle of one has done nothing, and the next one goes on there.
    """

    def __init__(self, transaction: Callable[[], AbstractContextManager[Tx]]) -> None:
        self._transaction = transaction
        self._job = 0

    def run(self, stopping: threading.Event) -> None:
        """Works until stopped; a step that was begun is ended."""
        pause = 0.0
        while not stopping.wait(pause):
            pause = self.turn()

    def turn(self) -> float:
        """Makes one step, if one is due; returns the seconds until the next may be."""
        self._job = 0
        try:
            with self._transaction() as tx:
                job = job_store.claimed(tx)
                if job is None:
                    next_in = job_store.pause(tx)
                    return IDLE if next_in is None else min(max(next_in, 0.01), IDLE)
                self._job = job.id
                _make_step(tx, job)
        except psycopg.Error as error:
            log.warning("a step was not made", extra={"job": self._job, "cause": type(error).__name__})
            if not passing(error):
                self._note(error)
            return IDLE
        return 0.0

    def _note(self, error: psycopg.Error) -> None:
        """Tells those who watch the job what keeps it; the next try comes by itself."""
        with suppress(psycopg.OperationalError), self._transaction() as tx:
            job_store.troubled(tx, self._job, type(error).__name__)


def _make_step(tx: Tx, job: Job) -> None:
    part = job_store.next_part(tx, job.id)
    if part is None:
        job_store.ended(tx, job.id)
        return
    store.enter(tx, part.service)
    many = step(job.rate)
    numbers = store.numbers(tx, job.kind, part.wanted, part.at, part.upto, many)
    by = By(job.who, job.reason, job.id, apart=1 / job.rate)
    decided = DECISIONS[job.kind](tx, numbers, by) if numbers else []
    job_store.moved(tx, job, part, numbers, len(decided), ended=len(numbers) < many)
    if job.kind == "retry" and _in_vain(tx, part):
        job_store.ended(tx, job.id, "stopped", IN_VAIN)


def _in_vain(tx: Tx, part: Part) -> bool:
    came_back = store.came_back(tx, part.wanted, max(part.upto, part.trusted_no))
    return in_vain(part.done - part.trusted_done, came_back)
