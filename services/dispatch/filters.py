"""Whom the engine may ask at all: hard filters, each a small named rule that says why not."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

DESK = "community_desk"
MASKED = ("property_company", "social_organization")
"""Kinds that only get a masked contact of the requester (DOMAIN.md §5)."""


class Item(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The catalogue's entry for a category: who may be asked, in which order, with which skills.

    `about` are the kinds of assignee that the work is about; `identity` is `full` where a masked contact
    does not do.
    """

    category: str
    version: int
    list: str
    mode: Any
    kinds: tuple[str, ...]
    skills: frozenset[str]
    about: frozenset[str] = frozenset()
    identity: str = "masked"


NOTHING = Item(category="", version=0, list="", mode="direct", kinds=(), skills=frozenset())
"""Where the work or its place is unknown only a desk can be asked."""


class Option(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One assignee who covers the place, with what the filters and the score look at.

    `closeness` is the depth of the assignee's cell in the grid tree (deeper = nearer), `recent` how often he
    was asked of late, `turn` his place on the rota (0 on duty, 1 substitute, 2 leader), `quota_left` what the
    contract that covers item and place still allows of `quota` (None: no such contract).
    """

    assignee: str
    kind: Any
    unit: str | None
    skills: frozenset[str]
    closeness: int
    load_cap: int
    open: int
    taken: int
    on_duty: bool = True
    turn: int = 0
    available: bool = True
    opted_out: bool = False
    recent: float = 0.0
    contacts: int = 0
    in_time: int = 0
    contract: str | None = None
    quota_left: int | None = None
    quota: int = 0
    contract_expired: bool = False


Filter = Callable[[Item, Option], bool]

FILTERS: dict[str, Filter] = {
    "outside_fence": lambda item, option: option.kind in item.kinds,
    "conflict_of_interest": lambda item, option: option.kind not in item.about,
    "identity_class": lambda item, option: item.identity != "full" or option.kind not in MASKED,
    "lacks_skill": lambda item, option: item.skills <= option.skills,
    "off_duty": lambda item, option: option.on_duty,
    "opted_out": lambda item, option: not option.opted_out,
    "not_available": lambda item, option: option.available,
    "no_contract": lambda item, option: option.kind != "social_organization" or option.contract is not None,
    "contract_expired": lambda item, option: not option.contract_expired,
    "quota_used_up": lambda item, option: option.contract is None or (option.quota_left or 0) > 0,
    "load_cap": lambda item, option: option.open < option.load_cap,
}
"""Hard filters by the reason they give; True lets an option pass. The grid path is part of the question."""

OF_RULED = tuple(name for name in FILTERS if name not in ("outside_fence", "lacks_skill"))
"""A ruling says whose it is, also outside the lists."""
BINDING = ("conflict_of_interest", "identity_class", "no_contract", "contract_expired", "quota_used_up")
"""What no desk's order and no ruling overrides."""
OF_ORDERED = ("outside_fence", "off_duty", "opted_out", *BINDING)
"""A desk may ask who lacks a skill, is busy or keeps other hours: it knows why, and says so."""
OF_DESKS = ("off_duty",)
"""A desk is the last resort: nothing else keeps work from it."""


def excluded(item: Item, option: Option, tried: frozenset[str], ruled: str | None = None) -> str | None:
    """Why an option cannot be asked, or None; whom a ruling names is asked also outside the lists."""
    if option.kind == DESK:
        return hindrance(item, option, OF_DESKS)
    if option.assignee in tried:
        return "asked_before"
    return hindrance(item, option, OF_RULED if option.assignee == ruled else FILTERS)


def hindrance(item: Item, option: Option, names: Any) -> str | None:
    """The first of these filters that does not let the option pass."""
    return next((name for name in names if not FILTERS[name](item, option)), None)
