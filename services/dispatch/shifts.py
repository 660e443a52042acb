"""The rota as plain values: when somebody is on duty, where nobody is, and who follows whom."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

ROLES = ("duty", "substitute", "leader")
"""In the order in which those on duty are asked."""
FAR = timedelta(days=366)
"""How far ahead the end of a gap is looked for."""


class Shift(Struct, frozen=True, kw_only=True):
    """One row of the rota; `since` and `until` bound it by when the person is there and the row holds."""

    assignee: str
    role: str
    from_at: datetime
    to_at: datetime
    repeat_days: int | None = None
    since: datetime | None = None
    until: datetime | None = None


class Gap(Struct, frozen=True, kw_only=True):
    """Nobody is on duty; `to_at` is None where nobody will be within a year."""

    from_at: datetime
    to_at: datetime | None = None

    def within(self, other: "Gap") -> bool:
        """Whether the other begins no later and ends no earlier."""
        ends = other.to_at is None or (self.to_at is not None and self.to_at <= other.to_at)
        return other.from_at <= self.from_at and ends


Turn = tuple[datetime, datetime]


def turns(shift: Shift, begin: datetime, end: datetime) -> Iterator[Turn]:
    """When the shift is on between two moments, in order, cut to what holds."""
    every = timedelta(days=shift.repeat_days or 36_525)
    begin, end = max(begin, shift.since or begin), min(end, shift.until or end)
    number = max((begin - shift.to_at) // every, 0)
    while (starts := shift.from_at + number * every) < end and (number == 0 or shift.repeat_days):
        first, last = max(starts, begin), min(shift.to_at + number * every, end)
        if first < last:
            yield first, last
        number += 1


def covered(shifts: Iterable[Shift], begin: datetime, end: datetime) -> list[Turn]:
    """The stretches between two moments in which somebody is on duty, joined and in order."""
    joined: list[Turn] = []
    for first, last in sorted(turn for shift in shifts for turn in turns(shift, begin, end)):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def gaps(shifts: Sequence[Shift], begin: datetime, end: datetime) -> list[Gap]:
    """The gaps that begin between two moments, each to its end, be it later."""
    stretches = covered(shifts, begin, end)
    starts = [begin, *(last for _, last in stretches)]
    ends = [*(first for first, _ in stretches), end]
    found = [Gap(from_at=first, to_at=last) for first, last in zip(starts, ends, strict=True) if first < last]
    if found and found[-1].to_at == end:
        later = covered(shifts, end, end + FAR)
        found[-1] = Gap(from_at=found[-1].from_at, to_at=later[0][0] if later else None)
    return found


def on_duty(shifts: Iterable[Shift], moment: datetime) -> list[Shift]:
    """Who is on duty at a moment, in the order in which they are asked."""
    tick = timedelta(microseconds=1)
    there = [shift for shift in shifts if any(turns(shift, moment, moment + tick))]
    return sorted(there, key=lambda shift: (ROLES.index(shift.role), shift.assignee))


def relieved_at(shifts: Iterable[Shift], assignee: str, moment: datetime) -> datetime:
    """When the person's time on duty ends, or the moment itself where he is not on duty."""
    own = [shift for shift in shifts if shift.assignee == assignee]
    stretches = covered(own, moment, moment + FAR)
    return stretches[0][1] if stretches and stretches[0][0] == moment else moment
