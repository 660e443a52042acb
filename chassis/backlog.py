"""What lies in the ledger of a service at this moment, as figures, from partial indexes and small tables."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from chassis import figures, outbox, parked, waiting
from chassis.counts import Counts
from chassis.database import Tx
from chassis.metrics import Metric

MOST = 10_000
"""Deadlines counted at most: an index tells so many in a few milliseconds."""


def counted(counts: Counts, readable: bool) -> Iterator[Metric]:
    """What became of the events of this process; `readable` says whether its ledger could be asked."""
    yield figures.ACCEPTED(counts.accepted)
    yield figures.RESUMED(counts.resumed)
    yield figures.EFFECTED(counts.effected)
    yield figures.REPEATED(counts.repeated)
    yield figures.PARKED(counts.parked)
    yield figures.WAITED(counts.waiting)
    yield figures.UNACCOUNTED(counts.unaccounted)
    yield figures.READABLE(readable)


def backlog(tx: Tx) -> Iterator[Metric]:
    """What is unsent, waits or is parked."""
    unsent, age = outbox.backlog(tx)
    yield figures.UNSENT(unsent)
    yield figures.UNSENT_AGE(age)
    waits = waiting.backlog(tx)
    yield figures.WAITING(waits.events)
    yield figures.WAITING_AGE(waits.oldest)
    yield figures.WAITING_LATE(waits.overdue)
    yield figures.RETRIES(waits.retries)
    yield figures.RETRIES_DUE(waits.due)
    yield figures.GAPS(waits.gaps)
    yield figures.GAPS_AGE(waits.gap_oldest)
    reasons = parked.by_reason(tx)
    yield figures.OPEN(sum(count for count, _ in reasons.values()))
    for reason, (count, oldest) in reasons.items():
        yield figures.OPEN_OF(count, reason=reason)
        yield figures.OPEN_AGE(oldest, reason=reason)


def deadlines(tx: Tx, clocks: Mapping[str, str], now: datetime) -> Iterator[Metric]:
    """How many deadlines of each clock are over and not acted on; a clock is a query of (moment, limit)."""
    for clock, query in clocks.items():
        row = tx.execute(f"SELECT count(*), min(at) FROM ({query}) AS due (at)", [now, MOST]).fetchone()
        assert row is not None
        yield figures.DUE(row[0], clock=clock)
        yield figures.OVERDUE((now - row[1]).total_seconds() if row[1] else 0.0, clock=clock)
