"""Facts of the evaluation service: who was asked, what they answered."""

from contracts.event import Event
from contracts.terms import AssigneeKind, Code, Count, Instant, RatingWay, Resolved, Satisfaction


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
