"""The state of evaluation: what is known of one ticket, and what its requester has answered."""

from datetime import datetime

from msgspec import Struct

from chassis.states import Stored
from contracts.actor import Actor
from contracts.terms import ExclusionGround, RatingWay


class Claim(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody wants the case to count in no rate; another has approved already, or nobody yet."""

    ground: ExclusionGround
    asked_by: Actor
    seconded_by: Actor | None = None


class Scored(Struct, frozen=True, kw_only=True):
    """Which rater has scored which department, and in which month; what he said is kept elsewhere."""

    department: str
    rater: str
    month: str


class Aside(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What only few cases have; of the round under way, the wrong codes and until when none counts."""

    guesses: int = 0
    locked_until: datetime | None = None
    objector: str | None = None
    """Who wanted to give it back and had it ruled; `overturned` says that it came back to him."""
    overturned: bool = False
    excluded: str | None = None
    """Why it counts in no rate."""
    claim: Claim | None = None
    calls: int = 0
    """Calls of the round under way to who has not rated, the first at `called_at`."""
    called_at: datetime | None = None
    uncallable: bool = False
    instant: bool = False
    """Of the last round: a top mark as soon as asked; `burst`, one of many at once for the same assignee."""
    burst: bool = False
    departments: tuple[str, ...] = ()
    """Units of departments that have accepted the work at any time; `scored`, what was said of them."""
    scored: tuple[Scored, ...] = ()


class Case(Stored, frozen=True, kw_only=True):
    """What the rates need of one ticket; `resolved` and `satisfaction` are the answers of its last round."""

    state: str = "none"
    ended: str | None = None
    received_at: datetime | None = None
    source: str | None = None
    channel: str | None = None
    category: str | None = None
    grid: str | None = None
    severity: str | None = None
    assignee: str | None = None
    assignee_kind: str | None = None
    unit: str | None = None
    contract: str | None = None
    """Under which the work was done that counts now; a rework is done under the same."""
    contact_due_at: datetime | None = None
    contacted_in_time: bool | None = None
    contacted_at: datetime | None = None
    contact_missed: bool = False
    hops: int = 0
    returns: int = 0
    expiries: int = 0
    on_time: bool | None = None
    handled_at: datetime | None = None
    """When the work was reported last."""
    reworks: int = 0
    round: int = 0
    asked_at: datetime | None = None
    window_ends_at: datetime | None = None
    rated_at: datetime | None = None
    resolved: str | None = None
    satisfaction: str | None = None
    aside: Aside | None = None

    @property
    def more(self) -> Aside:
        """What only few cases have, or nothing of it."""
        return self.aside or NOTHING


class Proof(Struct, frozen=True, kw_only=True):
    """What a rating has shown: its way, and for which round its key was made (None: a trusted system)."""

    way: RatingWay
    round: int | None = None


NOTHING = Aside()
