"""Standing orders: opened, changed, paused, resumed and ended by the desk or a grid officer."""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.actor import Actor
from contracts.intake.request import Area, FromOutside, Requester
from contracts.plan import Plan
from contracts.terms import NO_NUL, Body, Code, Label, OrderNo, Title

Address = Annotated[str, Meta(max_length=500, pattern=NO_NUL)]


class StandingOrderPlaced(FromOutside, frozen=True, kw_only=True):
    """Somebody is to be visited again and again; `external_id` is the sender's own number of the order."""

    AREA: ClassVar[Area] = "request"
    external_id: Label
    actor: Actor
    plan: Plan
    title: Title
    body: Body = ""
    address: Address | None = None
    requester: Requester | None = None


class OrderSaid(FromOutside, frozen=True, kw_only=True):
    """What a person says about a standing order, and in which role."""

    AREA: ClassVar[Area] = "request"
    order: OrderNo
    actor: Actor


class StandingOrderChanged(OrderSaid, frozen=True, kw_only=True):
    """From now on another plan, or other words (all of them, where `title` is given), or another person."""

    plan: Plan | None = None
    title: Title | None = None
    body: Body = ""
    address: Address | None = None
    requester: Requester | None = None


class StandingOrderPaused(OrderSaid, frozen=True, kw_only=True):
    """No visits until it is resumed."""

    reason_code: Code


class StandingOrderResumed(OrderSaid, frozen=True, kw_only=True):
    """Visits again, from now on."""


class StandingOrderEnded(OrderSaid, frozen=True, kw_only=True):
    """No visits any more."""

    reason_code: Code
