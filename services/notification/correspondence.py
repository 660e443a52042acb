"""The state of notification: what is known of one ticket's requester, and the messages still under way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from chassis.states import Stored
from contracts.terms import Audience, ContactKind, NotificationChannel

Language = Literal["zh", "en"]

NEEDS: Mapping[NotificationChannel, ContactKind] = {"app": "phone", "sms": "phone", "smtp": "email"}
"""What of a contact each channel to a person outside needs."""


class Delivery(Struct, frozen=True, kw_only=True):
    """One message to one destination; `key` is its idempotency key, `attempt` counts tries on `channel`.

    `destination` is a reference (requester, assignee or desk), never an address; `channels` is the order in
    which they are tried.
    """

    key: str
    ticket: str
    audience: Audience
    destination: str
    template: str
    fields: dict[str, str]
    channels: list[NotificationChannel]
    channel: NotificationChannel
    due_at: datetime
    urgent: bool | None = None
    state: Literal["queued", "handed", "sent", "failed"] = "queued"
    """`handed`: a gateway has taken it and will say whether it arrived, until `due_at`."""
    attempt: int = 0
    error: str | None = None


class Page(Struct, frozen=True, kw_only=True):
    """A message as the operators' console shows it."""

    key: str
    ticket: str
    audience: Audience
    destination: str
    subject: str
    body: str


class Letter(Struct, frozen=True, kw_only=True):
    """A message as it goes out: its words and, for as long as that takes, the address."""

    delivery: Delivery
    address: str
    subject: str
    body: str
    more: Mapping[str, str] = {}
    """Blanks that were filled at this moment and are nowhere kept."""

    @property
    def fields(self) -> Mapping[str, str]:
        """All that its blanks are filled with, for gateways that write the words themselves."""
        return {**self.delivery.fields, **self.more}

    @property
    def key(self) -> str:
        """The message's idempotency key."""
        return self.delivery.key


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one try: no error, or its code; `again` says that a later try may succeed."""

    error: str | None = None
    again: bool = False
    counted: bool = True
    """False where it was no fault of the message's: the try does not count."""
    fault: bool = False
    """Whether the way itself failed, not this message on it."""
    wait: float = 0.0
    """Seconds before which another try makes no sense."""
    receipt: bool = False
    """Whether a receipt will follow."""
    last: bool = False
    """Whether no other channel helps either: the message has no sense any more."""


class Post(Struct, frozen=True, kw_only=True):
    """An event as one subscriber system gets it; `ident` is unique with the subscriber and never changes."""

    ident: str
    subscriber: str
    event_type: str
    ticket: str
    body: str


class Correspondence(Stored, frozen=True, kw_only=True):
    """One ticket's messages under way; `touched`, `pages`, `posts` live only in the transaction at hand."""

    received: bool = False
    requester_ref: str | None = None
    language: Language = "zh"
    category: str | None = None
    grid: str | None = None
    source: str | None = None
    external_id: str | None = None
    contacted_at: datetime | None = None
    follows: str | None = None
    """The ticket about the same whose outcome is this one's."""
    urgent: bool = False
    no_address: list[NotificationChannel] = field(default_factory=list)
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)
    touched: frozenset[str] = frozenset()
    pages: tuple[Page, ...] = ()
    posts: tuple[Post, ...] = ()
