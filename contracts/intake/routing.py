"""Which ticket an inbound event is about, and by which key it goes."""

from contracts.event import Event
from contracts.intake.orders import OrderSaid, StandingOrderPlaced
from contracts.intake.request import FromOutside, Inbound, RequestSubmitted
from contracts.intake.sensors import DeviceSaid
from contracts.numbering import device_key, order_number, ticket_number


def ticket_of(source: str, event: Event) -> str:
    """What an inbound event of `source` is about: a ticket or order it names, or that is born from it.

    Of a device: the device, for only the ticket service knows whether its ticket is open.
    """
    match event:
        case Inbound():
            return event.ticket
        case RequestSubmitted():
            return ticket_number(source, event.external_id)
        case OrderSaid():
            return event.order
        case StandingOrderPlaced():
            return order_number(source, event.external_id)
        case DeviceSaid():
            return device_key(source, event.device)
    raise TypeError(f"{type(event).__name__} does not come from outside")


def routing_key(source: str, event: Event) -> str:
    """`<area>.<ticket>`: which service hears the event, and what keeps one ticket's events in order."""
    assert isinstance(event, FromOutside)
    return f"{event.AREA}.{ticket_of(source, event)}"
