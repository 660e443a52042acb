"""Turns work into committed effects and hands the messages to the relay, whatever fails on the way."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby

from msgspec.structs import replace

from chassis import failpoints, suspects
from chassis.clock import now
from chassis.counts import Counts
from chassis.database import Database, Tx
from chassis.delivery import Arrival, Unreadable
from chassis.effect import Effects
from chassis.halving import Care, transient, wearing
from chassis.line import pauses
from chassis.meter import Meter
from chassis.recovery import TransientFailure
from chassis.relay import Relay
from chassis.suspects import DEADLY
from chassis.tally import Tally
from chassis.traces import Traces

log = logging.getLogger(__name__)

Work = Callable[[Tx, Tally, Care], None]
Found = Sequence[Arrival | Unreadable]

PATIENCE = 3
"""Times a batch may run into time limits as a whole before its own events are suspected."""


class Worker:
    """Commits work, again after a transient failure, more carefully after any other."""

    def __init__(
        self,
        effects: Effects,
        database: Database,
        relay: Relay,
        stopping: threading.Event,
        meter: Meter,
        traces: Traces | None = None,
    ) -> None:
        self.effects, self.stopping, self.meter, self._traces = effects, stopping, meter, traces
        self._database, self._relay = database, relay
        self._opened = 0
        self.counts = Counts()
        self._counting = threading.Lock()

    def commit(self, work: Work) -> Tally | None:
        """Runs `work` in a transaction until it commits; None if a stop came and the last try failed too."""
        pause, care, worn = pauses(), Care.TRUSTING, 0
        while True:
            tally, last, begun = Tally(), self.stopping.is_set(), time.time_ns()
            try:
                with self._database.transaction() as tx:
                    self._trust_no_other_server()
                    work(tx, tally, care)
            except Exception as error:
                self.effects.forget()
                if care is Care.TRUSTING and isinstance(error, TransientFailure):
                    care = Care.TOGETHER  # what was remembered was wrong: nothing has failed
                    continue
                if not transient(error):
                    if care >= Care.HALVED:
                        raise
                    care = Care.HALVED
                    continue
                worn += wearing(error)
                care = Care.HALVED_IF_SLOW if worn >= PATIENCE else max(care, Care.TOGETHER)
                log.warning("batch will be done again", extra={"cause": type(error).__name__})
                if last:
                    return None
                self.stopping.wait(next(pause))
            else:
                self._committed(tally, begun)
                return tally

    def _trust_no_other_server(self) -> None:
        """Forgets what the server of earlier connections said: a later one may have lost the end of it.

        It would give the numbers of lost transactions to others, and these are the versions of states.
        """
        if self._opened != self._database.opened:
            self.effects.forget()
            self._opened = self._database.opened

    def _committed(self, tally: Tally, begun: int) -> None:
        if tally.effected:
            failpoints.reach("after_commit")
        self.effects.committed(tally)
        self._relay.hand_over(tally.messages)
        if self._traces:
            self._traces.committed(tally.ready, tally.published, begun)

    def take(self, found: Found) -> bool:
        """Gives what was found its effect; False if a stop came before all of it was committed."""
        begun = time.monotonic()
        committed = self._take(found)
        self.meter.processed(found, time.monotonic() - begun, "" if committed else "not_committed")
        return committed

    def _take(self, found: Found) -> bool:
        if not any(isinstance(item, Arrival) and item.redelivered for item in found):
            return self._note(found, self.commit(partial(self._effect, found)))
        return self._take_warily(found)

    def _take_warily(self, found: Found) -> bool:
        """Some of it came before and was not finished: perhaps because it kills the process that tries.

        So each try is noted first. What nobody has died of is tried together; what somebody has, by itself;
        what has been deadly too often is parked untried.
        """
        again = [item for item in found if isinstance(item, Arrival) and item.redelivered]
        tries: dict[tuple[str, str], int] = {}
        if self.commit(lambda tx, tally, care: tries.update(suspects.tries(tx, again))) is None:
            return False
        return all(self._try(group, tries) for group in _apart(found, tries))

    def _try(self, group: Found, tries: dict[tuple[str, str], int]) -> bool:
        suspected = [item for item in group if isinstance(item, Arrival) and item.redelivered]
        if suspected and tries.get(suspected[0].ident, 0) >= DEADLY:
            group = [replace(suspected[0], deadly=True)]
        elif suspected and self.commit(lambda tx, tally, care: suspects.note(tx, suspected)) is None:
            return False

        # Without the events that wait behind it: one of those might be the culprit.
        least = Care.HALVED if suspected and suspected[0].ident in tries else Care.TOGETHER

        def work(tx: Tx, tally: Tally, care: Care) -> None:
            self._effect(group, tx, tally, max(care, least))
            suspects.forget(tx, suspected)

        return self._note(group, self.commit(work))

    def _note(self, found: Found, tally: Tally | None) -> bool:
        with self._counting:
            if tally is not None:
                self.meter.effected(tally.ready, now())
            return self.counts.note(found, tally)

    def _effect(self, found: Found, tx: Tx, tally: Tally, care: Care) -> None:
        for item in found:
            if isinstance(item, Unreadable):
                self.effects.of_unreadable(tx, item, tally)
        arrivals = [item for item in found if isinstance(item, Arrival)]
        if arrivals:
            self.effects.of_arrivals(tx, arrivals, now(), tally, care)
        failpoints.reach("before_commit")


def _apart(found: Found, tries: dict[tuple[str, str], int]) -> Iterator[Found]:
    """Neighbours without noted tries together, each event with some by itself, in order."""

    def suspected(item: Arrival | Unreadable) -> bool:
        return isinstance(item, Arrival) and item.ident in tries

    for alone, group in groupby(found, suspected):
        if alone:
            yield from ([item] for item in group)
        else:
            yield list(group)
