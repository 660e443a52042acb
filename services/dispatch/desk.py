"""What people at the desk can tell dispatch to do: name who is asked, take work back, call departments."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from contracts.actor import Actor
from contracts.terms import WhistleCause
from services.dispatch.commands import Windows
from services.dispatch.engine import Pool
from services.dispatch.filters import Option


class Order(Struct, frozen=True, kw_only=True):
    """A person's order and its reason, with what the engine knows at that moment."""

    actor: Actor
    reason_code: str
    pool: Pool
    windows: Windows
    at: datetime


class AssignTicket(Order, frozen=True, kw_only=True):
    """Ask somebody by name: `said` is the code of an assignee or a unit.

    `named` is whom the directory has for it, `option` the same as the engine sees him at the ticket's place.
    """

    said: str
    named: Option | None
    option: Option | None


class ReassignTicket(AssignTicket, frozen=True, kw_only=True):
    """Take it from whoever has it and ask somebody by name."""


class TakeBack(Order, frozen=True, kw_only=True):
    """Take it from whoever was asked or has it; the engine goes on."""


class BlowWhistle(Struct, frozen=True, kw_only=True):
    """Call departments to the place; `named` has whom the directory knows for each code."""

    actor: Actor
    reason_code: str
    cause: WhistleCause
    departments: Sequence[str]
    named: Mapping[str, Option]
    arrive_by: datetime
    basis: str
    at: datetime


class ReportArrival(Struct, frozen=True, kw_only=True):
    """A department that was called is there since `arrived_at`."""

    actor: Actor
    department: str
    arrived_at: datetime
    at: datetime


class MissArrivals(Struct, frozen=True, kw_only=True):
    """The time to arrive is over."""

    at: datetime
