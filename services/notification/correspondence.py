"""The state of notification: what is known of one ticket's requester, and the messages still under way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from contracts.terms import Audience, NotificationChannel

Language = Literal["zh", "en"]


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
    state: Literal["queued", "sent", "failed"] = "queued"
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


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one try: no error, or its code; `again` says that a later try may succeed."""

    error: str | None = None
    again: bool = False
    counted: bool = True
    """False where it was no fault of the message's: the try does not count."""


class Correspondence(Struct, frozen=True, kw_only=True):
    """One ticket's messages under way; `touched` and `pages` live only in the transaction that makes them."""

    id: str
    sequence: int = 0
    received: bool = False
    requester_ref: str | None = None
    language: Language = "zh"
    category: str | None = None
    grid: str | None = None
    no_address: list[NotificationChannel] = field(default_factory=list)
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)
    touched: frozenset[str] = frozenset()
    pages: tuple[Page, ...] = ()
