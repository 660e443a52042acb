"""How much one system may do: events and requests a second, and how deep its JSON may go."""

import math
import re
import threading
import time
from collections.abc import Callable

from contracts.gateway.events import DEEPEST, MOST_EVENTS
from services.gateway.problems import Refused

MOST_BUCKETS = 10_000
"""Beyond it those that are full again are forgotten."""

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


class Pace:
    """A bucket of tokens for each name, filled at `rate` a second up to what comes in `burst` seconds."""

    def __init__(self, rate: float, burst: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._most, self._clock = rate, rate * burst, clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, name: str, many: int = 1) -> None:
        """Takes tokens, or raises Refused (429) and says when there are enough again."""
        with self._lock:
            moment = self._clock()
            left, since = self._buckets.get(name, (self._most, moment))
            left = min(self._most, left + (moment - since) * self._rate)
            enough = left >= min(many, self._most)
            self._buckets[name] = (left - many if enough else left, moment)
            if len(self._buckets) > MOST_BUCKETS:
                self._forget(moment)
        if not enough:
            wait = max(1, math.ceil((min(many, self._most) - left) / self._rate))
            detail = f"more than {self._rate:g} a second; ask again in {wait} s"
            raise Refused("rate", 429, detail, retry_after=wait)

    def _forget(self, moment: float) -> None:
        for name, (left, since) in list(self._buckets.items()):
            if left + (moment - since) * self._rate >= self._most:
                del self._buckets[name]


def shallow(body: bytes) -> None:
    """Raises Refused (400) for JSON with more than 32 levels inside one another."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return
    depth = 0
    for found in _TOKENS.finditer(body):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found[0], 0)
        if depth > DEEPEST:
            raise Refused("too-deep", 400, f"more than {DEEPEST} levels of JSON inside one another")


def few_enough(number: int) -> None:
    """Raises Refused (413) for a batch that is too large."""
    if number > MOST_EVENTS:
        raise Refused("too-many", 413, f"{number} events; at most {MOST_EVENTS} are taken at once")
