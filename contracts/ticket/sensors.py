"""What devices do to tickets, and who is told until somebody reacts."""

from contracts.actor import Actor
from contracts.event import Event
from contracts.terms import Code, Count, EmergencyLine, Instant, Label, Severity, Source


class SensorAlarmRaised(Event, frozen=True, kw_only=True):
    """A device has raised its alarm for the `count`th time; `repeated` while its ticket was open already."""

    source: Source
    device: Code
    kind: Code
    severity: Severity
    at: Instant
    count: Count
    repeated: bool


class SensorAlarmCleared(Event, frozen=True, kw_only=True):
    """The alarm is over; the ticket stays. `assignee` has it, or was asked and has not `reacted` yet."""

    source: Source
    device: Code
    kind: Code
    at: Instant
    reacted: bool
    assignee: Code | None = None


class SensorWentOffline(Event, frozen=True, kw_only=True):
    """Nothing is heard of a device: somebody has to mend it."""

    source: Source
    device: Code
    kind: Code


class AlarmRepeated(Event, frozen=True, kw_only=True):
    """Nobody has reacted to an alarm in time; the next person is asked, for the `number`th time so."""

    source: Source
    device: Code
    kind: Code
    number: Count
    raised_at: Instant
    asked: Code | None = None


class EmergencyHandedOver(Event, frozen=True, kw_only=True):
    """An emergency line (110, 119, 120, 122) has it as well, under `reference`."""

    line: EmergencyLine
    reference: Label
    at: Instant
    by: Actor
