"""What dispatch can be told to do; time, windows and the pool of options arrive with the command."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from contracts.actor import Actor
from contracts.terms import Severity
from services.dispatch.engine import Pool
from services.dispatch.filters import Option


class Windows(Struct, frozen=True, kw_only=True):
    """How long an offer stands, how soon the first contact is due, by severity, in seconds.

    `give_back` is how long after its acceptance an assignment may still be returned; `by_mode` how long an
    offer stands where the catalogue has people asked in another way than directly.
    """

    offer: Mapping[str, int]
    contact: Mapping[str, int]
    give_back: Mapping[str, int]
    by_mode: Mapping[str, Mapping[str, int]] = {}

    def offer_stands(self, severity: str, mode: str) -> timedelta:
        """How long an offer stands."""
        return timedelta(seconds=self.by_mode.get(mode, self.offer)[severity])

    def offer_ends(self, severity: str, at: datetime, mode: str = "direct") -> datetime:
        """When an offer made at `at` expires."""
        return at + self.offer_stands(severity, mode)

    def contact_due(self, severity: str, at: datetime) -> datetime:
        """When the first contact is due of what is accepted at `at`."""
        return at + timedelta(seconds=self.contact[severity])

    def return_ends(self, severity: str, at: datetime) -> datetime:
        """Until when what is accepted at `at` may be returned."""
        return at + timedelta(seconds=self.give_back[severity])


class StartDispatch(Struct, frozen=True, kw_only=True):
    """Find who does an accepted ticket."""

    category: str
    grid: str
    severity: str
    pool: Pool
    windows: Windows
    at: datetime


class AcceptAssignment(Struct, frozen=True, kw_only=True):
    """The assignee takes the offer."""

    assignment: str
    assignee: str
    windows: Windows
    at: datetime
    on_duty: bool = True


class ClaimOffer(Struct, frozen=True, kw_only=True):
    """Somebody wants what all may claim: who he is to the engine, and how much of what he claimed is open."""

    assignment: str
    assignee: str
    option: Option | None
    open_claims: int
    pool: Pool
    windows: Windows
    at: datetime


class ReturnAssignment(Struct, frozen=True, kw_only=True):
    """The assignee gives the offer or the assignment back; the `disputed_at`th time somebody must rule."""

    assignment: str
    assignee: str
    code: Any
    proposed_unit: str | None
    basis: str | None
    basis_code: str | None
    disputed_at: int
    pool: Pool
    windows: Windows
    at: datetime


class DisputeAssignment(Struct, frozen=True, kw_only=True):
    """A unit gives it back and wants a ruling."""

    assignment: str
    assignee: str
    code: Any
    proposed_unit: str
    basis: str
    basis_code: str | None
    at: datetime


class RuleObjection(Struct, frozen=True, kw_only=True):
    """Say whose it is: `said` is the code of an assignee or a unit, `named` whom the directory has for it."""

    actor: Actor
    said: str
    named: Option | None
    reason_code: str
    basis: str
    pool: Pool
    windows: Windows
    at: datetime


class ChangeSeverity(Struct, frozen=True, kw_only=True):
    """It is graver than was thought, or less grave."""

    severity: Severity
    windows: Windows
    at: datetime


class ExpireOffer(Struct, frozen=True, kw_only=True):
    """Nobody answered in time."""

    pool: Pool
    windows: Windows
    at: datetime


class AskNext(Struct, frozen=True, kw_only=True):
    """The ticket cannot wait until the offer is over: ask the next candidate."""

    pool: Pool
    windows: Windows
    at: datetime


class HandOver(Struct, frozen=True, kw_only=True):
    """The shift of who was asked is over."""

    pool: Pool
    windows: Windows
    at: datetime


class LogFirstContact(Struct, frozen=True, kw_only=True):
    """The assignee reached the requester."""

    assignment: str
    assignee: str
    at: datetime


class ReportWork(Struct, frozen=True, kw_only=True):
    """The assignee reports the outcome."""

    assignment: str
    assignee: str
    resolved: Any
    unresolved_reason: str | None
    outcome: str
    evidence: list[str]
    at: datetime
    minutes: int | None = None


class ReopenAssignment(Struct, frozen=True, kw_only=True):
    """The requester was not satisfied: the same lead works again."""

    windows: Windows
    at: datetime


class WithdrawAssignment(Struct, frozen=True, kw_only=True):
    """The ticket has ended before the work did."""

    reason: str
