"""Facts of the notification service: who was told what through which channel."""

from contracts.event import Event
from contracts.terms import Audience, Code, Count, NotificationChannel


class NotificationSent(Event, frozen=True, kw_only=True):
    """A message was handed to its channel; `key` is its idempotency key there."""

    key: Code
    audience: Audience
    channel: NotificationChannel
    template: Code
    attempt: Count


class NotificationFailed(Event, frozen=True, kw_only=True):
    """A message could not be delivered through any of its channels."""

    key: Code
    audience: Audience
    channel: NotificationChannel
    template: Code
    attempt: Count
    error: Code
