"""Weekly hours in which somebody can be asked: as people write them, and as minutes of the week."""

from __future__ import annotations

import re

DAY, WEEK = 24 * 60, 7 * 24 * 60
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHINESE = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
HOURS = re.compile(r"(.+?)\s*([0-2]?[0-9]):([0-5][0-9])\s*[-–~至]\s*([0-2]?[0-9]):([0-5][0-9])")
Span = tuple[int, int]


def read_hours(text: str) -> list[Span]:
    """Minutes since Monday 00:00 of `Mon-Fri 18:00-21:00` or `周六至周日 09:00-12:00`; raises ValueError."""
    found = HOURS.fullmatch(text.strip())
    if not found:
        raise ValueError(f"'{text}' are no weekly hours; write them as Mon-Fri 18:00-21:00")
    days, start = _days(found[1]), _minute(found[2], found[3])
    end = _minute(found[4], found[5])
    length = (end - start) % DAY or DAY
    return [piece for day in days for piece in _pieces(day * DAY + start, length)]


def multirange(spans: list[Span]) -> str:
    """Spans as the literal of an int4multirange (PostgreSQL 8.17)."""
    return "{" + ",".join(f"[{first},{last})" for first, last in spans) + "}"


def minute_of_week(weekday: int, hour: int, minute: int) -> int:
    """Minutes since Monday 00:00."""
    return weekday * DAY + hour * 60 + minute


def written(spans: list[Span]) -> list[str]:
    """Spans as they are read: one per day, those of a whole week as one."""
    if spans == [(0, WEEK)]:
        return ["Mon-Sun 00:00-24:00"]
    return [
        f"{NAMES[day].capitalize()} {_clock(first)}-{_clock(last)}"
        for start, end in spans
        for day in range(start // DAY, (end - 1) // DAY + 1)
        for first, last in [(max(start - day * DAY, 0), min(end - day * DAY, DAY))]
    ]


def _pieces(start: int, length: int) -> list[Span]:
    """What runs over the end of Sunday begins the week again."""
    start %= WEEK
    end = start + length
    return [(start, end)] if end <= WEEK else [(start, WEEK), (0, end - WEEK)]


def _days(words: str) -> range | list[int]:
    first, *rest = re.split(r"\s*[-–~至到]\s*", words.strip())
    begin = _day(first)
    end = _day(rest[0]) if rest else begin
    return [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]


def _day(word: str) -> int:
    name = word.strip().casefold()
    if name[:3] in NAMES and name.isalpha():
        return NAMES.index(name[:3])
    if (last := name.removeprefix("周").removeprefix("星期")) in CHINESE:
        return CHINESE[last]
    raise ValueError(f"'{word}' is no day of the week; write Mon or 周一")


def _minute(hour: str, minute: str) -> int:
    if (total := int(hour) * 60 + int(minute)) > DAY:
        raise ValueError(f"there is no time {hour}:{minute}")
    return total % DAY


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
