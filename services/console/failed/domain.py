"""What is said of parked records: groups, what a decision about many would do, and how far it has come."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

KINDS = ("retry", "archive", "restore", "recall")
INVERSE = {"retry": "recall", "recall": "retry", "archive": "restore", "restore": "archive"}
"""What undoes a decision."""
STATES = {"retry": "open", "archive": "open", "restore": "archived", "recall": "retried"}
"""In which state a record has to be for a decision."""
LAST_FIRST = frozenset({"restore", "recall"})
"""What is undone from its end: a stream goes back one event after the other."""
DEFAULT_RATE = 20.0
"""Records a second, beside which residents feel little (docs/adr/0061)."""
HIGHEST_RATE = 2000.0
SLICE = 0.2
"""Seconds of work in one step; what it tries again is due one by one, evenly over them."""
MOST = 500
"""Records in one step."""
ENOUGH = 20
"""Records that were tried before anything is concluded from what came back."""


class Scope(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which records are meant: all, or those that fit everything that is given."""

    service: str | None = None
    type: str | None = None
    reason: str | None = None
    cause: str | None = None
    no: int | None = None
    job: int | None = None
    """Those that this job decided last."""


def group_key(scope: Scope) -> str:
    """What the group of these records is called, e.g. `ticket:3f9a1c02b7`."""
    said = "\0".join((scope.type or "", scope.reason or "", scope.cause or ""))
    return f"{scope.service}:{hashlib.sha256(said.encode()).hexdigest()[:10]}"


class Group(Struct, frozen=True, kw_only=True):
    """Open records of one service, type and cause."""

    service: str
    type: str
    reason: str
    cause: str
    records: int
    oldest: datetime
    newest: datetime
    holds_back: int
    """Events of the same tickets that wait behind them."""
    tickets: int
    urgent: int
    """How many of these tickets are urgent or an emergency."""
    some: Sequence[str]
    """The numbers of a few of these tickets, the urgent ones first."""

    @property
    def key(self) -> str:
        """What it is called."""
        return group_key(self.scope)

    @property
    def scope(self) -> Scope:
        """Its records, and those that come to it later."""
        return Scope(service=self.service, type=self.type, reason=self.reason, cause=self.cause)


class Share(Struct, frozen=True, kw_only=True):
    """What a decision would do in one service to records of one type."""

    service: str
    type: str
    records: int
    able: int
    """For how many of them the decision can be made as things stand."""
    tickets: int
    urgent: int
    holds_back: int
    """Events behind them that would go on (or, where records are opened again, wait again)."""


class Plan(Struct, frozen=True, kw_only=True):
    """What a decision would do; nothing has been done yet."""

    kind: str
    rate: float
    shares: Sequence[Share]
    some: Sequence[str]
    """The numbers of a few of the tickets, the urgent ones first."""

    @property
    def records(self) -> int:
        """How many records are meant."""
        return sum(share.records for share in self.shares)

    @property
    def able(self) -> int:
        """For how many of them it can be done as things stand."""
        return sum(share.able for share in self.shares)

    @property
    def tickets(self) -> int:
        """How many tickets it is about; one that is parked in two services counts twice."""
        return sum(share.tickets for share in self.shares)

    @property
    def urgent(self) -> int:
        """How many of them are urgent."""
        return sum(share.urgent for share in self.shares)

    @property
    def holds_back(self) -> int:
        """How many events wait behind the records."""
        return sum(share.holds_back for share in self.shares)

    @property
    def seconds(self) -> float:
        """How long it takes at this rate."""
        return self.records / self.rate


class Progress(Struct, frozen=True, kw_only=True):
    """How far a job is."""

    id: int
    kind: str
    rate: float
    who: str
    reason: str
    undoes: int | None
    state: str
    trouble: str | None
    made_at: datetime
    ended_at: datetime | None
    total: int
    done: int
    left_as_is: int
    """Records that somebody or something else had seen to, or for which it could not be done."""
    came_back: int
    """Records that were parked for the same cause since it began."""
    services: Sequence[str]

    @property
    def to_do(self) -> int:
        """Records that it has not come to yet."""
        return self.total - self.done - self.left_as_is

    @property
    def seconds_left(self) -> float:
        """How long it still takes."""
        return self.to_do / self.rate if self.state == "running" else 0.0

    @property
    def percent(self) -> int:
        """How much of it is done, from 0 to 100."""
        return 100 if not self.total else int(100 * (self.total - self.to_do) / self.total)


def in_vain(done: int, came_back: int) -> bool:
    """Whether the cause is plainly not mended: half or more of what was tried again came back."""
    return done >= ENOUGH and came_back * 2 >= done


def step(rate: float) -> int:
    """How many records one step sees to."""
    return max(1, min(MOST, round(rate * SLICE)))
