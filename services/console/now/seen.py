"""What one look at the broker and the ledgers has found."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from msgspec import Struct

from chassis.pause import Pause

Hears = Mapping[str, Sequence[str]]
"""By service the publishers whose facts it takes in."""

Proved = Mapping[str, AbstractSet[int]]
"""By publisher the messages of which it is known that every subscriber has taken them in."""


class Broker(Struct, frozen=True, kw_only=True):
    """The broker itself: whether it answers, and what it says of itself when it takes nothing."""

    answers: bool = True
    alarm: str = ""
    """Empty, or why publishers are held back: `low on disk`, `low on memory`."""
    said: str = ""


class Store(Struct, frozen=True, kw_only=True):
    """The database itself."""

    answers: bool = True
    said: str = ""
    connections: int = 0
    most_connections: int = 0
    replicas: int = 0
    locked_seconds: float = 0.0
    """How long somebody has been waiting for a lock."""


class Queue(Struct, frozen=True, kw_only=True):
    """One shard of a service at the broker."""

    service: str
    shard: int
    there: bool = True
    ready: int = 0
    consumers: int = 0


class Ledger(Struct, frozen=True, kw_only=True):
    """The ledger of one service in numbers; `taken` and `sent` only grow and make rates of two looks."""

    service: str
    waiting: int = 0
    gaps: int = 0
    gap_since: datetime | None = None
    retries_due: int = 0
    waiting_since: datetime | None = None
    overdue_seconds: float = 0.0
    unsent: int = 0
    unsent_since: datetime | None = None
    parked: int = 0
    parked_since: datetime | None = None
    taken: int = 0
    sent: int = 0
    silent_seconds: float = 0.0
    """Since the last sign of life of any of its processes."""


class Arrived(Struct, frozen=True, kw_only=True):
    """One message that the broker has confirmed, and whether a subscriber has taken it in."""

    publisher: str
    subscriber: str
    shard: int
    message: int
    sent_at: datetime
    taken: bool = False


class ParkedGroup(Struct, frozen=True, kw_only=True):
    """Open parked records of one service, type and reason."""

    service: str
    type: str
    reason: str
    count: int
    since: datetime


class Blocked(Struct, frozen=True, kw_only=True):
    """Tickets that nobody can be asked about, by cell and reason."""

    grid: str
    reason: str
    tickets: tuple[str, ...]
    since: datetime


class ChannelAlarm(Struct, frozen=True, kw_only=True):
    """A way of notifying that has failed several times in a row."""

    kind: str
    about: str
    since: datetime


class Restart(Struct, frozen=True, kw_only=True):
    """A service that an operator wants started anew; once `taken_at` somebody carries it out.

    What nobody takes in time is `wanted` no more.
    """

    service: str
    who: str
    reason: str
    asked_at: datetime
    taken_at: datetime | None = None
    wanted: bool = True


class Rate(Struct, frozen=True):
    """Events taken in and messages sent, a minute."""

    taken: float
    sent: float


class Sight(Struct, frozen=True, kw_only=True):
    """All of it, at one moment."""

    at: datetime
    broker: Broker = Broker()
    store: Store = Store()
    queues: tuple[Queue, ...] = ()
    ledgers: tuple[Ledger, ...] = ()
    under_way: tuple[Arrived, ...] = ()
    """Among the newest messages of each publisher those not yet taken in."""
    looked_at: Mapping[str, int] = {}
    """By subscriber how many of the newest messages to it were looked at."""
    parked: tuple[ParkedGroup, ...] = ()
    pauses: tuple[tuple[str, Pause], ...] = ()
    blocked: tuple[Blocked, ...] = ()
    channels: tuple[ChannelAlarm, ...] = ()
    restarts: tuple[Restart, ...] = ()
    """Those that still wait for somebody to carry them out."""
    rates: Mapping[str, Rate] = {}
