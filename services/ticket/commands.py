"""What the ticket service can be told to do; the time and the rules in force arrive with the command."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from contracts.actor import Actor
from contracts.event import Event
from contracts.intake import RequestSubmitted, SensorOffline, SensorRaised
from contracts.ticket import Alike, Suggested
from contracts.worktime import Calendar
from services.ticket.letters import Letter
from services.ticket.place.gazetteer import Found

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


class Primary(Struct, frozen=True, kw_only=True):
    """A ticket that another may follow, as it was a moment ago; `primary` is the one it follows itself."""

    id: str
    state: str = "new"
    category: str | None = None
    severity: str = "general"
    grid: str | None = None
    received_at: datetime | None = None
    primary: str | None = None


class Match(Struct, frozen=True):
    """An open ticket with the very same words; with `repeat` the same person asked."""

    primary: Primary
    repeat: bool


class RegisterRequest(Struct, frozen=True, kw_only=True):
    """Make a ticket of a request; where one with the same words is open it follows that (`match`).

    What the request left open was `found` out of its place and `suggested` from its words.
    """

    source: str
    request: RequestSubmitted
    at: datetime
    rules: Mapping[str, Rule]
    calendar: Calendar
    match: Match | None = None
    found: Found | None = None
    suggested: Suggested | None = None


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


class MergeTicket(Struct, frozen=True, kw_only=True):
    """The ticket is about the same as its `primary`; without an actor the rule says so."""

    primary: Primary | None
    at: datetime
    rules: Mapping[str, Rule]
    actor: Actor | None = None
    repeat: bool = False
    reason_code: str = "ordered"


class SuspectDuplicate(Struct, frozen=True, kw_only=True):
    """The words are much like those of these open tickets, of which each comes with its likeness."""

    ticket: str
    alike: Sequence[Alike]


class ReadLetters(Struct, frozen=True, kw_only=True):
    """Other tickets have written."""

    letters: Sequence[Letter]
    at: datetime
    rules: Mapping[str, Rule]
    calendar: Calendar


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


class Timed(Struct, frozen=True, kw_only=True):
    """What a timer says, with the time and the rules it meets."""

    at: datetime
    rules: Mapping[str, Rule]
    calendar: Calendar


class RaiseAlarm(Timed, frozen=True, kw_only=True):
    """A device raises its alarm; `request` makes it a ticket where there is none."""

    said: SensorRaised
    severity: str
    request: RegisterRequest


class ClearAlarm(Timed, frozen=True, kw_only=True):
    """The device no longer raises it."""


class ReportOffline(Timed, frozen=True, kw_only=True):
    """Nothing is heard of the device; `request` is to mend it."""

    said: SensorOffline
    request: RegisterRequest


class RepeatAlarm(Timed, frozen=True, kw_only=True):
    """The time in which somebody had to react to an alarm is over."""


class RingAlarm(Timed, frozen=True, kw_only=True):
    """The time of a deadline, of its warning, of the next escalation or of the end of a pause has come."""
