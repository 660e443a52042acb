"""What hardly ever changes, looked up anew only now and then."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from chassis.database import Tx

T = TypeVar("T")


class Lately(Generic[T]):
    """Remembers what `look` found for each database user; a change takes effect within `seconds`."""

    def __init__(self, seconds: float, look: Callable[[Tx], T]) -> None:
        self.seconds, self._look = seconds, look
        self._found: dict[tuple[int, str], tuple[float, T]] = {}

    def __call__(self, tx: Tx) -> T:
        """What was found in the last `seconds`, or is found now."""
        role, moment = (tx.info.port, tx.info.user), time.monotonic()
        if role not in self._found or moment - self._found[role][0] >= self.seconds:
            self._found[role] = (moment, self._look(tx))
        return self._found[role][1]
