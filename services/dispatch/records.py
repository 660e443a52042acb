"""Private facts of a dispatch: what was said and ruled in words, and what only dispatch keeps."""

from datetime import datetime
from typing import Any

from msgspec import Struct


class Bound(Struct, frozen=True, kw_only=True):
    """Whom a ruling names, why and since when; he does not return it as not his."""

    assignee: str
    reason_code: str
    ruled_at: datetime


class GroundsRecorded(Struct, frozen=True, kw_only=True):
    """Why somebody gave it back, in his own words; kept here and never published."""

    assignment: str
    assignee: str
    at: datetime
    code: str
    basis: str
    basis_code: str | None
    proposed_unit: str | None


class RulingRecorded(Struct, frozen=True, kw_only=True):
    """What was ruled for which work where: a precedent. The words of its basis are never published."""

    at: datetime
    category: str
    grid: str
    assignee: str
    unit: str | None
    reason_code: str
    basis: str
    by: str


class SeverityNoted(Struct, frozen=True):
    """How grave it is from now on."""

    severity: str


class ReturnableUntil(Struct, frozen=True):
    """How long what was accepted may be returned."""

    until: datetime


class CaseEnded(Struct, frozen=True):
    """The ticket has ended while nobody had it."""


class Asked(Struct, frozen=True, kw_only=True):
    """What is to be done, where, and how urgent it is."""

    category: str
    grid: str
    severity: str


class ContractReserved(Struct, frozen=True):
    """One unit of a contract's quota is held for the offer, of the month that begins with `month`."""

    contract: str
    month: str = ""


class ContractReleased(Struct, frozen=True):
    """The held unit is free again."""

    contract: str
    month: str = ""


class ContractCommitted(Struct, frozen=True):
    """The held unit is used up."""

    contract: str
    month: str = ""


class OutcomeRecorded(Struct, frozen=True, kw_only=True):
    """What the assignee wrote, kept here and never published."""

    assignment: str
    text: str
    evidence: list[str]
    at: datetime
    minutes: int | None = None


class Claimed(Struct, frozen=True, kw_only=True):
    """Who has claimed it."""

    assignee: str
    kind: Any
    unit: str | None


class Awaited(Struct, frozen=True):
    """What is awaited until then; after that it goes on without."""

    until: datetime


class Postponed(Struct, frozen=True):
    """Nobody can be asked, not even a desk: looked at again at `until`."""

    until: datetime


class WhistleRecorded(Struct, frozen=True, kw_only=True):
    """Why departments were called, in the words of who did; kept here and never published."""

    whistle: int
    at: datetime
    cause: str
    reason_code: str
    basis: str
    by: str


class CallsDropped(Struct, frozen=True):
    """Nobody who was called is awaited any more."""
