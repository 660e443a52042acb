"""What devices say: an alarm is raised, it is over, a device cannot be reached any more."""

from typing import ClassVar, Literal

from contracts.intake.request import Area, FromOutside
from contracts.terms import Code, Label


class DeviceSaid(FromOutside, frozen=True, kw_only=True):
    """What a device says, or is said of it; `kind` is what it watches: smoke, gas, fall, water."""

    AREA: ClassVar[Area] = "request"
    device: Code
    kind: Code
    grid: Code


class SensorRaised(DeviceSaid, frozen=True, kw_only=True):
    """The device raises an alarm, perhaps again; `category` is that of the work, without it the kind."""

    severity: Literal["urgent", "emergency"]
    category: Label | None = None


class SensorCleared(DeviceSaid, frozen=True, kw_only=True):
    """The device no longer raises the alarm; somebody has to see to it all the same."""


class SensorOffline(DeviceSaid, frozen=True, kw_only=True):
    """Nothing is heard of the device; until it is mended nobody is warned."""
