"""A circuit breaker for each way out: what has failed several times in a row is left alone for a while."""

from datetime import datetime, timedelta

FAULTS = 3
"""Failures in a row after which nobody asks any more."""
FIRST = timedelta(seconds=10)
LONGEST = timedelta(minutes=5)


class Breaker:
    """Lets everything through, or nothing until one try may; each such try that fails doubles the pause."""

    def __init__(self) -> None:
        self._faults, self._pause = 0, FIRST
        self._until: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether nothing goes through but a try now and then."""
        return self._until is not None

    @property
    def doubtful(self) -> bool:
        """Whether the last try failed."""
        return self._faults > 0

    def allowed(self, now: datetime, wanted: int) -> int:
        """How many of `wanted` tries may go out now: all, one as a probe, or none."""
        if self._until is None:
            return wanted
        return min(wanted, 1) if now >= self._until else 0

    def note(self, worked: bool, failed: bool, now: datetime) -> bool:
        """Takes in what came of some tries; whether the breaker has opened or closed by it."""
        was_open = self.open
        if worked:
            self._faults, self._pause, self._until = 0, FIRST, None
        elif failed:
            self._faults += 1
            if was_open:
                self._pause = min(2 * self._pause, LONGEST)
            if self._faults >= FAULTS:
                self._until = now + self._pause
        return self.open != was_open
