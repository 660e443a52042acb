"""What becomes of requests for the same thing: suspected, joined under one ticket, and parted again."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.actor import Actor
from contracts.event import Event
from contracts.terms import Code, Count, Resolved, Satisfaction, TicketNo


class Alike(Struct, frozen=True, kw_only=True):
    """An open ticket about what may be the same, and how many of a hundred pieces of text they share."""

    ticket: TicketNo
    likeness: Count


class DuplicateSuspected(Event, frozen=True, kw_only=True):
    """The words are much like those of open tickets, the likest first; a person decides."""

    alike: Annotated[list[Alike], Meta(max_length=3)]


class TicketMerged(Event, frozen=True, kw_only=True):
    """The ticket follows `primary` from now on; with `repeat` the same person has asked twice."""

    primary: TicketNo
    reason_code: Code
    repeat: bool = False
    by: Actor | None = None


class TicketUnmerged(Event, frozen=True, kw_only=True):
    """The ticket stands for itself again, with the clock of its own beginning."""

    primary: TicketNo
    reason_code: Code
    by: Actor | None = None


class FollowerJoined(Event, frozen=True, kw_only=True):
    """Another ticket is about the same and follows this one."""

    follower: TicketNo
    repeat: bool = False


class FollowerLeft(Event, frozen=True, kw_only=True):
    """A ticket that followed this one does so no more."""

    follower: TicketNo
    reason_code: Code


class ReopeningRefused(Event, frozen=True, kw_only=True):
    """A follower wanted it done again, and its primary may not be reopened any more."""

    primary: TicketNo
    resolved: Resolved
    satisfaction: Satisfaction
