"""What every event of the published language is: a frozen struct that knows its CloudEvents type."""

from typing import ClassVar

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """A fact another office or service may rely on; each is declared once, among its publisher's."""

    VERSION: ClassVar[int] = 1


def publisher_of(event: type[Event]) -> str:
    """Who publishes `event`: the file or folder of contracts that declares it."""
    return event.__module__.split(".")[1]


def type_of(event: type[Event]) -> str:
    """The CloudEvents `type` of `event`, e.g. `cn.fengge.ticket.TicketAccepted.v1`."""
    return f"cn.fengge.{publisher_of(event)}.{event.__name__}.v{event.VERSION}"
