"""What became of a batch, and what is to be done once it is committed."""

from dataclasses import dataclass, field
from typing import Any

from chassis.delivery import Arrival
from chassis.outbox import Message
from chassis.states import Stored
from chassis.waiting import Stream
from contracts.cloudevent import CloudEvent


@dataclass
class Tally:
    """What became of a batch, and the messages to hand to the relay once it is committed."""

    messages: list[Message] = field(default_factory=list)
    ready: list[Arrival] = field(default_factory=list)
    """What has had its effect."""
    published: list[CloudEvent[Any]] = field(default_factory=list)
    effected: int = 0
    repeated: int = 0
    early: int = 0
    parked: int = 0
    redelivered: int = 0
    waiting: int = 0
    """Events of the broker that wait now: behind a gap, or for their next try."""
    resumed: int = 0
    """Events of the waiting line that wait no more."""
    failed: list[str] = field(default_factory=list)
    """Tickets whose timer commands failed."""
    moved: dict[Stream, int] = field(default_factory=dict)
    """How far the streams have come."""
    saved: dict[str, Stored] = field(default_factory=dict)
    """States as they are once this is committed."""

    def add(self, part: "Tally") -> None:
        """Counts what became of a part of the batch."""
        self.messages += part.messages
        self.ready += part.ready
        self.published += part.published
        self.effected += part.effected
        self.repeated += part.repeated
        self.early += part.early
        self.parked += part.parked
        self.redelivered += part.redelivered
        self.waiting += part.waiting
        self.resumed += part.resumed
        self.failed += part.failed
        self.moved |= part.moved
        self.saved |= part.saved
