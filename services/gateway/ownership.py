"""What an event is born from and which tickets it names: the ground of who may send it."""

from contracts.event import Event, type_of
from contracts.intake import RequestSubmitted, StandingOrderPlaced

BIRTHS = (type_of(RequestSubmitted), type_of(StandingOrderPlaced))
"""Events whose ticket or order is their sender's own from then on."""
NAMES = ("ticket", "primary", "child", "order")
"""Members of inbound events that hold the number of a ticket or an order which exists already."""


def named(event: Event) -> list[str]:
    """The numbers of tickets and orders that an event would change."""
    return [number for name in NAMES if (number := getattr(event, name, None))]
