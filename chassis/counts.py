"""What became of the events a process took in, since it started: the conservation check of every batch."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from chassis.delivery import Arrival, Unreadable
from chassis.tally import Tally

log = logging.getLogger(__name__)


@dataclass
class Counts:
    """Events by what became of them; each that came from the broker or the waiting line is counted once."""

    accepted: int = 0
    resumed: int = 0
    effected: int = 0
    repeated: int = 0
    parked: int = 0
    waiting: int = 0

    @property
    def unaccounted(self) -> int:
        """Events of which nobody knows what became: always 0, or the software is wrong."""
        came = self.accepted + self.resumed
        return came - self.effected - self.repeated - self.parked - self.waiting

    def note(self, found: Sequence[Arrival | Unreadable], tally: Tally | None) -> bool:
        """Counts what was found and what its committed batch came to; False if it was not committed."""
        if tally is None:
            return False
        before = self.unaccounted
        self.accepted += sum(1 for item in found if not item.waits_as)
        self.resumed += tally.resumed
        self.effected += tally.effected
        self.repeated += tally.repeated
        self.parked += tally.parked
        self.waiting += tally.waiting
        if self.unaccounted != before:
            log.error("a batch does not add up", extra={"events": self.unaccounted - before})
        return True
