"""Counts the history behind the back of those who write it, a bounded piece at a time (docs/adr/0060)."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

import psycopg

from chassis.clock import now
from chassis.database import Tx, too_slow
from chassis.horizon import Look
from contracts.registry import SERVICES
from services.console.flow import counting, store
from services.console.flow.counting import Counted, Known, Row

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 1_000
"""A twentieth of a second or so: longer pieces made the requests of that moment wait."""
ALL_AT_ONCE = 5_000
"""Where somebody waits for the counts, and a piece need not be short."""
LATE_AT_ONCE = 1_000
FEWEST_ROWS = 50
LOOK_EVERY = 2.0
REST = 19.0
"""After a piece it rests so many times as long as that took: a twentieth of a core, whatever comes."""
PRUNE_EVERY = 3600.0
SAY_EVERY = timedelta(seconds=20)


class Transactions(Protocol):
    """What hands out transactions, as chassis.database does."""

    def transaction(self) -> AbstractContextManager[Tx]: ...
    def statements(self) -> AbstractContextManager[Tx]: ...


class Roller:
    """Notes how far the history is, and counts that far once every transaction of that moment has ended.

    Rows become visible in another order than that of their numbers; none may appear behind the mark. The mark
    moves in the transaction of the counts, so a row counts exactly once, whenever a process dies; of several
    processes one counts at a time.
    """

    def __init__(self, database: Transactions, rows_at_once: int = ROWS_AT_ONCE) -> None:
        self._database, self._rows = database, rows_at_once
        self._noted: Look | None = None
        self._noted_at = self._said_at = now()

    def run(self, stopping: threading.Event) -> None:
        """Counts until stopped; whatever fails is tried again, for the room has more to show than this."""
        pruned = float("-inf")
        while not stopping.is_set():
            begun, more = time.monotonic(), False
            try:
                more = self.step()
                if begun - pruned > PRUNE_EVERY:
                    with self._database.transaction() as tx:
                        store.prune(tx, now())
                    pruned = begun
            except psycopg.Error as error:
                if too_slow(error):
                    self._rows = max(FEWEST_ROWS, self._rows // 2)
                log.warning("flow is not counted", extra={"cause": type(error).__name__})
            except Exception:
                log.exception("flow is not counted")
            rest = REST * (time.monotonic() - begun)
            stopping.wait(rest if more else max(rest, LOOK_EVERY))

    def step(self) -> bool:
        """Counts one piece of what is complete, or notes how far it will be soon; whether there is more."""
        # To note what is new is one statement; only to count it takes several.
        begin = self._database.transaction if self._noted else self._database.statements
        with begin() as tx:
            found, noted = store.look(tx), self._noted
            if noted is None or not found.continues(noted):
                self._note(found if found.fence is not None else None)
                return self._idle(tx, found) if found.fence is None else False
            if not found.completes(noted):
                return False
            upto = store.alone(tx)
            if upto is None:
                return False
            if upto < noted.newest:
                upto = count_piece(tx, upto, noted.newest, self._rows)
            if upto >= noted.newest:
                store.note(tx, noted.newest, self._noted_at)
                self._note(None)
            return True

    def _note(self, found: Look | None) -> None:
        self._noted, self._noted_at = found, now()

    def _idle(self, tx: Tx, found: Look) -> bool:
        """Nothing is left: says so now and then, and looks for deadlines that have passed."""
        moment = now()
        if moment - self._said_at > SAY_EVERY:
            with tx.transaction():
                if store.alone(tx) == found.newest:
                    store.note(tx, found.newest, moment)
            self._said_at = moment
        return self._late(tx, moment)

    def _late(self, tx: Tx, moment: datetime) -> bool:
        """Counts deadlines as missed of which nobody says so: the service that should may be dead."""
        if not store.passed(tx, moment, 1):
            return False
        with tx.transaction():
            if store.alone(tx) is None:
                return False
            counted = Counted()
            found = store.passed(tx, moment, LATE_AT_ONCE)
            for ticket, old in found.items():
                counting.turned_late(ticket, old, counted)
            store.save(tx, counted)
        return len(found) == LATE_AT_ONCE


def count_piece(tx: Tx, after: int, newest: int, limit: int) -> int:
    """Counts at most `limit` rows behind `after`, all of which have appeared; how far that came."""
    rows = store.piece(tx, after, newest, limit)
    moment = now()
    counted = Counted()
    counting.count(rows, causes(tx, rows, moment), moment, counted)
    tickets = sorted({row.ticket for row in rows})
    counting.place(rows, store.standing(tx, tickets), store.opens(tx, tickets), moment, counted)
    store.save(tx, counted)
    upto = rows[-1].no if len(rows) == limit else newest
    store.advance(tx, upto)
    return upto


def causes(tx: Tx, rows: Sequence[Row], moment: datetime) -> Known:
    """Who handed over what these rows came of, and since when it was there, by the ids of the causes."""
    first = counting.first_kept(moment)
    recent = [row for row in rows if row.cause and row.time >= first]
    known = {f"{row.ticket}.{row.publisher}.{row.sequence}": (row.publisher, row.time) for row in rows}
    inside = {row.cause: _fact(row) for row in recent if row.cause not in known}
    known |= store.facts(tx, sorted({fact for fact in inside.values() if fact}))
    outside = [row for row in recent if row.cause not in known]
    known |= store.entered(tx, sorted({(row.ticket, row.cause) for row in outside}))
    for service in store.HEARERS:
        ids = {row.cause for row in outside if row.publisher == service and row.cause not in known}
        known |= store.said(tx, service, sorted(ids))
    return known


def _fact(row: Row) -> tuple[str, str, int] | None:
    """Ticket, publisher and number, where the cause is a fact of a service about the same ticket."""
    ticket, publisher, number = (*row.cause.rsplit(".", 2), "", "")[:3]
    ours = ticket == row.ticket and publisher in SERVICES and number.isascii() and number.isdigit()
    return (ticket, publisher, int(number)) if ours and len(number) < 10 else None


def count_all(database: Transactions, told: Callable[[int, int], None]) -> int:
    """Counts without a rest until all is counted, and tells rows done and rows to come; how many there were.

    The operators' room may count at the same time.
    """
    roller = Roller(database, ALL_AT_ONCE)
    pause = threading.Event()
    with database.statements() as tx:
        begun = store.look(tx).done
    while True:
        with database.statements() as tx:
            found = store.look(tx)
        told(found.done, max(found.newest - found.done, 0))
        if found.newest <= found.done:
            return found.done - begun
        if not roller.step():
            pause.wait(0.05)  # until the transactions of this moment have ended
