"""What a piece of the history comes to; pure, and the same however the history is cut into pieces."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from contracts.terms import CHINA
from services.console.flow.buckets import bucket_of
from services.console.flow.slots import LENGTH, Grain, kept, slot_of

FIVE = int(LENGTH["five"].total_seconds())
RECEIVED = "cn.fengge.ticket.TicketReceived.v1"
NOT_WAITING = frozenset({"awaiting_rating", "closed", "declined", "transferred", "merged", "cancelled"})
"""States in which nothing is left to be done for the requester."""
PAUSED = frozenset({"pending_info", "suspended"})
"""States in which no deadline can be missed: the clock stands."""
NOWHERE = "-"
"""The cell of tickets whose place nobody has found yet."""
TOP = ""


@dataclass(frozen=True)
class Row:
    """One fact of the history; `cause` is the id of the event that it came of, empty where it was time."""

    no: int
    ticket: str
    publisher: str
    sequence: int
    type: str
    time: datetime
    cause: str


@dataclass(frozen=True)
class Standing:
    """How a ticket stands now: where it lies (from the top of the tree down), and by when it is due."""

    state: str
    path: tuple[str, ...]
    category: str
    received_at: datetime
    due_at: datetime | None


@dataclass(frozen=True)
class Open:
    """How a waiting ticket is counted in the heat."""

    path: tuple[str, ...]
    category: str
    day: date
    fresh: bool
    due_at: datetime | None
    late: bool


Known = Mapping[str, tuple[str, datetime]]
"""By the id of a cause: who handed it over, and since when it was there to be taken."""
EventKey = tuple[Grain, datetime, str]
WaitKey = tuple[Grain, datetime, str, str, int]
HeatKey = tuple[str, date, str, str]


@dataclass
class Heat:
    """What is added to a cell of the heat."""

    received: int = 0
    done: int = 0
    waiting: int = 0
    late: int = 0


@dataclass
class Counted:
    """What is to be added to the counts, and how tickets are counted from now on (None: no more)."""

    events: Counter[EventKey] = field(default_factory=Counter)
    waits: Counter[WaitKey] = field(default_factory=Counter)
    heat: dict[HeatKey, Heat] = field(default_factory=dict)
    opens: dict[str, Open | None] = field(default_factory=dict)


def first_kept(now: datetime) -> datetime:
    """The moment before which nothing is counted but the heat."""
    return min(kept(grain, now) for grain in LENGTH)


def count(rows: Sequence[Row], known: Known, now: datetime, counted: Counted) -> None:
    """Adds how often each fact happened, and how long after its cause."""
    first = first_kept(now)
    events: Counter[tuple[int, str]] = Counter()
    waits: Counter[tuple[int, str, str, int]] = Counter()
    for row in rows:
        if row.time >= first:
            at = int(row.time.timestamp()) // FIVE
            events[at, row.type] += 1
            if row.cause in known:
                giver, since = known[row.cause]
                waits[at, giver, row.type, bucket_of((row.time - since).total_seconds())] += 1
    # Slots of each grain are made of those of five minutes, of which there are far fewer than rows.
    slots = {at: tuple(_slots(at, now)) for at in {at for at, _ in events}}
    for (at, kind), n in events.items():
        for grain, slot in slots[at]:
            counted.events[grain, slot, kind] += n
    for (at, giver, kind, bucket), n in waits.items():
        for grain, slot in slots[at]:
            counted.waits[grain, slot, giver, kind, bucket] += n


def _slots(at: int, now: datetime) -> Iterator[tuple[Grain, datetime]]:
    begin = datetime.fromtimestamp(at * FIVE, UTC)
    for grain in LENGTH:
        if begin >= kept(grain, now):
            yield grain, slot_of(grain, begin)


def place(
    rows: Sequence[Row],
    standing: Mapping[str, Standing],
    before: Mapping[str, Open],
    now: datetime,
    counted: Counted,
) -> None:
    """Adds what has changed in the heat for these rows' tickets: how they stand replaces how they stood."""
    last = {row.ticket: row.time for row in rows}
    arrived = {row.ticket for row in rows if row.type == RECEIVED}
    for ticket, at in last.items():
        if ticket in standing:
            _replace(ticket, standing[ticket], before.get(ticket), ticket in arrived, at, now, counted)


def _replace(
    ticket: str,
    found: Standing,
    old: Open | None,
    arrived: bool,
    at: datetime,
    now: datetime,
    counted: Counted,
) -> None:
    fresh = arrived or (old is not None and old.fresh)
    due_at = None if found.state in PAUSED else found.due_at
    late = due_at is not None and due_at <= now
    new = Open(found.path, found.category, _day(found.received_at), fresh, due_at, late)
    waits = found.state not in NOT_WAITING
    if waits and new == old:
        return
    if old:
        _add(counted, old, old.day, Heat(-old.fresh, 0, -1, -old.late))
    if waits:
        _add(counted, new, new.day, Heat(new.fresh, 0, 1, new.late))
    elif old or arrived:
        _add(counted, new, new.day, Heat(received=new.fresh))
        _add(counted, new, _day(at), Heat(done=1))
    if waits or old:
        counted.opens[ticket] = new if waits else None


def turned_late(ticket: str, old: Open, counted: Counted) -> None:
    """Adds that a ticket's deadline has passed, though nothing was heard of it."""
    _add(counted, old, old.day, Heat(late=1))
    counted.opens[ticket] = Open(old.path, old.category, old.day, old.fresh, old.due_at, late=True)


def steps(path: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Parent and cell all the way down; the last is its own child, for what lies in no cell below it."""
    way = list(path) or [NOWHERE]
    yield from zip([TOP, *way], [*way, way[-1]], strict=True)


def _add(counted: Counted, where: Open, day: date, more: Heat) -> None:
    for parent, cell in steps(where.path):
        sums = counted.heat.setdefault((parent, day, cell, where.category), Heat())
        sums.received += more.received
        sums.done += more.done
        sums.waiting += more.waiting
        sums.late += more.late


def _day(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()
