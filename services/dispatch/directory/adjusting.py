"""Adjusts the lists by hand: a category's next version, or its end, as rows of a catalogue file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.dispatch.directory.catalogue import Entry
from services.dispatch.directory.exporting import as_texts
from services.dispatch.directory.history import NAMING, Version

FIXED = (*NAMING, "valid_from")
"""Columns that an adjustment sets itself."""


class NotPossible(Exception):
    """The lists cannot be adjusted that way; the message says why."""


def adjusted(
    versions: Sequence[Version], category: str, first: date, setting: Mapping[str, str]
) -> list[dict[str, str]]:
    """The version in force ends on the day before `first`; from then on holds what is set; or NotPossible."""
    if fixed := [column for column in setting if column in FIXED]:
        raise NotPossible(f"{fixed[0]} follows from the category and the first day; it is not set")
    old = _in_force(versions, category, first)
    if old["valid_from"] == first:
        raise NotPossible(
            f"version {old['version']} begins on {first} itself; the next can begin on {_after(first)}"
        )
    number = 1 + max(row["version"] for row in versions if row["category"] == category)
    new = {**as_texts(old), "version": str(number), "valid_from": first.isoformat(), **setting}
    if new == as_texts(old) | {column: new[column] for column in FIXED}:
        raise NotPossible(f"that is what version {old['version']} says already")
    return [_until(old, first - timedelta(days=1)), new]


def ended(versions: Sequence[Version], category: str, last: date) -> list[dict[str, str]]:
    """`last` is the last day on which a list has the category; or NotPossible."""
    later = [row for row in versions if row["category"] == category and row["valid_from"] > last]
    if later:
        raise NotPossible(f"version {later[0]['version']} begins on {later[0]['valid_from']}, after that")
    return [_until(_in_force(versions, category, last), last)]


def _in_force(versions: Sequence[Version], category: str, day: date) -> Version:
    for row in versions:
        if row["category"] == category and _entry(row).holds_on(day):
            return row
    raise NotPossible(f"no list has {category} on {day}; a new category is imported with catalogue.csv")


def _entry(row: Version) -> Entry:
    return Entry(row["category"], row["version"], (), row["valid_from"], row["valid_to"])


def _until(row: Mapping[str, Any], last: date) -> dict[str, str]:
    return as_texts({**row, "valid_to": last})


def _after(day: date) -> date:
    return day + timedelta(days=1)
