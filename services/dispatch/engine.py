"""Who is asked next: hard filters, order of kinds, score, deterministic tie-break; every reason is kept."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from contracts.dispatch import Candidate, Exclusion, Explanation, Precedent

DESK = "community_desk"
SHOWN_CANDIDATES, SHOWN_EXCLUSIONS = 5, 10


class Item(Struct, frozen=True, kw_only=True):
    """The catalogue's entry for a category: who may be asked, in which order, with which skills."""

    category: str
    version: int
    list: str
    mode: Any
    kinds: tuple[str, ...]
    skills: frozenset[str]


NOTHING = Item(category="", version=0, list="", mode="direct", kinds=(), skills=frozenset())
"""Where the work or its place is unknown only a desk can be asked."""


class Option(Struct, frozen=True, kw_only=True):
    """One assignee who covers the place, with what the filters and the score look at.

    `closeness` is the depth of the assignee's cell in the grid tree (deeper = nearer), `quota_left` what the
    contract that covers item and place still allows (None: no such contract).
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
    contract: str | None = None
    quota_left: int | None = None


class Pool(Struct, frozen=True, kw_only=True):
    """What is known about one place and category at this moment; `item` is None where no list has it."""

    place: str | None
    item: Item | None
    options: Sequence[Option]
    precedent: Precedent | None = None


class Choice(Struct, frozen=True, kw_only=True):
    """The assignee to ask, and why."""

    option: Option
    explanation: Explanation


Filter = Callable[[Item, Option, frozenset[str]], bool]

FILTERS: dict[str, Filter] = {
    "asked_before": lambda item, option, tried: option.assignee not in tried or option.kind == DESK,
    "lacks_skill": lambda item, option, tried: item.skills <= option.skills or option.kind == DESK,
    "off_duty": lambda item, option, tried: option.on_duty,
    "no_contract": lambda item, option, tried: (
        option.kind != "social_organization" or option.contract is not None
    ),
    "quota_used_up": lambda item, option, tried: option.contract is None or (option.quota_left or 0) > 0,
    "load_cap": lambda item, option, tried: option.open < option.load_cap or option.kind == DESK,
}
"""Hard filters by the reason they give; True lets an option pass."""


def choose(pool: Pool, tried: Iterable[str]) -> Choice | None:
    """The next assignee to ask for a ticket, or None where nobody covers it, not even a desk."""
    item = pool.item if pool.item and pool.place else NOTHING
    kinds = [kind for kind in item.kinds if kind != DESK] + [DESK]
    before = frozenset(tried)
    passing: list[Option] = []
    excluded: list[Exclusion] = []
    for option in pool.options:
        reason = _excluded(item, option, before)
        if reason:
            excluded.append(Exclusion(assignee=option.assignee, reason=reason))
        elif option.kind in kinds:
            passing.append(option)
    if not passing:
        return None
    weighed = [(option, points(item, option)) for option in passing]
    ranked = sorted(weighed, key=lambda one: _rank(kinds, *one))
    explanation = Explanation(
        place=pool.place or "unknown",
        kinds=kinds,  # type: ignore[arg-type]
        candidates=[_shown(option, given) for option, given in ranked[:SHOWN_CANDIDATES]],
        excluded=excluded[:SHOWN_EXCLUSIONS],
        precedent=pool.precedent,
    )
    return Choice(option=ranked[0][0], explanation=explanation)


def _excluded(item: Item, option: Option, tried: frozenset[str]) -> str | None:
    for reason, passes in FILTERS.items():
        if not passes(item, option, tried):
            return reason
    return None


def points(item: Item, option: Option) -> dict[str, int]:
    """What an option gets points for: nearness, skills beyond the required ones' count, free capacity."""
    return {
        "near": 10 * option.closeness,
        "skill": 5 * len(item.skills & option.skills),
        "free": 20 - 20 * min(option.open, option.load_cap) // max(option.load_cap, 1),
    }


def _rank(kinds: Sequence[str], option: Option, given: dict[str, int]) -> tuple[int, int, int, str]:
    """Kind first, then score, then who has had the fewest, then the code: no two options are equal."""
    return kinds.index(option.kind), -sum(given.values()), option.taken, option.assignee


def _shown(option: Option, given: dict[str, int]) -> Candidate:
    return Candidate(assignee=option.assignee, kind=option.kind, score=sum(given.values()), points=given)
