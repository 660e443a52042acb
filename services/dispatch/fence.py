"""The work fence: what no list allows is blocked, with what the lists have instead and whose it may be."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from contracts.dispatch import Fence, Precedent
from services.dispatch.filters import DESK, Item, Option
from services.dispatch.lists import UNITS, Near


class Outside(Struct, frozen=True, kw_only=True):
    """Work outside the lists: their edition, what is nearest in them, who is there, what was ruled."""

    lists_version: int
    near: Near | None
    options: Sequence[Option]
    precedent: Precedent | None = None


def as_ruled(outside: Outside) -> str | None:
    """What was last ruled for such work there."""
    return outside.precedent.unit if outside.precedent else None


def who_does_the_like(outside: Outside) -> str | None:
    """The first unit of those that do what is nearest to it, in their order."""
    kinds = outside.near.item.kinds if outside.near else ()
    units = (one.unit for kind in kinds for one in outside.options if one.kind == kind and kind in UNITS)
    return next((unit for unit in units if unit), None)


def the_desk(outside: Outside) -> str | None:
    """The desk nearest to the place, which finds out."""
    return next((one.unit for one in outside.options if one.kind == DESK and one.unit), None)


PROPOSALS: tuple[Callable[[Outside], str | None], ...] = (as_ruled, who_does_the_like, the_desk)
"""Who is proposed, the first that there is."""


def lists_say(item: Item) -> str:
    """By which list and version whom the work goes to."""
    return f"list {item.list}, {item.category} version {item.version}: {', '.join(item.kinds) or 'nobody'}"


def fence(outside: Outside) -> Fence:
    """What is told to whoever has to see to it."""
    near = outside.near
    told = Fence(
        lists_version=outside.lists_version,
        proposed_unit=next(filter(None, (propose(outside) for propose in PROPOSALS)), None),
    )
    if near is None:
        return told
    return Fence(
        lists_version=told.lists_version, proposed_unit=told.proposed_unit, catalogue=near.item.list,
        catalogue_version=near.item.version, category=near.item.category,
        valid_to=near.valid_to.isoformat() if near.valid_to else None,
    )  # fmt: skip
