"""Private facts of a dispatch: what was said and ruled in words, and what only dispatch keeps."""

from datetime import datetime

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
