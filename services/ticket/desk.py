"""What people at the desk, assignees and requesters can tell a ticket to do on its way."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from contracts.actor import Actor
from contracts.intake import Part
from contracts.terms import EmergencyLine, Missing, Resolved, Satisfaction, Severity
from contracts.worktime import Calendar
from services.ticket.commands import Rule


class Order(Struct, frozen=True, kw_only=True):
    """A person's command, with the time and the rules it meets."""

    actor: Actor
    at: datetime
    rules: Mapping[str, Rule]
    calendar: Calendar


class ObjectToDecline(Order, frozen=True, kw_only=True):
    """Have a declined request looked at once more."""


class RequestInformation(Order, frozen=True, kw_only=True):
    """Ask the requester."""

    missing: list[Missing]


class ProvideInformation(Order, frozen=True, kw_only=True):
    """Add what was missing."""

    words: str


class AskSuspension(Order, frozen=True, kw_only=True):
    """Want a pause."""

    plan: str
    review_at: datetime
    requester_told: bool


class ApproveSuspension(Order, frozen=True, kw_only=True):
    """Let the clock pause."""


class RefuseSuspension(Order, frozen=True, kw_only=True):
    """Let the clock run on."""

    reason_code: str


class ResumeTicket(Order, frozen=True, kw_only=True):
    """End the pause."""

    reason_code: str


class AskExtension(Order, frozen=True, kw_only=True):
    """Want more time."""

    span: str
    reason_code: str


class ApproveExtension(Order, frozen=True, kw_only=True):
    """Grant more time."""


class RefuseExtension(Order, frozen=True, kw_only=True):
    """Grant none."""

    reason_code: str


class RemindTicket(Order, frozen=True, kw_only=True):
    """Urge whoever holds it."""


class SuperviseTicket(Order, frozen=True, kw_only=True):
    """Watch it."""

    reason_code: str


class EscalateTicket(Order, frozen=True, kw_only=True):
    """Watch it, one level up."""

    reason_code: str


class VerifyOutcome(Order, frozen=True, kw_only=True):
    """Let the outcome pass."""


class RequestRework(Order, frozen=True, kw_only=True):
    """Send the outcome back."""

    reason_code: str


class ReopenTicket(Order, frozen=True, kw_only=True):
    """Have it done again."""

    resolved: Resolved
    satisfaction: Satisfaction


class ProposeFinalAnswer(Order, frozen=True, kw_only=True):
    """Sign first."""

    answer_code: str


class GiveFinalAnswer(Order, frozen=True, kw_only=True):
    """Sign as the second."""

    answer_code: str


class SplitTicket(Order, frozen=True, kw_only=True):
    """Let others do parts of it."""

    parts: Sequence[Part]


class WaiveChild(Order, frozen=True, kw_only=True):
    """Do not wait for a part."""

    child: str
    reason_code: str


class UnmergeTicket(Order, frozen=True, kw_only=True):
    """Let it stand for itself."""

    reason_code: str


class ChangeSeverity(Order, frozen=True, kw_only=True):
    """Say how grave it is."""

    severity: Severity
    reason_code: str | None = None


class RecordHandOver(Order, frozen=True, kw_only=True):
    """An emergency line has it as well."""

    line: EmergencyLine
    reference: str
    happened_at: datetime


class AddComment(Order, frozen=True, kw_only=True):
    """Add a note."""

    words: str
    internal: bool
