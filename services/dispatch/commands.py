"""What dispatch can be told to do; time, windows and the pool of options arrive with the command."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from services.dispatch.engine import Pool


class Windows(Struct, frozen=True, kw_only=True):
    """How long an offer stands and how soon the first contact is due, by severity, in seconds."""

    offer: Mapping[str, int]
    contact: Mapping[str, int]


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


class ReturnAssignment(Struct, frozen=True, kw_only=True):
    """The assignee gives the offer or the assignment back."""

    assignment: str
    assignee: str
    code: Any
    proposed_unit: str | None
    pool: Pool
    windows: Windows
    at: datetime


class ExpireOffer(Struct, frozen=True, kw_only=True):
    """Nobody answered in time."""

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


class ReopenAssignment(Struct, frozen=True, kw_only=True):
    """The requester was not satisfied: the same lead works again."""

    windows: Windows
    at: datetime


class WithdrawAssignment(Struct, frozen=True, kw_only=True):
    """The ticket has ended before the work did."""

    reason: str
