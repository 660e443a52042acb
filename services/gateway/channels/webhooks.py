"""`/webhooks`: a system looks after its own subscriptions; the notification service keeps them."""

from collections.abc import Callable
from typing import Any

from msgspec import ValidationError, convert

from contracts import subscriptions as asks
from contracts.gateway import webhooks
from contracts.gateway.operation import Operation
from contracts.gateway.webhooks import NewWebhook, Replay, Since
from services.gateway.call import Answer, Call, Endpoint
from services.gateway.channels.hotline import own_city
from services.gateway.json_body import checked, json_of
from services.gateway.problems import Refused

Question = Callable[[Call], asks.Asked]
"""What a request asks of the notification service; raises Refused."""
LONGEST_NUMBER = 16
"""Digits."""


def create(call: Call) -> asks.Create:
    """A new subscription to facts about the caller's own tickets."""
    new = checked(NewWebhook, json_of(call))
    sources = sorted(call.caller.sources)
    if new.hotline is not None:
        sources = [own_city(call, new.hotline).source]
    return asks.Create(
        owner=call.caller.id, name=new.name, url=new.url, types=new.events, grids=new.grids, sources=sources,
        hotline=new.hotline,
    )  # fmt: skip


def deliveries(call: Call) -> asks.Log:
    """What became of each message."""
    said: dict[str, Any] = call.request.args.to_dict()
    since = checked(Since, {name: _number(value) for name, value in said.items()})
    return asks.Log(**_own(call), after=since.after, limit=since.limit)


def replay(call: Call) -> asks.Replay:
    """Send again from a number on."""
    return asks.Replay(**_own(call), since=checked(Replay, json_of(call)).from_)


def _one(question: Callable[..., asks.Asked]) -> Question:
    """No more than which of the caller's own it is about."""
    return lambda call: question(**_own(call))


def _own(call: Call) -> dict[str, str]:
    """Which of the caller's; raises Refused (404) for what can be no name."""
    try:
        name = convert(call.arguments["name"], webhooks.Name)
    except ValidationError:
        raise Refused("not-found", 404, "you have no webhook of this name") from None
    return {"owner": call.caller.id, "name": name}


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else text


def _asking(operation: Operation, question: Question) -> Endpoint:
    """An endpoint that asks, and answers with what it is told."""

    def answer(call: Call, _tx: object) -> Answer:
        told = call.inside.ask(question(call))
        return Answer(told.status, told.answer)

    return Endpoint(operation, answer)


ENDPOINTS = (
    _asking(webhooks.CREATE, create),
    _asking(webhooks.LIST, lambda call: asks.List(owner=call.caller.id)),
    _asking(webhooks.TEST, _one(asks.Test)),
    _asking(webhooks.ROTATE, _one(asks.Rotate)),
    _asking(webhooks.PAUSE, _one(asks.Pause)),
    _asking(webhooks.RESUME, _one(asks.Resume)),
    _asking(webhooks.END, _one(asks.End)),
    _asking(webhooks.DELIVERIES, deliveries),
    _asking(webhooks.REPLAY, replay),
)
