"""Who is asked next: hard filters, order of kinds, score, deterministic tie-break; every reason is kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from contracts.dispatch import Candidate, Exclusion, Explanation, Fence, Precedent
from services.dispatch.filters import DESK, NOTHING, Item, Option, excluded
from services.dispatch.rules import RULES, Rules

SHOWN_CANDIDATES, SHOWN_EXCLUSIONS = 5, 10
ORDER = ("ruling", "kind", "score", "recent", "taken", "code")
"""By what candidates are put in order, in the order of `_rank`."""
CONTRACT_TROUBLE = ("contract_expired", "quota_used_up")


class Pool(Struct, frozen=True, kw_only=True):
    """What is known about one place and category at this moment.

    `item` is None where no list has it; `fence` then says what the lists have instead.
    """

    place: str | None
    item: Item | None
    options: Sequence[Option]
    precedent: Precedent | None = None
    rules: Rules = RULES
    fence: Fence | None = None


class Alarm(Struct, frozen=True):
    """What a supervisor has to see to, though somebody else can be asked: why, and about what."""

    reason: Any
    about: str


class Choice(Struct, frozen=True, kw_only=True):
    """The assignee to ask, and why; `ranking` has all who could be asked, the best first."""

    option: Option
    explanation: Explanation
    ranking: Sequence[Option] = ()
    alarms: Sequence[Alarm] = ()


class Weighing(Struct, frozen=True, kw_only=True):
    """All that the engine has found out: who could be asked, the best first, and why nobody else."""

    item: Item
    kinds: Sequence[str]
    ranked: Sequence[tuple[Option, Mapping[str, int]]]
    excluded: Sequence[tuple[Option, str]]
    ruled: str | None = None

    @property
    def decided_by(self) -> str | None:
        """By what the first is before the second; None where there are no two."""
        if len(self.ranked) < 2:
            return None
        first, second = (_rank(self.kinds, option, given, self.ruled) for option, given in self.ranked[:2])
        differ = (name for name, one, other in zip(ORDER, first, second, strict=True) if one != other)
        return next(differ, "code")


def weigh(pool: Pool, tried: Iterable[str]) -> Weighing:
    """Filters, points and order of all options, none left out."""
    item, before = known_item(pool), frozenset(tried)
    kinds = [kind for kind in item.kinds if kind != DESK] + [DESK]
    ruled = pool.precedent.assignee if pool.precedent else None
    reasons = [(option, excluded(item, option, before, ruled)) for option in pool.options]
    passing = [option for option, reason in reasons if reason is None]
    given = points_of(pool.rules, item, passing)
    ranked = sorted(passing, key=lambda option: _rank(kinds, option, given[_who(option)], ruled))
    return Weighing(
        item=item, kinds=kinds, ruled=ruled, ranked=[(option, given[_who(option)]) for option in ranked],
        excluded=[(option, why) for option, why in reasons if why],
    )  # fmt: skip


def choose(pool: Pool, tried: Iterable[str]) -> Choice | None:
    """The next assignee to ask for a ticket, or None where nobody covers it, not even a desk."""
    before = frozenset(tried)
    found = weigh(pool, before)
    if not found.ranked:
        return None
    explanation = Explanation(
        place=pool.place or "unknown",
        kinds=list(found.kinds),  # type: ignore[arg-type]
        candidates=[_shown(option, given) for option, given in found.ranked[:SHOWN_CANDIDATES]],
        excluded=[Exclusion(assignee=one.assignee, reason=why) for one, why in found.excluded]
        [:SHOWN_EXCLUSIONS],
        precedent=pool.precedent,
        rules_version=pool.rules.version,
        fence=pool.fence,
    )  # fmt: skip
    ranking = [option for option, _ in found.ranked]
    return Choice(
        option=ranking[0], explanation=explanation, ranking=ranking, alarms=_alarms(pool, found, before)
    )


def known_item(pool: Pool) -> Item:
    """The work as the lists have it; where the work or its place is unknown only a desk can be asked."""
    return pool.item if pool.item and pool.place else NOTHING


def points_of(rules: Rules, item: Item, passing: Sequence[Option]) -> dict[tuple[str, str], dict[str, int]]:
    """What each option gets points for; who has had more than his share of late stands behind his peers."""
    limits = _limits(rules, passing)
    given = {}
    for option in passing:
        told = points(rules, item, option)
        if option.recent > limits[_peers(option)]:
            told["over_share"] = -rules.over_share
        given[_who(option)] = told
    return given


def points(rules: Rules, item: Item, option: Option) -> dict[str, int]:
    """Nearness, skills that the work asks for, free capacity, first contacts in time, turn on the rota."""
    told = {
        "near": rules.near * option.closeness,
        "skill": rules.skill * len(item.skills & option.skills),
        "free": rules.free - rules.free * min(option.open, option.load_cap) // max(option.load_cap, 1),
        "timely": rules.timely * (option.in_time + 1) // (option.contacts + 1),
    }
    return told | ({"turn": -rules.turn * option.turn} if option.turn else {})


def _who(option: Option) -> tuple[str, str]:
    """One person may be asked as what he is, or as who stands in on the rota."""
    return option.assignee, option.kind


def _peers(option: Option) -> tuple[str, int]:
    """Peers are of one kind and equally near: what is closest to one is not everybody's."""
    return option.kind, option.closeness


def _limits(rules: Rules, passing: Sequence[Option]) -> Mapping[tuple[str, int], float]:
    """How much of late is too much: so many per cent of the peers' mean, and one more."""
    recents: dict[tuple[str, int], list[float]] = {}
    for option in passing:
        recents.setdefault(_peers(option), []).append(option.recent)
    return {key: sum(had) / len(had) * rules.share_percent / 100 + 1 for key, had in recents.items()}


def _rank(
    kinds: Sequence[str], option: Option, given: Mapping[str, int], ruled: str | None
) -> tuple[bool, int, int, float, int, str]:
    """A ruling first, then kind, score, who has had the fewest of late, then ever, then the code."""
    order = kinds.index(option.kind) if option.kind in kinds else 0
    apart = option.assignee != ruled
    return apart, order, -sum(given.values()), option.recent, option.taken, option.assignee


def _alarms(pool: Pool, found: Weighing, before: frozenset[str]) -> list[Alarm]:
    """A rota without anybody on duty, and contracts that no longer cover what they bought."""
    alarms = []
    passing = [option for option, _ in found.ranked]
    asked = [option for option, why in found.excluded if why == "asked_before"]
    on_rota = [option for option in (*passing, *asked) if option.kind == "rota"]
    if "rota" in found.item.kinds and not on_rota:
        alarms.append(Alarm("rota_gap", pool.place or "unknown"))
    served = any(option.kind == "social_organization" for option in passing)
    if not served and not before:
        alarms += [
            Alarm(why, option.contract)
            for option, why in found.excluded
            if why in CONTRACT_TROUBLE and option.contract
        ]
    return list(dict.fromkeys(alarms))


def _shown(option: Option, given: Mapping[str, int]) -> Candidate:
    return Candidate(
        assignee=option.assignee, kind=option.kind, score=sum(given.values()), points=dict(given)
    )
