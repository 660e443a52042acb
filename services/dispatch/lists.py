"""What the three lists say of the labels of a batch, as a value: an item for each, or what is nearest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from msgspec import Struct

from services.dispatch.filters import DESK, Item

UNITS = ("social_organization", "property_company", "department", "volunteer_team")
"""Kinds of assignee that speak for a unit which work can be proposed to."""


class Near(Struct, frozen=True, kw_only=True):
    """The entry nearest to what the lists do not have; `valid_to` where it is the same, but over."""

    item: Item
    valid_to: date | None = None


@dataclass(frozen=True)
class Lists:
    """One edition of the lists, asked for some labels of tickets."""

    edition: int
    items: Mapping[str, Item]
    near: Mapping[str, Near]

    def code(self, label: str) -> str:
        """The category that a label means, or the label itself where no list has it."""
        item = self.items.get(label)
        return item.category if item else label

    def kinds(self, label: str) -> set[str]:
        """The kinds of assignee to look for: the desk always, and units to propose where no list has it."""
        item, near = self.items.get(label), self.near.get(label)
        unlisted = [kind for kind in near.item.kinds if kind in UNITS] if near else []
        return {*(item.kinds if item else unlisted), DESK}


NO_LISTS = Lists(0, {}, {})
