"""Devices in SQL: which ticket an event of a device is about, and whose alarm is raised again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from psycopg.rows import class_row

from chassis.database import Tx
from chassis.model import Changes, Stimulus
from chassis.rows import as_json, columns
from contracts import intake, ticket
from contracts.cloudevent import CloudEvent
from services.ticket.devices import Device, addressed
from services.ticket.state import OPEN, Ticket

HELLO = """
INSERT INTO sensor (source, device) SELECT source, device
FROM unnest(%s::text[], %s::text[]) AS said (source, device) ORDER BY source, device ON CONFLICT DO NOTHING
"""
DEVICES = """
SELECT source, device, ticket, offline_ticket FROM sensor
WHERE (source, device) IN (SELECT * FROM unnest(%s::text[], %s::text[])) ORDER BY source, device FOR UPDATE
"""
OPEN_ONES = "SELECT id FROM ticket WHERE id = ANY(%s) AND state = ANY(%s) ORDER BY id FOR UPDATE"
HEARD = """
UPDATE sensor SET state = said.state, kind = said.kind, ticket = coalesce(said.ticket, sensor.ticket),
    offline_ticket = coalesce(said.offline_ticket, sensor.offline_ticket)
FROM json_populate_recordset(null::sensor, %s) AS said
WHERE sensor.source = said.source AND sensor.device = said.device
"""
AGAIN = """
UPDATE sensor SET again_at = said.again_at FROM json_populate_recordset(null::sensor, %s) AS said
WHERE sensor.source = said.source AND sensor.device = said.device AND sensor.ticket = said.ticket
  AND sensor.again_at IS DISTINCT FROM said.again_at
"""
UNANSWERED = (
    "SELECT ticket FROM sensor WHERE again_at <= %s ORDER BY again_at LIMIT %s FOR UPDATE SKIP LOCKED"
)


def address(tx: Tx, stimuli: Sequence[Stimulus]) -> Sequence[Stimulus]:
    """The stimuli with those of devices made for the device's open ticket, or for one that they open.

    Locks the devices, and the tickets they have, so that no ticket ends meanwhile.
    """
    events = [event for one in stimuli if (event := of_device(one))]
    if not events:
        return stimuli
    listed = columns(sorted({(event.source, event.data.device) for event in events}), 2)
    tx.execute(HELLO, listed)
    with tx.cursor(row_factory=class_row(Device)) as cursor:
        devices = cursor.execute(DEVICES, listed).fetchall()
    known = [number for each in devices for number in (each.ticket, each.offline_ticket) if number]
    open_ = {number for (number,) in tx.execute(OPEN_ONES, [known, list(OPEN)])} if known else set()
    keys = iter(addressed(devices, open_, events))
    return [replace(one, key=next(keys) or one.key) if of_device(one) else one for one in stimuli]


def of_device(stimulus: Stimulus) -> CloudEvent[Any] | None:
    """The event, where a device has said it."""
    event: CloudEvent[Any] | None = stimulus.event
    return event if event is not None and isinstance(event.data, intake.DeviceSaid) else None


def unanswered(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets of alarms to which nobody has reacted in time; the devices' rows are locked."""
    return [number for (number,) in tx.execute(UNANSWERED, [now, limit])]


def save(tx: Tx, tickets: Sequence[Ticket], changes: Changes) -> None:
    """Writes what was heard of devices, and by when somebody must react to the alarms of these tickets."""
    heard = [row for event in changes.facts if (row := _heard(event.partitionkey, event.data))]
    if heard:
        tx.execute(HEARD, [as_json(heard)])
    again = [_again(each) for each in tickets if each.more.alarm]
    if again:
        tx.execute(AGAIN, [as_json(again)])


def _heard(number: str, fact: Any) -> dict[str, Any] | None:
    match fact:
        case ticket.SensorAlarmRaised():
            told = {"state": "raised", "ticket": number}
        case ticket.SensorAlarmCleared():
            told = {"state": "cleared"}
        case ticket.SensorWentOffline():
            told = {"state": "offline", "offline_ticket": number}
        case _:
            return None
    return {"source": fact.source, "device": fact.device, "kind": fact.kind, **told}


def _again(state: Ticket) -> dict[str, Any]:
    """A ticket that is no longer open has no alarm to repeat."""
    alarm = state.more.alarm
    assert alarm
    again_at = alarm.again_at if state.state in OPEN else None
    return {"source": alarm.source, "device": alarm.device, "ticket": state.id, "again_at": again_at}
