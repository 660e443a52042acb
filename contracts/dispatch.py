"""Facts of the dispatch service: who was offered the work, who took it, and why."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.actor import Actor
from contracts.event import Event
from contracts.terms import (
    AssigneeKind,
    Code,
    Count,
    Day,
    Instant,
    Label,
    Points,
    Resolved,
    ReturnCode,
    Severity,
    WhistleCause,
)

Mode = Literal["direct", "sequential", "claim"]


class Candidate(Struct, frozen=True, kw_only=True):
    """One assignee the engine weighed: score in points, and what the points were given for."""

    assignee: Code
    kind: AssigneeKind
    score: Points
    points: dict[Code, Points]


class Exclusion(Struct, frozen=True, kw_only=True):
    """One assignee the hard filters took out, and the filter's name."""

    assignee: Code
    reason: Code


class Precedent(Struct, frozen=True, kw_only=True):
    """What an adjudicator has last ruled for this kind of work at this place."""

    assignee: Code
    reason_code: Code
    ruled_at: Instant
    unit: Code | None = None


class Fence(Struct, frozen=True, kw_only=True):
    """No list allows the work: the edition of the lists, the entry nearest to it, and whose it may be.

    The entry is the one that had it until `valid_to`, or will have it, or else the one most like it.
    """

    lists_version: Count
    proposed_unit: Code | None = None
    catalogue: Code | None = None
    catalogue_version: Count | None = None
    category: Code | None = None
    valid_to: Day | None = None


class Ordered(Struct, frozen=True, kw_only=True):
    """Who named the assignee instead of the engine, why, and what would have kept the engine from it."""

    by: Actor
    reason_code: Code
    waived: list[Code] = []


class Explanation(Struct, frozen=True, kw_only=True):
    """Why this assignee: candidates, exclusions, how the place was found, rulings, what no list has."""

    place: Code
    kinds: list[AssigneeKind]
    candidates: Annotated[list[Candidate], Meta(max_length=5)]
    excluded: Annotated[list[Exclusion], Meta(max_length=10)] = []
    precedent: Precedent | None = None
    rules_version: Count | None = None
    fence: Fence | None = None
    ordered: Ordered | None = None


class DispatchStarted(Event, frozen=True, kw_only=True):
    """The catalogue allows the work and says how it is offered."""

    category: Label
    grid: Code
    catalogue: Code
    catalogue_version: Count
    mode: Mode


class DispatchBlocked(Event, frozen=True, kw_only=True):
    """The engine cannot go on by itself; the community desk, or whom a ruling names, is asked.

    `fence` tells of work outside the lists which lists and which version do not have it.
    """

    reason: Literal["unknown_category", "unknown_grid", "no_candidate", "no_desk"]
    detail: Label
    proposed_unit: Code | None = None
    fence: Fence | None = None


class DispatchAlarmed(Event, frozen=True, kw_only=True):
    """Somebody else is asked, but a supervisor has to see to it: `about` names the place or the contract.

    `left` and `quota` tell how much of a contract that runs low is left.
    """

    reason: Literal["rota_gap", "contract_expired", "quota_used_up", "quota_low"]
    about: Code
    left: Count | None = None
    quota: Count | None = None


class RotaGapForeseen(Event, frozen=True, kw_only=True):
    """Nobody will be on duty in a cell from `starts_at` on, unless somebody is found; it is no ticket's.

    `ends_at` is missing where nobody will be on duty for a year. The partition key is the rota's, `RT-…`.
    """

    cell: Code
    starts_at: Instant
    ends_at: Instant | None = None


class OfferMade(Event, frozen=True, kw_only=True):
    """The work is offered to one assignee until `expires_at`; `hop` counts offers from 1."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    hop: Count
    expires_at: Instant
    explanation: Explanation
    unit: Code | None = None
    mode: Mode | None = None


class ClaimOpened(Event, frozen=True, kw_only=True):
    """Everybody who could be asked may claim it until `expires_at`: the first valid claim has it (抢单)."""

    assignment: Code
    hop: Count
    expires_at: Instant
    explanation: Explanation


class OfferExpired(Event, frozen=True, kw_only=True):
    """Nobody answered in time; the next candidate follows."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    hop: Count


class AssignmentAccepted(Event, frozen=True, kw_only=True):
    """The assignee took the work and must contact the requester by `contact_due_at`."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    hop: Count
    contact_due_at: Instant
    unit: Code | None = None


class AssignmentReturned(Event, frozen=True, kw_only=True):
    """The assignee gave the offer back with a reason; the words of its basis stay inside."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    hop: Count
    code: ReturnCode
    proposed_unit: Code | None = None
    basis_code: Code | None = None


class ObjectionOpened(Event, frozen=True, kw_only=True):
    """Whose it is, is disputed: nobody else is asked until an adjudicator has ruled."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    cause: Literal["second_return", "dispute"]
    code: ReturnCode
    unit: Code | None = None
    proposed_unit: Code | None = None
    basis_code: Code | None = None


class ObjectionRuled(Event, frozen=True, kw_only=True):
    """The adjudicator has ruled: the assignee has it, and does not give it back as not his."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    hop: Count
    reason_code: Code
    by: Actor
    unit: Code | None = None


class ResponseHastened(Event, frozen=True, kw_only=True):
    """The severity has risen: the offer stands until `expires_at`, or the first contact is due earlier."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    severity: Severity
    expires_at: Instant | None = None
    contact_due_at: Instant | None = None


class AssignmentRevoked(Event, frozen=True, kw_only=True):
    """It is taken from who was asked or had it, and somebody else gets it; `by` a person, or else a rule."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    hop: Count
    reason_code: Code
    by: Actor | None = None


class AssignmentWithdrawn(Event, frozen=True, kw_only=True):
    """The offer or assignment ends because the ticket does, or because somebody else leads."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    reason: Code


class FirstContactMade(Event, frozen=True, kw_only=True):
    """The requester was reached."""

    assignment: Code
    assignee: Code
    in_time: bool


class AssignmentDone(Event, frozen=True, kw_only=True):
    """The lead reported the outcome; `contract` is whose unit it used up, which a rework does not again."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    resolved: Resolved
    unit: Code | None = None
    unresolved_reason: Code | None = None
    contract: Code | None = None


class AssignmentReopened(Event, frozen=True, kw_only=True):
    """The same lead takes the rework."""

    assignment: Code
    assignee: Code
    kind: AssigneeKind
    hop: Count
    contact_due_at: Instant


class DepartmentCalled(Event, frozen=True, kw_only=True):
    """A department has to be at the place by `arrive_by`; `whistle` counts whistles of the ticket from 1."""

    whistle: Count
    assignee: Code
    cause: WhistleCause
    arrive_by: Instant
    reason_code: Code
    by: Actor
    unit: Code | None = None


class DepartmentArrived(Event, frozen=True, kw_only=True):
    """A department that was called is there; it may be scored from now on."""

    whistle: Count
    assignee: Code
    at: Instant
    in_time: bool
    by: Actor
    unit: Code | None = None


class DepartmentMissed(Event, frozen=True, kw_only=True):
    """A department that was called was not there by `arrive_by`; it may still come."""

    whistle: Count
    assignee: Code
    arrive_by: Instant
    unit: Code | None = None
