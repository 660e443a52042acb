"""Which slots of time are counted, how long they are kept, and which a period is shown in."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from contracts.terms import CHINA

Grain = Literal["five", "hour", "day"]
Period = Literal["hour", "day", "week", "month"]

LENGTH: dict[Grain, timedelta] = {
    "five": timedelta(minutes=5), "hour": timedelta(hours=1), "day": timedelta(days=1),
}  # fmt: skip
KEPT: dict[Grain, timedelta] = {
    "five": timedelta(days=2), "hour": timedelta(days=9), "day": timedelta(days=400),
}  # fmt: skip
_ORIGIN = datetime(2020, 1, 1, tzinfo=CHINA)


@dataclass(frozen=True)
class Window:
    """A stretch of time in slots of one grain, the first beginning at `since`."""

    grain: Grain
    since: datetime
    slots: tuple[datetime, ...]

    @property
    def until(self) -> datetime:
        """The end of the last slot."""
        return self.slots[-1] + LENGTH[self.grain]


PERIODS: dict[Period, tuple[Grain, int]] = {
    "hour": ("five", 12), "day": ("hour", 24), "week": ("day", 7), "month": ("day", 30),
}  # fmt: skip


def slot_of(grain: Grain, moment: datetime) -> datetime:
    """The beginning of the slot in which a moment lies, in UTC; days begin at midnight in China."""
    length = LENGTH[grain]
    return (_ORIGIN + (moment - _ORIGIN) // length * length).astimezone(UTC)


@lru_cache(maxsize=64)
def kept(grain: Grain, now: datetime) -> datetime:
    """The first slot that is still kept."""
    return slot_of(grain, now - KEPT[grain])


def window(period: Period, now: datetime) -> Window:
    """The last hour, day, week or month, the present slot being the last."""
    grain, count = PERIODS[period]
    return _slots(grain, slot_of(grain, now) - (count - 1) * LENGTH[grain], count)


def window_since(since: datetime, now: datetime) -> Window:
    """From a moment on, in the finest slots that are still kept for all of it, and 60 or so at most."""
    for grain, most in (("five", timedelta(hours=5)), ("hour", timedelta(days=3)), ("day", KEPT["day"])):
        chosen: Grain = grain  # type: ignore[assignment]
        if now - since <= most:
            break
    begin = max(slot_of(chosen, min(since, now)), kept(chosen, now))
    return _slots(chosen, begin, (slot_of(chosen, now) - begin) // LENGTH[chosen] + 1)


def _slots(grain: Grain, begin: datetime, count: int) -> Window:
    return Window(grain, begin, tuple(begin + number * LENGTH[grain] for number in range(count)))
