"""What a fact or a try to deliver leads to, pure: messages are queued, sent, retried, moved on or failed."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from contracts import dispatch, ticket
from contracts.notification import NotificationFailed, NotificationSent
from contracts.terms import NotificationChannel
from services.notification.commands import (
    DeliveryMoved,
    MessageArrived,
    MessageHanded,
    MessageQueued,
    PageShown,
    PassOn,
    PostsQueued,
    RecordOutcome,
    RecordReceipt,
    RequesterReached,
    ShowOnConsole,
    Tell,
)
from services.notification.correspondence import NEEDS, Correspondence, Delivery, Outcome, Page
from services.notification.messages import NOTES, Note, destination
from services.notification.subscribers import posts
from services.notification.wanting import Wanted

RECEIPT_WITHIN = timedelta(days=3)
"""After which a message whose receipt has not come counts as sent."""
REMEMBERED = (
    ticket.TicketReceived, ticket.TicketAccepted, ticket.SeverityChanged, ticket.TicketMerged,
    ticket.TicketUnmerged,
)  # fmt: skip
"""Facts that change what is known of a ticket."""
URGENT = ("urgent", "emergency")
"""Severities whose messages wait for no morning."""


class TicketNotKnownYet(Exception):
    """A fact has overtaken the ticket it is about; the chassis lets it wait and tries again."""


def initial(key: str) -> Correspondence:
    """A ticket nobody has heard of yet."""
    return Correspondence(id=key)


def decide(state: Correspondence, command: Any) -> list[Any]:
    """The facts that follow from `command`; none where it comes too late to matter."""
    return DECISIONS[type(command)](state, command)


def evolve(state: Correspondence, fact: Any) -> Correspondence:
    """The correspondence after `fact`."""
    return CHANGES[type(fact)](state, fact)


def _tell(state: Correspondence, command: Tell) -> list[Any]:
    fact = command.fact
    note = NOTES[type(fact)]
    remembered: list[Any] = [fact] if isinstance(fact, REMEMBERED) else []
    about = evolve(state, fact) if remembered else state
    if note.audience == "requester" and not about.received:
        raise TicketNotKnownYet(type(fact).__name__)
    remembered += _heard(about, command.wanted)
    to = destination(note.audience, about, fact)
    if to is None or not note.needed(fact):
        return remembered
    delivery = _message(about, note, to, command)
    queued = [*remembered, MessageQueued(delivery)]
    if delivery.channel == "console":
        return queued + _shown(delivery, command.page(delivery), command.at)
    return queued


def _message(about: Correspondence, note: Note, to: str, command: Tell) -> Delivery:
    requester = note.audience == "requester"
    channels: list[NotificationChannel] = ["console"]
    if requester:
        channels = [channel for channel in command.channels if channel not in about.no_address]
    return Delivery(
        key=f"{command.event}.{note.audience}",
        ticket=about.id,
        audience=note.audience,
        destination=to,
        template=note.template(about.language if requester else "zh", command.newest),
        fields=note.blanks(about, command.fact),
        channels=channels,
        channel=channels[0],
        due_at=command.at,
        urgent=about.urgent,
    )


def _pass_on(state: Correspondence, command: PassOn) -> list[Any]:
    known: list[Any] = [command.fact] if isinstance(command.fact, REMEMBERED) else []
    if isinstance(command.fact, dispatch.FirstContactMade) and command.wanted:
        known.append(RequesterReached(command.wanted.at))
    return [*known, *_heard(state, command.wanted)]


def _heard(about: Correspondence, wanted: Wanted | None) -> list[PostsQueued]:
    """The event for each system that hears of this ticket; whose it is must be known for that."""
    if wanted is None:
        return []
    if not about.received and any(each.limited for each in wanted.by):
        raise TicketNotKnownYet(type(wanted.event.data).__name__)
    found = posts(wanted, about)
    return [PostsQueued(found)] if found else []


def _show(state: Correspondence, command: ShowOnConsole) -> list[Any]:
    return [
        fact
        for key, page in command.pages.items()
        for fact in _shown(state.deliveries[key], page, command.at)
    ]


def _shown(delivery: Delivery, page: Page | Outcome, at: datetime) -> list[Any]:
    if isinstance(page, Page):
        return [PageShown(page), _sent(delivery)]
    return [_failed(delivery, page, (), at)]


def _record(state: Correspondence, command: RecordOutcome) -> list[Any]:
    """A try somebody else has recorded in the meantime is not recorded twice."""
    delivery = state.deliveries.get(command.key)
    if delivery is None or (delivery.channel, delivery.attempt) != (command.channel, command.attempt):
        return []
    if delivery.state != "queued":
        return []
    if command.outcome.error is None:
        sent = _sent(delivery)
        if not command.outcome.receipt:
            return [sent]
        until = command.at + RECEIPT_WITHIN
        return [sent, MessageHanded(replace(delivery, attempt=sent.attempt, state="handed", due_at=until))]
    return [_failed(delivery, command.outcome, command.retries, command.at)]


def _receive(state: Correspondence, command: RecordReceipt) -> list[Any]:
    """What did not arrive takes its next channel, as if the gateway had refused it."""
    delivery = state.deliveries.get(command.key)
    if delivery is None or (delivery.state, delivery.channel) != ("handed", command.channel):
        return []
    if command.arrived:
        return [MessageArrived(replace(delivery, state="sent", due_at=command.at))]
    tried = replace(delivery, attempt=delivery.attempt - 1)
    return [_failed(tried, Outcome(error="undelivered"), (), command.at)]


def _sent(delivery: Delivery) -> NotificationSent:
    return NotificationSent(
        key=delivery.key, audience=delivery.audience, channel=delivery.channel, template=delivery.template,
        attempt=delivery.attempt + 1,
    )  # fmt: skip


def _failed(
    delivery: Delivery, outcome: Outcome, retries: Sequence[float], at: datetime
) -> DeliveryMoved | NotificationFailed:
    """Another try on the same channel, the next channel, or the end."""
    error = outcome.error or "unknown"
    if not outcome.counted:
        return DeliveryMoved(replace(delivery, due_at=at + timedelta(seconds=outcome.wait), error=error))
    tries = delivery.attempt + 1
    if outcome.again and tries <= len(retries):
        later = at + timedelta(seconds=max(retries[delivery.attempt], outcome.wait))
        return DeliveryMoved(replace(delivery, attempt=tries, due_at=later, error=error))
    following = delivery.channels[delivery.channels.index(delivery.channel) + 1 :]
    if following and not outcome.last:
        moved = replace(delivery, channel=following[0], attempt=0, due_at=at, error=error, state="queued")
        return DeliveryMoved(moved)
    return NotificationFailed(
        key=delivery.key, audience=delivery.audience, channel=delivery.channel, template=delivery.template,
        attempt=tries, error=error,
    )  # fmt: skip


DECISIONS: dict[type, Callable[[Correspondence, Any], list[Any]]] = {
    Tell: _tell,
    ShowOnConsole: _show,
    RecordOutcome: _record,
    RecordReceipt: _receive,
    PassOn: _pass_on,
}


def _with(state: Correspondence, delivery: Delivery) -> Correspondence:
    return replace(
        state,
        deliveries={**state.deliveries, delivery.key: delivery},
        touched=state.touched | {delivery.key},
    )


def _after_received(state: Correspondence, fact: ticket.TicketReceived) -> Correspondence:
    """A channel for which the contact has no address need not be tried."""
    kinds = fact.reachable_by
    return replace(
        state,
        received=True,
        requester_ref=fact.requester_ref,
        language=fact.language,
        grid=fact.grid,
        source=fact.source,
        external_id=fact.external_id,
        urgent=fact.severity in URGENT,
        no_address=[way for way, kind in NEEDS.items() if kinds is not None and kind not in kinds],
    )


def _after_move(state: Correspondence, fact: DeliveryMoved) -> Correspondence:
    """A channel on which the requester has no address is not tried again for this ticket."""
    moved = fact.delivery
    left = state.deliveries[moved.key].channel
    if moved.error == "no_address" and left not in state.no_address:
        state = replace(state, no_address=[*state.no_address, left])
    return _with(state, moved)


def _after_sent(state: Correspondence, fact: NotificationSent) -> Correspondence:
    sent = replace(state.deliveries[fact.key], state="sent", attempt=fact.attempt)
    return _with(state, sent)


def _after_failed(state: Correspondence, fact: NotificationFailed) -> Correspondence:
    failed = replace(state.deliveries[fact.key], state="failed", attempt=fact.attempt, error=fact.error)
    return _with(state, failed)


CHANGES: dict[type, Callable[[Correspondence, Any], Correspondence]] = {
    ticket.TicketReceived: _after_received,
    ticket.TicketAccepted: lambda state, fact: replace(
        state, category=fact.category, grid=fact.grid, urgent=fact.severity in URGENT
    ),
    RequesterReached: lambda state, fact: replace(state, contacted_at=fact.at),
    ticket.TicketMerged: lambda state, fact: replace(state, follows=fact.primary),
    ticket.TicketUnmerged: lambda state, fact: replace(state, follows=None),
    ticket.SeverityChanged: lambda state, fact: replace(state, urgent=fact.severity in URGENT),
    MessageQueued: lambda state, fact: _with(state, fact.delivery),
    DeliveryMoved: _after_move,
    MessageHanded: lambda state, fact: _with(state, fact.delivery),
    MessageArrived: lambda state, fact: _with(state, fact.delivery),
    PostsQueued: lambda state, fact: replace(state, posts=(*state.posts, *fact.posts)),
    PageShown: lambda state, fact: replace(state, pages=(*state.pages, fact.page)),
    NotificationSent: _after_sent,
    NotificationFailed: _after_failed,
}
