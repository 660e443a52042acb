"""All events of the published language by their CloudEvents type."""

from types import ModuleType

from contracts import dispatch, evaluation, intake, notification, ticket
from contracts.event import Event, publisher_of, type_of

SERVICES = ("ticket", "dispatch", "notification", "evaluation")
LEDGERS = (*SERVICES, "gateway")
"""Who has a schema, a role and queues: the services, and the door that keeps what it takes in."""
CONSOLE = "console"
SCHEMAS = (*LEDGERS, CONSOLE)
"""Who has a schema and a role: the ledgers, and the operators' room, which looks at all of them."""


def events_of(publisher: ModuleType) -> tuple[type[Event], ...]:
    """The events that `publisher` declares, in the order of its file or folder."""
    return tuple(
        item
        for item in vars(publisher).values()
        if isinstance(item, type)
        and issubclass(item, Event)
        and f"contracts.{publisher_of(item)}" == publisher.__name__
        and item not in (intake.FromOutside, intake.Inbound, intake.Said, intake.OrderSaid, intake.DeviceSaid)
    )


EVENTS: dict[str, type[Event]] = {
    type_of(event): event
    for publisher in (intake, ticket, dispatch, evaluation, notification)
    for event in events_of(publisher)
}

INBOUND: dict[str, type[Event]] = {
    name: event
    for name, event in EVENTS.items()
    if publisher_of(event) == "intake" and event is not intake.EventRefused
}
"""What outside systems may send."""
