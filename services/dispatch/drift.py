"""How another world differs from what was: who has more or less open, was asked of late, has units left."""

import heapq
import math
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from services.dispatch.filters import Option
from services.dispatch.way import Hop

DAY = 86_400.0
Change = tuple[datetime, int, str, str, int]
"""When, a number that keeps the order, which counter, whose, by how much."""


class Faded:
    """How often each was asked, halved with every half-life."""

    def __init__(self, half_life_days: float) -> None:
        self._half_life, self._known = half_life_days, dict[str, tuple[float, datetime]]()

    def add(self, assignee: str, at: datetime) -> None:
        """He is asked."""
        self._known[assignee] = (self.of(assignee, at) + 1, at)

    def of(self, assignee: str, at: datetime) -> float:
        """What is left of it at a moment."""
        had, since = self._known.get(assignee, (0.0, at))
        return had * math.pow(0.5, max((at - since).total_seconds(), 0) / DAY / self._half_life)


class Drift:
    """Two worlds side by side: what happened, and what would have; changes come due as time goes on."""

    def __init__(self, half_life_days: float) -> None:
        self._half_life = half_life_days
        self._open, self._taken, self._units = Counter[str](), Counter[str](), Counter[str]()
        self._was, self._would = Faded(half_life_days), Faded(half_life_days)
        self._due: list[Change] = []
        self._number = 0

    def asked(self, assignee: str | None, at: datetime) -> None:
        """He was asked, and would have been; None: nobody was."""
        if assignee is None:
            return
        self._plan(at, "was", assignee, 1)
        self._plan(at, "would", assignee, 1)

    def was(self, hop: Hop, contract: str | None) -> None:
        """He had it, and would not have had it."""
        who = hop.assignee or ""
        self._held(who, hop.since, hop.until, -1)
        self._plan(hop.since, "was", who, 1)
        if hop.accepted_at:
            self._plan(hop.accepted_at, "taken", who, -1)
        if contract:
            self._unit(contract, hop.since, None if hop.ended == "done" else hop.until, -1)

    def would(self, option: Option, since: datetime, until: datetime | None, took: bool) -> None:
        """He would have had it, and had it not."""
        self._held(option.assignee, since, until, 1)
        self._plan(since, "would", option.assignee, 1)
        if took:
            self._plan(since, "taken", option.assignee, 1)
        if option.contract:
            self._unit(option.contract, since, None if took else until, 1)

    def advance(self, at: datetime) -> None:
        """What is due by then has come."""
        apply: dict[str, Callable[[str, datetime, int], None]] = {
            "open": lambda key, _, by: self._open.update({key: by}),
            "taken": lambda key, _, by: self._taken.update({key: by}),
            "units": lambda key, _, by: self._units.update({key: by}),
            "was": lambda key, when, _: self._was.add(key, when),
            "would": lambda key, when, _: self._would.add(key, when),
        }
        while self._due and self._due[0][0] <= at:
            when, _, what, key, by = heapq.heappop(self._due)
            apply[what](key, when, by)

    def shifted(self, option: Option, at: datetime, half_life_days: float) -> Option:
        """The option as it would have been; `half_life_days` is that of what was counted of it."""
        who = option.assignee
        would = self._would.of(who, at)
        counted = half_life_days == self._half_life
        recent = option.recent + (would - self._was.of(who, at)) if counted else would
        left = option.quota_left
        if left is not None and option.contract:
            left -= self._units[option.contract]
        return replace(
            option, open=max(option.open + self._open[who], 0), taken=max(option.taken + self._taken[who], 0),
            recent=max(recent, 0.0), quota_left=left,
        )  # fmt: skip

    def _held(self, who: str, since: datetime, until: datetime | None, by: int) -> None:
        self._plan(since, "open", who, by)
        if until:
            self._plan(until, "open", who, -by)

    def _unit(self, contract: str, since: datetime, until: datetime | None, by: int) -> None:
        self._plan(since, "units", contract, by)
        if until:
            self._plan(until, "units", contract, -by)

    def _plan(self, at: datetime, what: str, key: str, by: int) -> None:
        self._number += 1
        heapq.heappush(self._due, (at, self._number, what, key, by))
