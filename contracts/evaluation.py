"""Facts of the evaluation service: who was asked, what they answered."""

from contracts.actor import Actor
from contracts.event import Event
from contracts.terms import (
    AssigneeKind,
    CallOutcome,
    Code,
    Count,
    ExclusionGround,
    Instant,
    RatingWay,
    Resolved,
    Satisfaction,
)


class RatingRequested(Event, frozen=True, kw_only=True):
    """Both questions are asked until `window_ends_at`; `round` counts from 1, a rework adds one."""

    round: Count
    window_ends_at: Instant


class RatingSubmitted(Event, frozen=True, kw_only=True):
    """The requester's answers, and whose work they are about."""

    round: Count
    resolved: Resolved
    satisfaction: Satisfaction
    assignee: Code | None = None
    assignee_kind: AssigneeKind | None = None
    reason: Code | None = None
    way: RatingWay = "trusted"


class RatingExpired(Event, frozen=True, kw_only=True):
    """The window is over without an answer: unrated, never satisfied."""

    round: Count


class RatingLocked(Event, frozen=True, kw_only=True):
    """Too many wrong codes: until then none is looked at; the link still holds."""

    round: Count
    until: Instant


class CallbackMade(Event, frozen=True, kw_only=True):
    """The `number`th call of this round to who has not rated, and what came of it."""

    round: Count
    number: Count
    outcome: CallOutcome
    at: Instant
    by: Actor


class ExclusionRequested(Event, frozen=True, kw_only=True):
    """The case is to count in no rate; two other people decide."""

    ground: ExclusionGround
    by: Actor


class ExclusionSeconded(Event, frozen=True, kw_only=True):
    """The first of two approvals."""

    ground: ExclusionGround
    by: Actor


class ExclusionRefused(Event, frozen=True, kw_only=True):
    """It is not approved: the case counts as any other."""

    ground: ExclusionGround
    reason_code: Code
    by: Actor


class CaseExcluded(Event, frozen=True, kw_only=True):
    """Two people have approved: from now on the case counts as excluded, and in no rate."""

    ground: ExclusionGround
    asked_by: Actor
    seconded_by: Actor
    by: Actor


class ExclusionRevoked(Event, frozen=True, kw_only=True):
    """The case counts again."""

    ground: ExclusionGround
    reason_code: Code
    by: Actor
