"""What dispatch knows while it decides a batch: places, catalogue, options, moved on by the batch's facts."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from chassis.policy import Policy
from contracts import dispatch
from services.dispatch.commands import Windows
from services.dispatch.engine import Pool
from services.dispatch.fence import Outside, fence
from services.dispatch.filters import Option
from services.dispatch.lists import Lists
from services.dispatch.records import Claimed, ContractReleased, ContractReserved
from services.dispatch.rules import Rules

OPENED = (dispatch.OfferMade, dispatch.ObjectionRuled, dispatch.AssignmentReopened, Claimed)
CHOSEN = (dispatch.OfferMade, dispatch.ClaimOpened)
ENDED = (
    dispatch.OfferExpired,
    dispatch.AssignmentReturned,
    dispatch.AssignmentWithdrawn,
    dispatch.AssignmentRevoked,
    dispatch.AssignmentDone,
)


@dataclass
class Moved:
    """How the batch has moved the counters that tickets share."""

    open: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    contacts: Counter[str] = field(default_factory=Counter)
    in_time: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Place:
    """The cell whose assignees are asked: the ticket's own, or the top desk's where the grid is unknown."""

    code: str
    known: bool


NOWHERE = Place("", known=False)


@dataclass(frozen=True)
class Claims:
    """Who claims: what the engine knows of each (assignee, place, category), and his open claims."""

    options: Mapping[tuple[str, str, str], Option]
    open: Counter[str]


NOBODY = Claims({}, Counter())


@dataclass
class Known:
    """All that the decisions of one batch may look at, fetched set-wise; `learn` keeps it up to date."""

    now: datetime
    policies: Mapping[str, Policy]
    lists: Lists
    places: Mapping[str, Place]
    options: Mapping[tuple[str, str], list[Option]]
    asked: dict[str, tuple[str, str]]
    precedents: Mapping[tuple[str, str], dispatch.Precedent] = field(default_factory=dict)
    named: Mapping[str, Option] = field(default_factory=dict)
    off_duty: frozenset[str] = frozenset()
    claims: Claims = NOBODY
    moved: Moved = field(default_factory=Moved)
    weighed: dict[str, Pool] = field(default_factory=dict)
    """By assignment, what its offer was chosen from; kept with the chain."""
    latest: Pool | None = None
    """What the command that is being decided looks at."""

    @property
    def windows(self) -> Windows:
        """The offer and contact windows in force."""
        return Windows(
            offer=self.policies["offer_seconds"].value, contact=self.policies["contact_seconds"].value,
            give_back=self.policies["return_seconds"].value,
            by_mode={
                mode: self.policies[f"{mode}_seconds"].value for mode in ("sequential", "claim")
            },
        )  # fmt: skip

    @cached_property
    def rules(self) -> Rules:
        """The routing rules in force."""
        routing = self.policies["routing"]
        return Rules(version=routing.version, **routing.value)

    @property
    def disputed_at(self) -> int:
        """The return that goes to an adjudicator."""
        return int(self.policies["objection"].value["returns"])

    def pool(self, grid: str, category: str) -> Pool:
        """The options for a place and a category, their loads and quotas as of this moment in the batch."""
        place, item = self.places.get(grid, NOWHERE), self.lists.items.get(category)
        key = (place.code, self.lists.code(category))
        found, precedent = self.options.get(key, []), self.precedents.get(key)
        outside = Outside(
            lists_version=self.lists.edition,
            near=self.lists.near.get(category),
            options=found,
            precedent=precedent,
        )
        self.latest = Pool(
            place=place.code if place.known else None,
            item=item,
            options=[self._present(option) for option in found],
            precedent=precedent,
            rules=self.rules,
            fence=None if item or not category else fence(outside),
        )
        return self.latest

    def pool_of(self, ticket_no: str) -> Pool:
        """The options for a ticket whose dispatch has begun."""
        return self.pool(*self.asked.get(ticket_no, ("", "")))

    def claimant(self, assignee: str, ticket_no: str) -> Option | None:
        """Whoever claims the ticket, as the engine sees him at its place; None where he does not cover it."""
        grid, category = self.asked.get(ticket_no, ("", ""))
        place = self.places.get(grid, NOWHERE)
        found = self.claims.options.get((assignee, place.code, self.lists.code(category)))
        return self._present(found) if found else None

    def named_by(self, code: str, ticket_no: str) -> Option | None:
        """Whom a ruling means by `code`, as the directory has him; with his contract where one covers it."""
        named = self.named.get(code)
        options = self.pool_of(ticket_no).options if named else ()
        return next((option for option in options if named and option.assignee == named.assignee), named)

    def ordered(self, code: str, ticket_no: str) -> Option | None:
        """Whom an order means by `code`, as the engine sees him at the ticket's place; None elsewhere."""
        named = self.named.get(code)
        return self.claimant(named.assignee, ticket_no) if named else None

    def _present(self, option: Option) -> Option:
        moved, code, contract = self.moved, option.assignee, option.contract
        left = option.quota_left
        if contract is not None and left is not None:
            left -= moved.units[contract]
        if not (moved.open[code] or moved.taken[code] or moved.asked[code]) and left == option.quota_left:
            return option
        return replace(
            option,
            open=option.open + moved.open[code],
            taken=option.taken + moved.taken[code],
            recent=option.recent + moved.asked[code],
            quota_left=left,
        )

    def learn(self, fact: Any) -> None:
        """Counts an offer, its end or a contract's unit for the next decision; keeps what was weighed."""
        for name, by in COUNTED.get(type(fact), _nothing)(fact).items():
            getattr(self.moved, name)[fact.contract if name == "units" else fact.assignee] += by
        if isinstance(fact, Claimed):
            self.claims.open[fact.assignee] += 1
        if isinstance(fact, CHOSEN) and self.latest:
            self.weighed[fact.assignment] = self.latest


def _nothing(_fact: Any) -> Mapping[str, int]:
    return {}


COUNTED: Mapping[type, Callable[[Any], Mapping[str, int]]] = {
    **dict.fromkeys(OPENED, lambda _: {"open": 1, "asked": 1}),
    dispatch.AssignmentReopened: lambda _: {"open": 1},
    **dict.fromkeys(ENDED, lambda _: {"open": -1}),
    dispatch.AssignmentAccepted: lambda _: {"taken": 1},
    dispatch.FirstContactMade: lambda fact: {"contacts": 1, "in_time": int(fact.in_time)},
    ContractReserved: lambda _: {"units": 1},
    ContractReleased: lambda _: {"units": -1},
}
"""Which counters a fact moves, and by how much."""
