"""Which ticket an event of a device is about, pure: the open one, or one that the event opens."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from contracts import intake
from contracts.cloudevent import CloudEvent
from contracts.numbering import ticket_number
from services.ticket.alarms import external_id


class Device(Struct):
    """A device and the tickets it had last: of an alarm, and of its silence."""

    source: str
    device: str
    ticket: str | None = None
    offline_ticket: str | None = None


def addressed(
    devices: Sequence[Device], open_: set[str], events: Sequence[CloudEvent[Any]]
) -> list[str | None]:
    """The number of each event's ticket, the events in their order; None where there is none to clear."""
    known = {(each.source, each.device): each for each in devices}
    taken = set(open_)
    keys: list[str | None] = []
    for event in events:
        device = known[event.source, event.data.device]
        if isinstance(event.data, intake.SensorRaised):
            device.ticket = _open_or_new(device.ticket, taken, event)
        elif isinstance(event.data, intake.SensorOffline):
            device.offline_ticket = _open_or_new(device.offline_ticket, taken, event)
        silent = isinstance(event.data, intake.SensorOffline)
        keys.append(device.offline_ticket if silent else device.ticket)
    return keys


def _open_or_new(number: str | None, taken: set[str], event: CloudEvent[Any]) -> str:
    """A number that is taken from now on."""
    if number is None or number not in taken:
        number = ticket_number(event.source, external_id(event))
    taken.add(number)
    return number
