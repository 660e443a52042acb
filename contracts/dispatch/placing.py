"""Looking for who does the work: begun, blocked, alarmed, offered."""

from typing import Literal

from contracts.dispatch.explanation import Explanation, Fence, Mode
from contracts.event import Event
from contracts.terms import AssigneeKind, Code, Count, Instant, Label


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
