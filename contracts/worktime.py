"""When something is due: spans of seconds to days and working days, and the calendar for these."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct, field

from contracts.terms import CHINA

WARN_AFTER = 0.8
"""The share of its time after which somebody is warned (DOMAIN.md §1, row 14)."""

_SPAN = re.compile(r"([1-9][0-9]{0,3})(s|min|h|d|wd)")
_CLOCK = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)


class Calendar(Struct, frozen=True):
    """The days on which offices work: the week, and the days that differ from it (节假日, 调休).

    `differs` says whether such a day is worked. After `covered` nobody has decided yet; the week counts.
    """

    differs: Mapping[date, bool] = field(default_factory=dict)
    covered: date = date.min

    def works(self, day: date) -> bool:
        """Whether `day` is a working day."""
        return self.differs.get(day, day.weekday() < 5)

    def working_days(self, since: datetime) -> Iterator[date]:
        """The working days after the day of `since`, which is not counted (Civil Code, Art. 201)."""
        day = since.astimezone(CHINA).date()
        while True:
            day += _DAY
            if self.works(day):
                yield day

    def due(self, since: datetime, span: str) -> datetime:
        """When `span` from `since` is over, in UTC; working days end with the last of them (Art. 203).

        Raises ValueError if `span` is none: 30s, 5min, 2h, 15d or 3wd.
        """
        number, unit = parsed(span)
        if unit != "wd":
            return (since + number * _CLOCK[unit]).astimezone(UTC)
        days = self.working_days(since)
        last = [next(days) for _ in range(number)][-1]
        return datetime.combine(last + _DAY, time.min, CHINA).astimezone(UTC)

    def extended(self, due_at: datetime, span: str) -> datetime:
        """When `span` more is over for what is due at `due_at`; the day that ends there was counted.

        Raises ValueError if `span` is none.
        """
        in_days = parsed(span)[1] == "wd"
        return self.due(due_at - _MOMENT if in_days else due_at, span)

    def resumed(self, due_at: datetime, span: str | None, paused_at: datetime, at: datetime) -> datetime:
        """When a clock that stood from `paused_at` to `at` is due: what was left then is left now.

        Of working days those not begun are left, and the day of the pause where it was the last one.
        """
        if due_at <= paused_at:
            return due_at
        if span is None or parsed(span)[1] != "wd":
            return due_at + (at - paused_at)
        last, began = (due_at - _MOMENT).astimezone(CHINA).date(), paused_at.astimezone(CHINA).date()
        if at.astimezone(CHINA).date() == began:
            return due_at
        left = sum(self.works(began + n * _DAY) for n in range(1, (last - began).days + 1))
        return self.due(at, f"{left}wd") if left else self._end_of_day(at)

    def _end_of_day(self, at: datetime) -> datetime:
        """When the day of `at` ends, or the next working day where nobody works on it."""
        day = next(self.working_days(at - _DAY))
        return datetime.combine(day + _DAY, time.min, CHINA).astimezone(UTC)

    def skipped(self, since: datetime, until: datetime) -> list[date]:
        """Days between the two, neither of them counted, on which nobody works."""
        day, last = since.astimezone(CHINA).date() + _DAY, until.astimezone(CHINA).date()
        between = (day + n * _DAY for n in range((last - day).days))
        return [day for day in between if not self.works(day)]


def covered(years: Collection[int]) -> date:
    """The last day decided: years without a notice end the run."""
    if not years:
        return date.min
    year = min(years)
    while year + 1 in years:
        year += 1
    return date(year, 12, 31)


def parsed(span: str) -> tuple[int, str]:
    """Number and unit of a span; raises ValueError."""
    found = _SPAN.fullmatch(span)
    if found is None:
        raise ValueError(f"{span!r} is no span of time such as 30s, 5min, 2h, 15d or 3wd")
    return int(found[1]), found[2]


def warning(since: datetime, due_at: datetime) -> datetime:
    """When most of the time is over and somebody should be warned."""
    return since + WARN_AFTER * (due_at - since)
