"""Other systems that are told of facts by webhook: who, of which, and what of a fact leaves the house."""

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct

from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.hotline import members as hotline
from contracts.public import shown
from services.notification.correspondence import Correspondence, Outcome, Post
from services.notification.wanting import Wanted

OVERLAP = timedelta(hours=24)
"""How long a secret still signs beside the one that has replaced it."""
NAME = r"[a-z][a-z0-9-]{1,30}"
TEST = "cn.fengge.webhook.Test.v1"

FOLLOWS = "follows"
"""In a message for a hotline: the ticket whose outcome may be this one's; it is told to nobody."""


class Subscriber(Struct, frozen=True, kw_only=True):
    """One system; its present secret has the number `secret`, the one before signs until `both_until`."""

    id: str
    url: str
    secret: int
    both_until: datetime | None = None
    failing_since: datetime | None = None
    hotline: str | None = None


class Queued(Struct, frozen=True, kw_only=True):
    """A message for a subscriber as it is claimed."""

    key: str
    ident: str
    body: str
    attempt: int
    no: int = 0
    event_type: str = ""
    ticket: str = ""


class Fate(Struct, frozen=True, kw_only=True):
    """Where a message goes after a try."""

    state: Literal["queued", "sent", "failed"]
    attempt: int
    due_at: datetime


def secret_numbers(subscriber: Subscriber, at: datetime) -> list[int]:
    """The numbers of the secrets that sign at this moment, the newest first."""
    both = subscriber.both_until is not None and at < subscriber.both_until
    return [subscriber.secret, subscriber.secret - 1] if both else [subscriber.secret]


def fate(message: Queued, outcome: Outcome, retries: list[float], at: datetime, jitter: float) -> Fate:
    """Sent, tried again by the schedule (never before the subscriber asks for it), or given up.

    `jitter` from 0 to 1 spreads the tries over a tenth of the pause.
    """
    tries = message.attempt + 1
    if outcome.error is None:
        return Fate(state="sent", attempt=tries, due_at=at)
    if tries > len(retries):
        return Fate(state="failed", attempt=tries, due_at=at)
    pause = max(retries[message.attempt] * (1 + jitter / 10), outcome.wait)
    return Fate(state="queued", attempt=tries, due_at=at + timedelta(seconds=pause))


def posts(wanted: Wanted, about: Correspondence) -> list[Post]:
    """The event for each system that hears of its ticket: in our words, or what a hotline may know."""
    event = wanted.event
    grid = getattr(event.data, "grid", None) or about.grid
    hearing = [each for each in wanted.by if each.hears(about.source, grid)]
    body = payload(event) if hearing else ""
    return [
        Post(
            ident=ident(event.id), subscriber=each.id, event_type=event.type, ticket=event.partitionkey,
            body=for_hotline(event, about) if each.hotline else body,
        )
        for each in hearing
    ]  # fmt: skip


def for_hotline(event: CloudEvent[Event], about: Correspondence) -> str:
    """Of the fact all that the hotline whose order it is may know; its city's file has the words for it."""
    fact = hotline.TYPES.get(event.type)
    told: dict[str, Any] = {
        name: getattr(event.data, name) for name in hotline.OUT[fact] if hasattr(event.data, name)
    } if fact else {}  # fmt: skip
    told |= {"ticket": event.partitionkey, "number": about.external_id, "time": event.time}
    told |= {"contacted_at": about.contacted_at, FOLLOWS: about.follows}
    return msgspec.json.encode({"type": event.type, "timestamp": event.time, "data": told}).decode()


def ident(event_id: str) -> str:
    """The webhook-id: that of the event, without full stops, which separate what is signed."""
    return f"msg_{event_id.replace('.', '_')}"


def payload(event: CloudEvent[Event]) -> str:
    """Type, timestamp, and of the fact what is neither personal nor free text."""
    data: dict[str, Any] = {"ticket": event.partitionkey, "sequence": event.number}
    data |= msgspec.structs.asdict(shown(event).data)
    document = {"type": event.type, "timestamp": event.time, "data": data}
    return msgspec.json.encode(document).decode()
