"""Why somebody was asked: candidates, exclusions, what rulings and lists say."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.actor import Actor
from contracts.terms import AssigneeKind, Count, Day, Instant, OwnCode, Points

Mode = Literal["direct", "sequential", "claim"]


class Candidate(Struct, frozen=True, kw_only=True):
    """One assignee the engine weighed: score in points, and what the points were given for."""

    assignee: OwnCode
    kind: AssigneeKind
    score: Points
    points: dict[OwnCode, Points]


class Exclusion(Struct, frozen=True, kw_only=True):
    """One assignee the hard filters took out, and the filter's name."""

    assignee: OwnCode
    reason: OwnCode


class Precedent(Struct, frozen=True, kw_only=True):
    """What an adjudicator has last ruled for this kind of work at this place."""

    assignee: OwnCode
    reason_code: OwnCode
    ruled_at: Instant
    unit: OwnCode | None = None


class Fence(Struct, frozen=True, kw_only=True):
    """No list allows the work: the edition of the lists, the entry nearest to it, and whose it may be.

    The entry is the one that had it until `valid_to`, or will have it, or else the one most like it.
    """

    lists_version: Count
    proposed_unit: OwnCode | None = None
    catalogue: OwnCode | None = None
    catalogue_version: Count | None = None
    category: OwnCode | None = None
    valid_to: Day | None = None


class Ordered(Struct, frozen=True, kw_only=True):
    """Who named the assignee instead of the engine, why, and what would have kept the engine from it."""

    by: Actor
    reason_code: OwnCode
    waived: list[OwnCode] = []


class Explanation(Struct, frozen=True, kw_only=True):
    """Why this assignee: candidates, exclusions, how the place was found, rulings, what no list has."""

    place: OwnCode
    kinds: list[AssigneeKind]
    candidates: Annotated[list[Candidate], Meta(max_length=5)]
    excluded: Annotated[list[Exclusion], Meta(max_length=10)] = []
    precedent: Precedent | None = None
    rules_version: Count | None = None
    fence: Fence | None = None
    ordered: Ordered | None = None
