"""What a system asks about its own subscriptions, and what it is told; never about another's."""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import convert
from msgspec.structs import replace

from chassis import clock
from chassis.database import Tx
from chassis.settings import Settings
from contracts import subscriptions as asks
from contracts.event import type_of
from contracts.gateway import webhooks
from contracts.hotline.members import EVENTS
from contracts.public import TYPES
from contracts.subscriptions import Told
from services.notification import channel_store, subscription_store, webhook_store
from services.notification.channels.reach import NoWay, foreign
from services.notification.signing import webhook_secret, written
from services.notification.subscribers import NAME, OVERLAP, TEST
from services.notification.subscription_store import New

WORDS = "This is a test. 这是一条测试消息。"


class NotDone(Exception):
    """What is asked for cannot be done; it says why as a problem."""

    def __init__(self, problem: str, status: int, detail: str) -> None:
        super().__init__(detail)
        self.told = Told(problem=problem, status=status, detail=detail)


def answer(tx: Tx, settings: Settings, asked: Any) -> Told:
    """What the owner is told; what cannot be done has changed nothing."""
    try:
        return ANSWERS[type(asked)](tx, settings, asked)
    except NotDone as not_done:
        return not_done.told


def _create(tx: Tx, settings: Settings, asked: asks.Create) -> Told:
    if not re.fullmatch(NAME, asked.name):
        raise NotDone("query", 422, "/name: small letters, digits and hyphens, like main")
    new = New(
        id=_id(asked), owner=asked.owner, url=_reachable(asked.url, settings), types=_types(asked, settings),
        sources=asked.sources, grids=asked.grids, hotline=asked.hotline,
    )  # fmt: skip
    secret = _secret(settings, new.id, 1)
    if not subscription_store.create(tx, new, webhooks.MOST_WEBHOOKS):
        taken = subscription_store.taken(tx, new.id)
        why = (
            "its name is taken, or was"
            if taken
            else f"you have {webhooks.MOST_WEBHOOKS}, and may have no more"
        )
        raise NotDone("webhook", 409, why)
    return Told(status=201, answer=_shown(tx, asked, secret=secret))


def _reachable(url: str, settings: Settings) -> str:
    try:
        foreign(url, settings.webhook_networks)
    except NoWay as refusal:
        raise NotDone("query", 422, f"/url: nothing may be sent there ({refusal.code})") from None
    return url


def _types(asked: asks.Create, settings: Settings) -> list[str]:
    """The types that are wanted; those of a hotline are in its city's file."""
    if asked.hotline is None:
        names = {each: each for each in TYPES} | {event.__name__: each for each, event in TYPES.items()}
        if unknown := next((each for each in asked.types if each not in names), None):
            raise NotDone("query", 422, f"/events: {unknown[:80]!r} is no event that can be subscribed to")
        if not asked.types:
            raise NotDone("query", 422, "/events: name at least one")
        return sorted({names[each] for each in asked.types})
    city = settings.hotlines.get(asked.hotline)
    if city is None or city.out is None:
        raise NotDone("query", 422, f"/hotline: {asked.hotline} has no messages of its own here")
    if not settings.dispatch_url:
        raise NotDone("unavailable", 503, "outcomes cannot be told here: DISPATCH_URL is not set")
    return sorted(type_of(EVENTS[fact]) for fact in city.out.facts)


def _secret(settings: Settings, subscriber: str, number: int) -> str:
    if not settings.notify_token:
        raise NotDone("unavailable", 503, "no secrets can be made here: NOTIFY_TOKEN is not set")
    return written(webhook_secret(settings.notify_token, subscriber, number))


def _list(tx: Tx, _settings: Settings, asked: asks.List) -> Told:
    rows = subscription_store.own(tx, asked.owner)
    return Told(answer=webhooks.Webhooks(webhooks=[_webhook(row) for row in rows]))


def _test(tx: Tx, _settings: Settings, asked: asks.Test) -> Told:
    id_, ident = _known(tx, asked), f"msg_test_{secrets.token_hex(8)}"
    webhook_store.queue(tx, [webhook_store.test_post(ident, id_, TEST, clock.now(), WORDS)])
    return Told(status=202, answer=webhooks.Trial(webhook_id=ident))


def _rotate(tx: Tx, settings: Settings, asked: asks.Rotate) -> Told:
    id_, at = _known(tx, asked), clock.now()
    number = webhook_store.rotate(tx, id_, at + OVERLAP, at)
    if number is None:
        raise NotDone("webhook", 409, "its last rotation is not over yet: two secrets sign already")
    secret = _secret(settings, id_, number)
    return Told(answer=webhooks.NewSecret(name=asked.name, secret=secret, both_until=at + OVERLAP))


def _pause(tx: Tx, _settings: Settings, asked: asks.Pause) -> Told:
    if not subscription_store.pause(tx, _known(tx, asked)):
        raise NotDone("webhook", 409, "it is not active")
    return Told(answer=_shown(tx, asked))


def _resume(tx: Tx, _settings: Settings, asked: asks.Resume) -> Told:
    id_ = _known(tx, asked)
    if not subscription_store.resume(tx, id_):
        raise NotDone("webhook", 409, "it is active, or operators have paused it")
    channel_store.clear_alarm(tx, "webhook_ended", id_, clock.now())
    return Told(answer=_shown(tx, asked))


def _end(tx: Tx, _settings: Settings, asked: asks.End) -> Told:
    id_, shown = _known(tx, asked), _shown(tx, asked)
    subscription_store.end(tx, id_)
    channel_store.clear_alarm(tx, "webhook_ended", id_, clock.now())
    return Told(answer=replace(shown, state="ended", waiting=0))


def _log(tx: Tx, _settings: Settings, asked: asks.Log) -> Told:
    rows = subscription_store.log(tx, _known(tx, asked), asked.after, asked.limit)
    return Told(answer=convert({"deliveries": rows}, webhooks.Deliveries))


def _replay(tx: Tx, _settings: Settings, asked: asks.Replay) -> Told:
    queued = subscription_store.again(tx, _known(tx, asked), asked.since, clock.now())
    return Told(status=202, answer=webhooks.Replayed(queued=queued))


def _vouch(tx: Tx, _settings: Settings, asked: asks.Vouch) -> Told:
    return Told(answer={"changed": subscription_store.vouch(tx, asked.owners)})


def _id(asked: Any) -> str:
    """Of no other owner: neither part of it holds a slash."""
    return f"{asked.owner}/{asked.name}"


def _known(tx: Tx, asked: Any) -> str:
    if not subscription_store.own(tx, asked.owner, _id(asked)):
        raise NotDone("not-found", 404, "you have no webhook of this name")
    return _id(asked)


def _shown(tx: Tx, asked: Any, **more: Any) -> webhooks.Webhook:
    (row,) = subscription_store.own(tx, asked.owner, _id(asked))
    return _webhook(row | more)


def _webhook(row: Mapping[str, Any]) -> webhooks.Webhook:
    said = {**row, "name": str(row["id"]).partition("/")[2], "events": row["types"]}
    return convert(said, webhooks.Webhook)


ANSWERS: Mapping[type, Callable[[Tx, Settings, Any], Told]] = {
    asks.Create: _create, asks.List: _list, asks.Test: _test, asks.Rotate: _rotate, asks.Pause: _pause,
    asks.Resume: _resume, asks.End: _end, asks.Log: _log, asks.Replay: _replay, asks.Vouch: _vouch,
}  # fmt: skip
"""One line for each thing that can be asked."""
