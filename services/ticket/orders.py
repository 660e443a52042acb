"""A standing order and its visits as values, and what they can be told to do."""

from datetime import datetime
from typing import ClassVar, Literal

from msgspec import Struct

from chassis.states import Stored
from contracts.numbering import ticket_number
from contracts.plan import Plan
from contracts.terms import CHINA
from services.ticket.commands import Timed
from services.ticket.desk import Order
from services.ticket.state import Intake

SOURCE = "urn:fengge:standing-orders"
"""Where the requests of visits and welfare checks come from; nobody outside may send in this name."""


class StandingOrder(Stored, frozen=True, kw_only=True):
    """The state of one standing order; `intake` lives only in the transaction that receives it.

    Visits up to `seen` have become tickets, or never will; the next one becomes one at `due_at`.
    """

    NOUN: ClassVar[str] = "standing order"

    state: str = "new"
    source: str = ""
    external_id: str = ""
    plan: Plan | None = None
    requester_ref: str | None = None
    seen: datetime | None = None
    due_at: datetime | None = None
    intake: Intake | None = None


Kind = Literal["visit", "welfare_check"]


class Visit(Struct, frozen=True, kw_only=True):
    """A visit or a welfare check that is or will be a ticket; `said` is what its order keeps in the vault."""

    ticket: str
    kind: Kind
    visit_at: datetime
    confirm_by: datetime | None
    opened: bool
    order: StandingOrder
    said: Intake | None = None


def external_id(order: str, visit_at: datetime, kind: Kind) -> str:
    """What a visit or a welfare check is called where tickets have their sender's number."""
    return f"{order}/{visit_at.astimezone(CHINA):%Y-%m-%dT%H:%M}/{kind}"


def ticket_of(order: str, visit_at: datetime, kind: Kind) -> str:
    """The number of its ticket, which is known before there is one."""
    return ticket_number(SOURCE, external_id(order, visit_at, kind))


class OpenStandingOrder(Order, frozen=True, kw_only=True):
    """Visit somebody again and again."""

    source: str
    external_id: str
    plan: Plan
    intake: Intake


class ChangeStandingOrder(Order, frozen=True, kw_only=True):
    """By another plan, or with other words."""

    plan: Plan | None
    intake: Intake | None


class PauseStandingOrder(Order, frozen=True, kw_only=True):
    """No visits for the time being."""

    reason_code: str


class ResumeStandingOrder(Order, frozen=True, kw_only=True):
    """Visits again."""


class EndStandingOrder(Order, frozen=True, kw_only=True):
    """No visits any more."""

    reason_code: str


class PlanVisits(Timed, frozen=True, kw_only=True):
    """The time of the next visit has come, or the calendar was changed."""


class CheckVisit(Timed, frozen=True, kw_only=True):
    """The time in which a visit had to be confirmed is over."""

    visit: Visit


class VisitsPlanned(Struct, frozen=True):
    """How far visits have become tickets, and when the next one does; private."""

    seen: datetime
    due_at: datetime | None
