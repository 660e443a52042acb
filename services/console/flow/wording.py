"""Times, names and slots of *Flow* as people read them, in Chinese or English; pure."""

from collections.abc import Mapping
from datetime import datetime

from contracts.terms import CHINA
from services.console.flow.domain import Spot, publisher, short
from services.console.flow.words import EVENTS, WORDS
from services.console.words import Language, said

UNITS = ((86_400.0, ("天", "d")), (3600.0, ("小时", "h")), (60.0, ("分", "min")), (1.0, ("秒", "s")))
SLOTS = {"five": "%H:%M", "hour": "%m-%d %H:00", "day": "%m-%d"}


def word(name: str, language: Language, *values: object) -> str:
    """A word of the catalogue, its blanks filled in."""
    return said(WORDS[name], language).format(*values)


def event(type_: str, language: Language) -> str:
    """What an event is called; its own name where nobody has put it into words yet."""
    pair = EVENTS.get(f"{publisher(type_)}.{short(type_)}")
    return said(pair, language) if pair else short(type_)


def duration(seconds: float, language: Language) -> str:
    """`340 ms`, `2.5 s`, `12 min`, `3.1 d`: two digits, for more would say more than is known."""
    if seconds < 1:
        return f"{seconds * 1000:.{0 if seconds >= 0.01 else 1}f} {said(('毫秒', 'ms'), language)}"
    size, unit = next((size, unit) for size, unit in UNITS if seconds >= size)
    many = seconds / size
    return f"{many:.{1 if many < 10 else 0}f} {said(unit, language)}"


def slot(at: datetime, grain: str) -> str:
    """The beginning of a slot, in China."""
    return at.astimezone(CHINA).strftime(SLOTS[grain])


def place(spot: Spot, parent: str, names: Mapping[str, str], language: Language) -> str:
    """The name of a cell below `parent`, with its code."""
    if spot.cell == "-":
        return word("unplaced", language)
    if spot.cell == parent:
        return f"{names.get(spot.cell, spot.cell)}{word('here', language)}"
    return names.get(spot.cell, spot.cell)


def category(code: str, names: Mapping[str, tuple[str, str]], language: Language) -> str:
    """The name of a category."""
    if not code:
        return word("uncategorised", language)
    return said(names[code], language) if code in names else code
