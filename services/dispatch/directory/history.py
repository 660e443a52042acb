"""How the lists have changed, as plain values: each version against what it was, or the version before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

Version = Mapping[str, Any]
"""One version of a category by column, as `catalogue.csv` has it."""
NAMING = ("category", "version")


@dataclass(frozen=True, slots=True)
class Change:
    """A version that was added or changed: since and until when it holds, and by column what was before."""

    category: str
    version: int
    list: str
    valid_from: date
    valid_to: date | None
    changes: Mapping[str, tuple[Any, Any]]


def changes(before: Iterable[Version], after: Iterable[Version]) -> list[Change]:
    """What the rows `after` change in the lists `before`; of a new category the columns say nothing."""
    known = {(row["category"], row["version"]): row for row in before}
    found = []
    for row in sorted(after, key=lambda row: (row["category"], row["version"])):
        key = (row["category"], row["version"])
        if (old := known.get(key)) == row:
            continue
        found.append(_change(row, old or _former(known, *key)))
        known[key] = row
    return found


def _former(known: Mapping[tuple[str, int], Version], category: str, version: int) -> Version | None:
    """The version before this one."""
    earlier = [number for name, number in known if name == category and number < version]
    return known[category, max(earlier)] if earlier else None


def _change(row: Version, old: Version | None) -> Change:
    told = {
        column: (old[column], value)
        for column, value in row.items()
        if old is not None and column not in NAMING and old[column] != value
    }
    return Change(row["category"], row["version"], row["list"], row["valid_from"], row["valid_to"], told)
