"""`/webhooks`: a system's own subscriptions to facts about its own tickets."""

from typing import Annotated

from msgspec import Meta, Struct, field

from contracts.gateway.operation import Operation
from contracts.terms import Code, Count, Instant, Label, Source, Text

MOST_WEBHOOKS = 20
"""Of one system."""
MOST_DELIVERIES = 500
"""Tries told at once."""
Name = Annotated[str, Meta(min_length=2, max_length=31, pattern=r"^[a-z][a-z0-9-]{1,30}\Z")]
Number = Annotated[int, Meta(ge=0, le=2**53)]
"""What a message of a webhook is numbered with; rises, with gaps."""


class NewWebhook(Struct, frozen=True, kw_only=True):
    """Where facts are posted, of which types (short names do) and of which cells, by how their codes begin.

    With `hotline` it is told in the words of that city's file, which names the facts as well.
    """

    name: Name
    url: Annotated[str, Meta(min_length=1, max_length=500)]
    events: Annotated[list[Label], Meta(max_length=100)] = []
    grids: Annotated[list[Code], Meta(max_length=100)] = []
    hotline: Label | None = None


class Webhook(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A subscription; `waiting` messages are under way. `secret` is told when it is made, and never again."""

    name: Text
    url: Text
    state: Text
    events: list[Text]
    sources: list[Source]
    waiting: Count
    made_at: Instant
    grids: list[Text] = []
    hotline: Text | None = None
    reason: Text | None = None
    failing_since: Instant | None = None
    secret: Text | None = None


class Webhooks(Struct, frozen=True, kw_only=True):
    """All subscriptions of a system."""

    webhooks: list[Webhook]


class NewSecret(Struct, frozen=True, kw_only=True):
    """The new secret, told this once; until then the one before signs beside it."""

    name: Text
    secret: Text
    both_until: Instant


class Trial(Struct, frozen=True, kw_only=True):
    """A message that says nothing is on its way; the deliveries tell what became of it."""

    webhook_id: Text


class Since(Struct, frozen=True, kw_only=True):
    """Deliveries of messages with a number above `after`, the first `limit` of them."""

    after: Number = 0
    limit: Annotated[int, Meta(ge=1, le=MOST_DELIVERIES)] = 100


class Delivery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One try of a message: when, and what was answered; `state` is the message's own."""

    number: Number
    webhook_id: Text
    type: Text
    state: Text
    attempt: Count
    at: Instant
    ms: Count
    ticket: Text | None = None
    status: int | None = None
    error: Text | None = None


class Deliveries(Struct, frozen=True, kw_only=True):
    """Tries in the order of their messages' numbers."""

    deliveries: list[Delivery]


class Replay(Struct, frozen=True, kw_only=True):
    """All messages from this number on are sent again; those of the last 30 days are there."""

    from_: Number = field(name="from")


class Replayed(Struct, frozen=True, kw_only=True):
    """So many messages are on their way again."""

    queued: Count


WRITES = (401, 404, 405, 429, 503)
CREATE = Operation(
    method="POST", path="/webhooks", name="createWebhook",
    summary="Subscribes to facts about one's own tickets; its secret is told this once.",
    bodies={"application/json": NewWebhook}, answers={201: Webhook},
    problems=(400, 401, 404, 405, 409, 413, 415, 422, 429, 503),
)  # fmt: skip
LIST = Operation(
    method="GET", path="/webhooks", name="listWebhooks", summary="One's own subscriptions.",
    answers={200: Webhooks}, problems=(401, 404, 405, 429, 503),
)  # fmt: skip
TEST = Operation(
    method="POST", path="/webhooks/{name}/test", name="testWebhook",
    summary="Sends a message that says nothing.", answers={202: Trial}, problems=WRITES,
)  # fmt: skip
ROTATE = Operation(
    method="POST", path="/webhooks/{name}/rotate", name="rotateWebhookSecret",
    summary="Gives a new secret; both sign for 24 hours.", answers={200: NewSecret},
    problems=(*WRITES, 409),
)  # fmt: skip
PAUSE = Operation(
    method="POST", path="/webhooks/{name}/pause", name="pauseWebhook",
    summary="Keeps what happens for up to 30 days, until it is resumed.", answers={200: Webhook},
    problems=(*WRITES, 409),
)  # fmt: skip
RESUME = Operation(
    method="POST", path="/webhooks/{name}/resume", name="resumeWebhook",
    summary="Goes on after a pause, or after it was ended by failures or 410.", answers={200: Webhook},
    problems=(*WRITES, 409),
)  # fmt: skip
END = Operation(
    method="DELETE", path="/webhooks/{name}", name="endWebhook",
    summary="Ends a subscription for good; what is under way is dropped, and its name stays taken.",
    answers={200: Webhook}, problems=WRITES,
)  # fmt: skip
DELIVERIES = Operation(
    method="GET", path="/webhooks/{name}/deliveries", name="listDeliveries",
    summary="Each try and what was answered.", query=Since, answers={200: Deliveries},
    problems=(401, 404, 405, 422, 429, 503),
)  # fmt: skip
REPLAY = Operation(
    method="POST", path="/webhooks/{name}/replay", name="replayWebhook",
    summary="Sends again all messages from a number on.", bodies={"application/json": Replay},
    answers={202: Replayed}, problems=(400, 401, 404, 405, 413, 415, 422, 429, 503),
)  # fmt: skip
OPERATIONS = (CREATE, LIST, TEST, ROTATE, PAUSE, RESUME, END, DELIVERIES, REPLAY)
