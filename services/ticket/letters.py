"""What one ticket tells another: each reads its post in a transaction of its own, none holds two tickets."""

from typing import Any

import msgspec
from msgspec import Struct

from contracts.event import Event, type_of
from contracts.registry import EVENTS
from contracts.terms import Channel, Resolved, Satisfaction, Severity
from contracts.ticket import ChildState


class Joining(Struct, frozen=True, tag="joining"):
    """I follow you; with `repeat` the same person has asked twice."""

    repeat: bool


class Leaving(Struct, frozen=True, tag="leaving"):
    """I follow you no more."""

    reason_code: str


class Unhappy(Struct, frozen=True, tag="unhappy"):
    """My requester wants it done again."""

    resolved: Resolved
    satisfaction: Satisfaction


class Moved(Struct, frozen=True, tag="moved"):
    """This has happened to me, whom you follow."""

    kind: str
    data: dict[str, Any]

    @property
    def fact(self) -> Any:
        """What has happened."""
        return msgspec.convert(self.data, EVENTS[self.kind])


class NotTaken(Struct, frozen=True, tag="not_taken"):
    """You cannot follow me: I am over, or follow another."""


class NotReopened(Struct, frozen=True, tag="not_reopened"):
    """It is not done again, whatever your requester says."""

    resolved: Resolved
    satisfaction: Satisfaction


class Opening(Struct, frozen=True, kw_only=True, tag="opening"):
    """You are a part of my work."""

    external_id: str
    category: str
    severity: Severity
    grid: str
    channel: Channel
    lives_alone: bool


class Progress(Struct, frozen=True, tag="progress"):
    """This has become of me, who am a part of your work."""

    state: ChildState


class Ended(Struct, frozen=True, tag="ended"):
    """I am over, of whose work you are a part."""

    state: ChildState


Body = Joining | Leaving | Unhappy | Moved | NotTaken | NotReopened | Opening | Progress | Ended


class Letter(Struct, frozen=True, kw_only=True):
    """From the ticket `sender` to `ticket`; `no` is its place in the post, 0 before it is posted."""

    ticket: str
    sender: str
    body: Body
    no: int = 0


class LetterWritten(Struct, frozen=True):
    """One ticket tells another; private."""

    letter: Letter


class LettersRead(Struct, frozen=True):
    """These are done with; private."""

    numbers: tuple[int, ...]


def written(sender: str, to: str, body: Body) -> LetterWritten:
    """A letter on its way."""
    return LetterWritten(Letter(ticket=to, sender=sender, body=body))


def moved(fact: Event) -> Moved:
    """A fact as a letter tells it."""
    return Moved(type_of(type(fact)), msgspec.to_builtins(fact))
