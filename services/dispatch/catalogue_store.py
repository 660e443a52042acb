"""The SQL of the lists: which category a label means today, or what is nearest where no list has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from chassis.database import Tx
from services.dispatch.directory.catalogue import Entry, alias_map, called, nearest, normal
from services.dispatch.directory.store import catalogue_entries
from services.dispatch.filters import Item
from services.dispatch.lists import Lists, Near

ITEMS = """
SELECT category, version, list, mode, kinds, skills, about, identity FROM catalogue
WHERE (category, version) IN (SELECT * FROM unnest(%s::text[], %s::int[]))
"""


@dataclass
class Names:
    """The names of one edition of the lists on one day, and what has been found near other names."""

    in_force: Mapping[str, Entry]
    ever: Mapping[str, Entry]
    that_day: Mapping[str, Entry]
    near: dict[str, Entry | None] = field(default_factory=dict)


NEAR_KEPT = 10_000
"""Labels of other offices whose nearest entry is remembered."""

_names: dict[tuple[int, date], Names] = {}


def lists(tx: Tx, edition: int, today: date, labels: set[str]) -> Lists:
    """What the lists say today of these labels."""
    names = _of_edition(tx, edition, today)
    entries = {label: _entry(names, label) for label in labels}
    found = _items(tx, {(entry.category, entry.version) for entry in entries.values() if entry})
    items, near = {}, {}
    for label, entry in entries.items():
        item = found.get((entry.category, entry.version)) if entry else None
        if entry is None or item is None:
            continue
        if normal(label) in names.in_force:
            items[label] = item
        else:
            near[label] = Near(item=item, valid_to=None if entry.holds_on(today) else entry.valid_to)
    return Lists(edition, items, near)


def _of_edition(tx: Tx, edition: int, today: date) -> Names:
    if (edition, today) not in _names:
        _names.clear()
        entries = catalogue_entries(tx)
        held = {entry.category: entry for entry in entries if entry.holds_on(today)}
        in_force = {name: held[category] for name, category in alias_map(entries, today).items()}
        _names[edition, today] = Names(in_force, *called(entries, today))
    return _names[edition, today]


def _entry(names: Names, label: str) -> Entry | None:
    """The entry in force that bears the name, or else the nearest."""
    if entry := names.in_force.get(normal(label)):
        return entry
    if label not in names.near:
        if len(names.near) >= NEAR_KEPT:
            names.near.clear()
        names.near[label] = nearest(label, names.ever, names.that_day) if label else None
    return names.near[label]


def _items(tx: Tx, wanted: set[tuple[str, int]]) -> dict[tuple[str, int], Item]:
    categories, versions = [list(column) for column in zip(*sorted(wanted), strict=True)] or ([], [])
    rows: Any = tx.execute(ITEMS, [categories, versions]) if wanted else ()
    return {
        (category, version): Item(
            category=category, version=version, list=list_, mode=mode, kinds=tuple(kinds),
            skills=frozenset(skills), about=frozenset(about), identity=identity,
        )
        for category, version, list_, mode, kinds, skills, about, identity in rows
    }  # fmt: skip
