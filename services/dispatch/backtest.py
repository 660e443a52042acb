"""Past tickets by other rules, pure: which would have gone elsewhere, and how work and hops would change."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from services.dispatch.case import SHIFT_OVER
from services.dispatch.drift import Drift
from services.dispatch.engine import Pool, weigh
from services.dispatch.filters import Option
from services.dispatch.rules import Rules
from services.dispatch.way import Hop

GAVE_BACK = ("returned", "expired", "revoked")
MOST_SHARE = 0.9
"""Nobody is taken to give back more than nine of ten."""


class Move(Struct, frozen=True, kw_only=True):
    """A ticket that would have gone elsewhere from hop `hop` on; `estimated`: whoever has never been asked.

    `before` and `after` are who was and who would have been asked, `decided_by` what put him first.
    """

    ticket: str
    hop: int
    at: datetime
    category: str
    before: str
    after: str | None
    decided_by: str | None
    hops_before: int
    hops_after: float
    estimated: bool


class Answers:
    """How often each gave back what he was asked for, all tickets together."""

    def __init__(self, ways: Mapping[str, Sequence[Hop]]) -> None:
        self.asked, self._back = Counter[str](), Counter[str]()
        for hop in (hop for way in ways.values() for hop in way if hop.assignee):
            self.asked[hop.assignee or ""] += 1
            self._back[hop.assignee or ""] += gave_back(hop)
        self._all = sum(self._back.values()) / max(sum(self.asked.values()), 1)

    def share(self, assignee: str) -> float:
        """The share he gave back; of who was asked seldom mostly everybody's."""
        share = (self._back[assignee] + self._all) / (self.asked[assignee] + 1)
        return min(share, MOST_SHARE)


def gave_back(hop: Hop) -> bool:
    """Whether he did not do it himself; what a desk or the end of his shift took was not his wish."""
    return hop.ended in GAVE_BACK and hop.ended_by is None and hop.ended_note != SHIFT_OVER


class Trial:
    """The rules on trial against what happened, which is told in the order of its time."""

    def __init__(self, rules: Rules, ways: Mapping[str, Sequence[Hop]], disputed_at: int) -> None:
        self.rules, self.ways, self.moves = rules, ways, dict[str, Move]()
        self.decisions, self._disputed_at = 0, disputed_at
        self._answers, self._drift = Answers(ways), Drift(rules.half_life_days)
        self.asked_before, self.asked_after = Counter(self._answers.asked), Counter(self._answers.asked)
        self.kinds = {hop.assignee: hop.kind or "" for way in ways.values() for hop in way if hop.assignee}

    def hear(self, ticket: str, at: datetime, hop_no: int, who: str | None, pool: Pool | None) -> None:
        """Somebody was asked, or all were: chosen anew where the engine chose, and the ticket is still here.

        Of who was asked before the tickets on trial it only counts that he was.
        """
        self._drift.advance(at)
        way = self.ways.get(ticket, ())
        place = next((place for place, hop in enumerate(way) if hop.hop == hop_no), None)
        if ticket in self.moves:
            return
        if place is not None and pool and _chosen(way[place]):
            self._decide(ticket, way, place, pool)
        elif place is not None and way[place].way == "opened":
            taken = way[place]
            self._drift.asked(taken.assignee, taken.accepted_at or at)
        else:
            self._drift.asked(who, at)

    def _decide(self, ticket: str, way: Sequence[Hop], place: int, pool: Pool) -> None:
        """Whether the same one would have been asked; if not, what would have followed."""
        self.decisions += 1
        hop = way[place]
        shifted = self._shifted(pool, hop.since)
        found = weigh(shifted, hop.tried)
        first = found.ranked[0][0].assignee if found.ranked else None
        if first == hop.assignee:
            self._drift.asked(hop.assignee, hop.since)
            return
        contract = next((one.contract for one in pool.options if one.assignee == hop.assignee), None)
        self._forget(way[place:], contract)
        hops, estimated = self._instead(way, place, shifted)
        self.moves[ticket] = Move(
            ticket=ticket, hop=hop.hop, at=hop.since, category=pool.item.category if pool.item else "",
            before=hop.assignee or "", after=first, decided_by=found.decided_by,
            hops_before=len(way), hops_after=round(place + hops, 3), estimated=estimated,
        )  # fmt: skip

    def _shifted(self, pool: Pool, at: datetime) -> Pool:
        counted = pool.rules.half_life_days
        options = [self._drift.shifted(option, at, counted) for option in pool.options]
        return replace(pool, options=options, rules=self.rules)

    def _forget(self, rest: Sequence[Hop], contract: str | None) -> None:
        """What happened from here on would not have."""
        for hop in rest:
            if hop.assignee:
                self.asked_after[hop.assignee] -= 1
                self._drift.was(hop, contract if hop is rest[0] else None)

    def _instead(self, way: Sequence[Hop], place: int, pool: Pool) -> tuple[float, bool]:
        """Asks until somebody takes it: known answers as they were, others as often as he gives back."""
        rest, at = way[place:], way[place].since
        known = {hop.assignee: hop for hop in rest}
        returns = sum(hop.ended == "returned" for hop in way[:place])
        tried, hops = list(rest[0].tried), 0
        for option in self._picks(pool, tried):
            hops, hop = hops + 1, known.get(option.assignee)
            self.asked_after[option.assignee] += 1
            self.kinds[option.assignee] = option.kind
            if hop is None or not gave_back(hop):
                self._drift.would(option, at, rest[-1].until, took=True)
                share = 0.0 if hop else self._answers.share(option.assignee)
                return hops - 1 + 1 / (1 - share), hop is None
            self._drift.would(option, at, at + hop.dwell, took=False)
            at, returns = at + hop.dwell, returns + (hop.ended == "returned")
            if returns >= self._disputed_at:
                return hops + 1, True  # an adjudicator names somebody
            tried.append(option.assignee)
        return max(hops, 1), True

    def _picks(self, pool: Pool, tried: list[str]) -> Iterator[Option]:
        """Who is asked, one after the other, while `tried` grows; a desk is asked once."""
        desks: set[str] = set()
        while True:
            ranked = [option for option, _ in weigh(pool, tried).ranked if option.assignee not in desks]
            if not ranked:
                return
            desks.add(ranked[0].assignee)
            yield ranked[0]


def _chosen(hop: Hop) -> bool:
    """Whether the engine chose him, and not a person, all at once, or the one asked beside another."""
    return hop.way == "offered" and hop.by is None and not hop.together
