"""What the ticket service can be told to do; the time and the rules in force arrive with the command."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from contracts.event import Event
from contracts.intake import RequestSubmitted


class Rule(Struct, frozen=True):
    """A policy as the decision needs it: figures by key, and the version a fact names."""

    name: str
    version: int
    value: Mapping[str, Any]

    def seconds(self, severity: str) -> timedelta:
        """The span this policy allows at `severity`."""
        return timedelta(seconds=self.value[severity])


class RegisterRequest(Struct, frozen=True, kw_only=True):
    """Make a ticket of a request."""

    source: str
    request: RequestSubmitted
    at: datetime
    rules: Mapping[str, Rule]


class TriageTicket(Struct, frozen=True, kw_only=True):
    """The desk says what and where it is."""

    category: str
    severity: str
    grid: str
    at: datetime
    rules: Mapping[str, Rule]


class DeclineTicket(Struct, frozen=True, kw_only=True):
    """The desk does not accept the request."""

    reason_code: str
    statutory_path: str
    operator: str


class CancelTicket(Struct, frozen=True, kw_only=True):
    """The requester takes it back."""

    reason_code: str
    confirmed: bool


class Observe(Struct, frozen=True, kw_only=True):
    """Another service has published a fact about this ticket."""

    fact: Event
    at: datetime
    rules: Mapping[str, Rule]
