"""Which ticket an inbound event is about, and by which key it goes."""

from contracts.event import Event
from contracts.intake.request import Inbound, RequestSubmitted
from contracts.numbering import ticket_number


def ticket_of(source: str, event: Event) -> str:
    """The ticket an inbound event of `source` is about: named by it, or to be born from it."""
    if isinstance(event, RequestSubmitted):
        return ticket_number(source, event.external_id)
    assert isinstance(event, Inbound)
    return event.ticket


def routing_key(source: str, event: Event) -> str:
    """`<area>.<ticket>`: which service hears the event, and what keeps one ticket's events in order."""
    assert isinstance(event, Inbound | RequestSubmitted)
    return f"{event.AREA}.{ticket_of(source, event)}"
