"""What the ticket service can be told to do; the time and the rules in force arrive with the command."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from contracts.actor import Actor
from contracts.event import Event
from contracts.intake import RequestSubmitted
from services.ticket.deadlines import Calendar

REQUESTER = Actor(role="requester", id="requester")
"""Whose code is never published: a sender might take a number to call for it."""


class Rule(Struct, frozen=True):
    """A policy as the decision needs it: figures by key, and the version a fact names."""

    name: str
    version: int
    value: Mapping[str, Any]

    def span(self, severity: str, category: str | None, source: str) -> str:
        """The span this policy allows: what it says of the source, else of the category, else at all."""
        by_source = self.value.get("by_source", {}).get(source, {})
        by_category = self.value.get("by_category", {}).get(category, {})
        return str(by_source.get(severity) or by_category.get(severity) or self.value[severity])


class RegisterRequest(Struct, frozen=True, kw_only=True):
    """Make a ticket of a request."""

    source: str
    request: RequestSubmitted
    at: datetime
    rules: Mapping[str, Rule]
    calendar: Calendar


class TriageTicket(Struct, frozen=True, kw_only=True):
    """The desk says what and where it is; without an actor the request itself says so."""

    category: str | None
    severity: str
    grid: str | None
    at: datetime
    rules: Mapping[str, Rule]
    calendar: Calendar
    actor: Actor | None = None


class DeclineTicket(Struct, frozen=True, kw_only=True):
    """The desk does not accept the request."""

    reason_code: str
    statutory_path: str
    actor: Actor
    at: datetime


class CancelTicket(Struct, frozen=True, kw_only=True):
    """The requester takes it back."""

    reason_code: str
    confirmed: bool
    actor: Actor = REQUESTER


class Observe(Struct, frozen=True, kw_only=True):
    """Another service has published a fact about this ticket."""

    fact: Event
    at: datetime
    rules: Mapping[str, Rule]
    calendar: Calendar


class RingAlarm(Struct, frozen=True, kw_only=True):
    """The time of a deadline, of its warning, of the next escalation or of the end of a pause has come."""

    at: datetime
    rules: Mapping[str, Rule]
    calendar: Calendar
