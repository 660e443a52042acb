"""Departments that were called to a ticket's place (吹哨), and which of them came, as values."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import dispatch


class Call(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A department that was called to the place, and whether it came; `missed` once it was not in time."""

    whistle: int
    assignee: str
    arrive_by: datetime
    unit: str | None = None
    arrived_at: datetime | None = None
    missed: bool = False

    @property
    def awaited(self) -> bool:
        """Whether somebody has to be told if it does not come."""
        return self.arrived_at is None and not self.missed

    def bears(self, code: str) -> bool:
        """Whether it is meant by this code, its own or its unit's."""
        return code in (self.assignee, self.unit)


def called(fact: dispatch.DepartmentCalled) -> Call:
    """A call that nobody has followed yet."""
    return Call(whistle=fact.whistle, assignee=fact.assignee, unit=fact.unit, arrive_by=fact.arrive_by)


def arrived(known: Iterable[Call], fact: dispatch.DepartmentArrived) -> tuple[Call, ...]:
    """The calls after one of them was followed."""
    return _moved_on(known, fact, arrived_at=fact.at)


def missed(known: Iterable[Call], fact: dispatch.DepartmentMissed) -> tuple[Call, ...]:
    """The calls after one of them was not followed in time."""
    return _moved_on(known, fact, missed=True)


def next_due(known: Iterable[Call]) -> datetime | None:
    """When the first of those who are awaited has to be there."""
    return min((one.arrive_by for one in known if one.awaited), default=None)


def _moved_on(
    known: Iterable[Call], fact: dispatch.DepartmentArrived | dispatch.DepartmentMissed, **change: Any
) -> tuple[Call, ...]:
    key = (fact.whistle, fact.assignee)
    return tuple(replace(one, **change) if (one.whistle, one.assignee) == key else one for one in known)
