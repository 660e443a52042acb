"""Tickets whose timers failed sit out for a while, longer each time, so that the others have their turn."""

from collections.abc import Sequence
from datetime import datetime, timedelta

LONGEST = timedelta(minutes=10)


class Bench:
    """Who sits out until when; kept in memory, for after a restart another try does no harm."""

    def __init__(self) -> None:
        self._failures: dict[str, tuple[int, datetime]] = {}

    @property
    def size(self) -> int:
        """How many sit out, or have lately."""
        return len(self._failures)

    def fit(self, tickets: Sequence[str], now: datetime) -> list[str]:
        """Those of `tickets` that do not sit out at `now`."""
        return [
            ticket for ticket in tickets if ticket not in self._failures or self._failures[ticket][1] <= now
        ]

    def note(self, failed: Sequence[str], now: datetime) -> None:
        """Benches `failed` for 1, 4, 9 … seconds, at most ten minutes; forgets who has long been back."""
        for ticket in failed:
            count = self._failures.get(ticket, (0, now))[0] + 1
            self._failures[ticket] = (count, now + min(timedelta(seconds=count**2), LONGEST))
        self._failures = {
            ticket: (count, until)
            for ticket, (count, until) in self._failures.items()
            if until + LONGEST > now
        }
