"""Ratings that deserve a look, pure: many at once for one assignee, and top marks as soon as asked.

They are counted and nothing else: a reminder to many, or a portal that was down, explains them as well.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from contracts.intake import RatingGiven
from services.evaluation.case import Case


class Watch(Struct, frozen=True, kw_only=True):
    """A top mark within `instant_seconds` is instant; so many ratings within so many seconds are a burst.

    The policy `integrity_flags`.
    """

    instant_seconds: float = 20
    burst_ratings: int = 20
    burst_seconds: float = 600


class Seen(Struct, frozen=True, kw_only=True):
    """When a rating was given, and when others were of late, by assignee of their case.

    Those of the same batch one by one, those before it as a number, for each assignee and moment asked for.
    """

    at: datetime
    watch: Watch
    lately: Mapping[str, Sequence[datetime]]
    earlier: Mapping[tuple[str, datetime], int] = {}


class RatingSeen(Struct, frozen=True, kw_only=True):
    """When a requester has rated whose work, and what deserves a look; private."""

    at: datetime
    assignee: str | None = None
    instant: bool = False
    burst: bool = False


def look(state: Case, said: RatingGiven, seen: Seen) -> RatingSeen:
    """What is to be said of a rating, by when it was given and not by when it came in."""
    watch, top = seen.watch, said.satisfaction == "very_satisfied"
    waited = (seen.at - state.asked_at).total_seconds() if state.asked_at else None
    spans = [(seen.at - at).total_seconds() for at in seen.lately.get(state.assignee or "", ())]
    earlier = seen.earlier.get((state.assignee or "", seen.at), 0)
    near = 1 + earlier + sum(0 <= span < watch.burst_seconds for span in spans)
    return RatingSeen(
        at=seen.at, assignee=state.assignee,
        instant=top and waited is not None and waited < watch.instant_seconds,
        burst=state.assignee is not None and near >= watch.burst_ratings,
    )  # fmt: skip


def after_seen(case: Case, fact: RatingSeen) -> Case:
    """Most cases have nothing that deserves a look."""
    flagged = fact.instant or fact.burst
    aside = replace(case.more, instant=fact.instant, burst=fact.burst) if flagged else case.aside
    return replace(case, rated_at=fact.at, aside=aside)
