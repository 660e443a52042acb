"""What the requester does against a decision of the desk."""

from contracts.actor import Actor
from contracts.event import Event
from contracts.terms import Instant


class DeclineObjected(Event, frozen=True, kw_only=True):
    """The requester objects to the decline: the request is received once more, and triaged anew."""

    by: Actor
    at: Instant
