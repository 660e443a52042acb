"""Standing orders and their visits; key is the order's number, of what became of a visit the ticket's."""

from typing import Literal

from contracts.actor import Actor
from contracts.event import Event
from contracts.plan import Plan
from contracts.terms import Code, Instant, Label, OrderNo, Source, TicketNo


class StandingOrderOpened(Event, frozen=True, kw_only=True):
    """Visits take place by the plan, the first at `next_at`; who is visited stays in the vault."""

    source: Source
    external_id: Label
    plan: Plan
    by: Actor
    next_at: Instant
    requester_ref: Code | None = None


class StandingOrderChanged(Event, frozen=True, kw_only=True):
    """The plan from now on; `next_at` is None while the order is paused."""

    plan: Plan
    by: Actor
    next_at: Instant | None = None


class StandingOrderPaused(Event, frozen=True, kw_only=True):
    """No visits until it is resumed."""

    reason_code: Code
    by: Actor


class StandingOrderResumed(Event, frozen=True, kw_only=True):
    """Visits again, the first at `next_at`."""

    by: Actor
    next_at: Instant


class StandingOrderEnded(Event, frozen=True, kw_only=True):
    """No visits any more: a person has said so, or the plan's last one is over (`over`)."""

    reason_code: Code
    by: Actor | None = None


class VisitDue(Event, frozen=True, kw_only=True):
    """A visit becomes a ticket; by `confirm_by` somebody must have been there."""

    visit_at: Instant
    ticket: TicketNo
    confirm_by: Instant | None = None


class VisitSkipped(Event, frozen=True, kw_only=True):
    """A visit that should have taken place will not: its time passed while nobody was there to open it."""

    visit_at: Instant
    reason_code: Literal["too_late"]


class VisitConfirmed(Event, frozen=True, kw_only=True):
    """Somebody has been in touch with the person who lives alone."""

    order: OrderNo
    visit_at: Instant


class VisitMissed(Event, frozen=True, kw_only=True):
    """Nobody has been in touch in time: `welfare_check` is the urgent ticket that follows."""

    order: OrderNo
    visit_at: Instant
    confirm_by: Instant
    welfare_check: TicketNo
    assignee: Code | None = None
