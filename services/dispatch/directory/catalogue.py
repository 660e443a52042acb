"""The catalogue as plain values: under which names a category is known, and which versions clash."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

LIKE = 0.5
"""How alike two names must be (0 to 1) for one to stand in for the other."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a category: its names and the days on which it holds."""

    category: str
    version: int
    names: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    path: str = ""

    def holds_on(self, day: date) -> bool:
        """Whether the version is in force on that day; its last day counts."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def meets(self, other: Entry) -> bool:
        """Whether there is a day on which both versions are in force."""
        return self.holds_on(other.valid_from) or other.holds_on(self.valid_from)


def normal(name: str) -> str:
    """A name without differences of width, case and spaces."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def alias_map(entries: Iterable[Entry], day: date) -> dict[str, str]:
    """Every normalised name of the categories in force on that day, and the category it leads to."""
    return {
        normal(name): entry.category
        for entry in entries
        if entry.holds_on(day)
        for name in (entry.category, *entry.names)
    }


def called(entries: Iterable[Entry], day: date) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """Entries by normalised name: the last that ever had it; and those of the day, by branches as well."""
    ever: dict[str, Entry] = {}
    that_day: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda entry: (entry.category, entry.valid_from)):
        names = [normal(name) for name in (entry.category, *entry.names)]
        ever |= dict.fromkeys(names, entry)
        if entry.holds_on(day):
            for name in (*names, *map(normal, entry.path.split("/"))):
                that_day.setdefault(name, entry)
    return ever, that_day


def nearest(label: str, ever: Mapping[str, Entry], that_day: Mapping[str, Entry]) -> Entry | None:
    """The entry nearest to what no list has on a day: the same at another time, else one much like it."""
    name = normal(label)
    alike = [] if name in ever else get_close_matches(name, that_day, n=1, cutoff=LIKE)
    return ever.get(name) or (that_day[alike[0]] if alike else None)


def overlaps(entries: Iterable[Entry]) -> list[tuple[Entry, Entry]]:
    """Pairs of versions of one category that are in force on the same day."""
    by_category: dict[str, list[Entry]] = defaultdict(list)
    pairs = []
    for entry in entries:
        pairs += [(entry, other) for other in by_category[entry.category] if entry.meets(other)]
        by_category[entry.category].append(entry)
    return pairs


def clashes(entries: Iterable[Entry]) -> list[tuple[str, Entry, Entry]]:
    """Names that lead to two categories on the same day."""
    by_name: dict[str, list[Entry]] = defaultdict(list)
    found = []
    for entry in entries:
        for name in {normal(name): name for name in (entry.category, *entry.names)}.values():
            known = by_name[normal(name)]
            found += [
                (name, entry, other)
                for other in known
                if other.category != entry.category and entry.meets(other)
            ]
            known.append(entry)
    return found
