"""What the notification service can be told to do, and the facts that only it needs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from contracts.event import Event
from contracts.terms import NotificationChannel
from services.notification.correspondence import Delivery, Outcome, Page, Post
from services.notification.wanting import Wanted


class Tell(Struct, frozen=True, kw_only=True):
    """The fact `event` has happened; requesters are reached through `channels`, in this order.

    `page` writes a message for the console, which is shown at once; `newest` says which version of a
    template is in force where it is not the one of the rule; `wanted` says which systems may hear of it.
    """

    event: str
    fact: Event
    channels: Sequence[NotificationChannel]
    page: Callable[[Delivery], Page | Outcome]
    at: datetime
    newest: Mapping[str, int] = field(default_factory=dict)
    wanted: Wanted | None = None


class PassOn(Struct, frozen=True, kw_only=True):
    """A fact of which nobody here is told: it may change what is known of the ticket, and systems want it."""

    fact: Event
    wanted: Wanted | None = None


class RequesterReached(Struct, frozen=True):
    """Somebody has been in touch with the requester; private."""

    at: datetime


class ShowOnConsole(Struct, frozen=True, kw_only=True):
    """Messages whose turn has come on the console: by key the written page, or why there is none."""

    pages: dict[str, Page | Outcome]
    at: datetime


class RecordOutcome(Struct, frozen=True, kw_only=True):
    """A channel has tried: `channel` and `attempt` say which try of which delivery this was."""

    ticket: str
    key: str
    channel: NotificationChannel
    attempt: int
    outcome: Outcome
    retries: Sequence[float]
    at: datetime


class RecordReceipt(Struct, frozen=True, kw_only=True):
    """A gateway says what became of a message it had taken."""

    ticket: str
    key: str
    channel: NotificationChannel
    arrived: bool
    at: datetime


class PostsQueued(Struct, frozen=True):
    """An event waits to be sent to subscriber systems; private."""

    posts: Sequence[Post]


class MessageHanded(Struct, frozen=True):
    """A gateway has taken a message and owes a receipt; private, it follows the published fact."""

    delivery: Delivery


class MessageArrived(Struct, frozen=True):
    """The receipt says that the message is there; private."""

    delivery: Delivery


class MessageQueued(Struct, frozen=True):
    """A message waits for its channel; private."""

    delivery: Delivery


class DeliveryMoved(Struct, frozen=True):
    """A message waits for another try, or for its next channel; private."""

    delivery: Delivery


class PageShown(Struct, frozen=True):
    """A message stands on the console; private."""

    page: Page
