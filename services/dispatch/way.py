"""A ticket's way as hops, pure: who was asked, what he was chosen from, how long he had it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from services.dispatch.case import SHIFT_OVER
from services.dispatch.chain import Step

NO_TIME = timedelta(0)


class Hop(Struct, frozen=True, kw_only=True):
    """One who was asked: since when, how it ended, and how long he had it.

    `note` and `by` say of an order or a ruling why and whose it was; `ended_note` and `ended_by` of its end.
    `waited` is how long nobody had it before. `tried` are those who were asked before him and are not
    again; `together`: asked at the same time as the one before.
    """

    hop: int
    assignment: str
    assignee: str | None
    kind: str | None
    unit: str | None
    way: str
    since: datetime
    accepted_at: datetime | None = None
    until: datetime | None = None
    ended: str | None = None
    note: str | None = None
    by: str | None = None
    ended_note: str | None = None
    ended_by: str | None = None
    dwell: timedelta = NO_TIME
    waited: timedelta = NO_TIME
    tried: tuple[str, ...] = ()
    together: bool = False
    weighed: str | None = None


class _Way:
    """The way while it is followed; every hop is what its `Hop` will say."""

    def __init__(self) -> None:
        self.hops: dict[str, dict[str, Any]] = {}
        self.held: dict[str, datetime] = {}
        self.tried: list[str] = []
        self.free_since: datetime | None = None

    def start(self, _one: Step) -> None:
        """Whoever was asked before may be asked again."""
        self.tried = []

    def begin(self, one: Step) -> None:
        """Somebody is asked; what nobody has claimed till then is over without a word."""
        for name in [name for name in self.held if self.hops[name]["assignee"] is None]:
            self._free(name, one.at, "expired")
        waited = one.at - self.free_since if self.free_since and not self.held else NO_TIME
        together = next((each for each in self.held if self.hops[each]["since"] == one.at), None)
        tried = self.hops[together]["tried"] if together else tuple(self.tried)
        name = one.assignment or ""
        self.hops[name] = {
            "hop": one.hop, "assignment": name, "assignee": one.assignee, "kind": one.kind, "unit": one.unit,
            "way": one.what, "since": one.at, "note": one.note, "by": one.by, "waited": waited,
            "tried": tried, "together": together is not None, "weighed": one.weighed,
            "dwell": NO_TIME,
        }  # fmt: skip
        self.held[name] = one.at
        self._asked(one.assignee)

    def accept(self, one: Step) -> None:
        """Whoever was asked has taken it, or somebody has claimed it."""
        hop = self.hops[one.assignment or ""]
        if hop["assignee"] is None:
            self._asked(one.assignee)
        hop |= {"accepted_at": one.at, "assignee": one.assignee, "kind": one.kind, "unit": one.unit}

    def reopen(self, one: Step) -> None:
        """The same one has it again."""
        self.held[one.assignment or ""] = one.at
        self.hops[one.assignment or ""] |= {"until": None, "ended": None}

    def end(self, one: Step) -> None:
        """He has it no more."""
        self._free(one.assignment or "", one.at, one.what)
        self.hops[one.assignment or ""] |= {"ended_note": one.note, "ended_by": one.by}
        if one.note == SHIFT_OVER and not self.held:  # he may be asked again in his next shift
            self.tried = [code for code in self.tried if code != one.assignee]

    def _free(self, name: str, at: datetime, how: str) -> None:
        hop, since = self.hops[name], self.held.pop(name, at)
        hop |= {"until": at, "ended": how, "dwell": hop["dwell"] + (at - since)}
        self.free_since = at

    def _asked(self, assignee: str | None) -> None:
        self.tried += [assignee] if assignee else []


FOLLOWED: Mapping[str, Callable[[_Way, Step], None]] = {
    "started": _Way.start, "offered": _Way.begin, "opened": _Way.begin, "ruled": _Way.begin,
    "accepted": _Way.accept, "reopened": _Way.reopen,
    **dict.fromkeys(("returned", "expired", "revoked", "withdrawn", "done"), _Way.end),
}  # fmt: skip


def hops(steps: Iterable[Step], now: datetime) -> list[Hop]:
    """The way of one ticket, in its order; who has it still has had it until `now`."""
    way = _Way()
    for one in steps:
        follow = FOLLOWED.get(one.what)
        begun = one.what in ("started", "offered", "opened", "ruled") or one.assignment in way.hops
        if follow and begun:  # else it began before ways were kept
            follow(way, one)
    for name, since in way.held.items():
        way.hops[name]["dwell"] += now - since
    return [Hop(**hop) for hop in way.hops.values()]
