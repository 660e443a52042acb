"""Takes events in: whose they are, whether they came before, and what goes to the broker."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from chassis import outbox
from chassis.database import Tx
from chassis.outbox import Message
from chassis.topology import INBOUND
from contracts import cloudevent
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.gateway.events import Taken
from contracts.intake import routing_key
from contracts.masking import masked
from contracts.problem import ContractViolation
from contracts.terms import Instant, dated
from services.gateway import intake_store
from services.gateway.clients import Client
from services.gateway.intake_store import Access, Denied, Ident, Kept, Said
from services.gateway.ownership import BIRTHS, named
from services.gateway.problems import Refused, violated
from services.gateway.reading import Found

Fate = Taken | Refused
"""What became of one event."""


class Sender(Struct, frozen=True):
    """Who hands events over, when, and under which trace."""

    client: Client
    now: datetime
    traceparent: str
    access: Access


def take_in(tx: Tx, sender: Sender, found: Sequence[Found]) -> tuple[list[Fate], list[Message], bool]:
    """What became of each event, in order; the messages to hand to the relay after COMMIT.

    And whether the access is on record already.
    """
    owned = _owned(tx, sender.client, found)
    judged = _all_judged(sender.client, found, owned)
    events = [each for each in judged if isinstance(each, CloudEvent)]
    first = _first(events)
    said = {(event.source, event.id): _said(event) for event in first}
    new = intake_store.take(tx, sender.access, list(said.values())) if said else set()
    old = said.keys() - new
    before = intake_store.kept(tx, sorted(old), BIRTHS, sender.now) if old else {}
    go = new | _lost(said, before)
    if again := sorted(go - new):
        intake_store.sent_again(tx, again)
    fates = _fates(judged, said, new, before)
    intake_store.refuse(tx, sender.client.id, list(_denied(sender, found, fates)))
    going = [_message(event, sender) for event in first if (event.source, event.id) in go]
    return fates, outbox.append(tx, going), bool(new)


def refused_unread(tx: Tx, client: Client, violation: ContractViolation, now: datetime) -> None:
    """Notes for reconciliation a message of the client's own that breaks its contract."""
    denied = _denied_one(client, violation, violated(violation), now)
    intake_store.refuse(tx, client.id, [denied] if denied else [])


def _first(events: Sequence[CloudEvent[Event]]) -> list[CloudEvent[Event]]:
    """The first of each id, in the order of the batch, in which they also go to the broker."""
    found: dict[Ident, CloudEvent[Event]] = {}
    for event in events:
        found.setdefault((event.source, event.id), event)
    return list(found.values())


def _owned(tx: Tx, client: Client, found: Sequence[Found]) -> set[tuple[str, str]]:
    """Which of the tickets that these events name are their senders', by source and number."""
    asked: dict[str, set[str]] = {}
    for event in found:
        if isinstance(event, CloudEvent) and not client.any_ticket and event.source in client.sources:
            asked.setdefault(event.source, set()).update(named(event.data))
    return {
        (source, number)
        for source, numbers in asked.items()
        if numbers
        for number in intake_store.owned(tx, source, sorted(numbers), BIRTHS)
    }


def _all_judged(
    client: Client, found: Sequence[Found], owned: set[tuple[str, str]]
) -> list[CloudEvent[Event] | Refused]:
    """Each event or why it is refused, in order: what is born in a batch is its sender's for what follows."""
    judged = []
    for each in found:
        judged.append(event := _judged(client, each, owned))
        if isinstance(event, CloudEvent) and event.type in BIRTHS:
            owned.add((event.source, event.partitionkey))
    return judged


def _judged(client: Client, found: Found, owned: set[tuple[str, str]]) -> CloudEvent[Event] | Refused:
    """The event, if this client may send it."""
    if isinstance(found, ContractViolation):
        return violated(found)
    if found.source not in client.sources:
        return Refused("forbidden", 403, "this source is not yours", instance=found.id)
    if not client.may(found.source, found.type):
        return Refused("forbidden", 403, "you may not send events of this type", instance=found.id)
    if not client.any_ticket:
        for number in named(found.data):
            if (found.source, number) not in owned:
                detail = "you have sent no such ticket"
                return Refused("unknown-ticket", 404, detail, instance=found.id, ticket=number)
    return found


def _said(event: CloudEvent[Any]) -> Said:
    text = msgspec.json.encode([event.type, event.subject, event.data])
    digest = hashlib.blake2b(text, digest_size=16).hexdigest()
    return Said(
        source=event.source, id=event.id, type=event.type, ticket=event.partitionkey, time=event.time,
        digest=digest,
    )  # fmt: skip


def _lost(said: Mapping[Ident, Said], before: Mapping[Ident, Kept]) -> set[Ident]:
    """What was taken in a while ago, has shown no effect, and is sent once more: receivers drop repeats."""
    return {ident for ident, kept in before.items() if kept.again and kept.digest == said[ident].digest}


def _fates(
    judged: Sequence[CloudEvent[Event] | Refused],
    said: Mapping[Ident, Said],
    new: set[Ident],
    before: Mapping[Ident, Kept],
) -> list[Fate]:
    fates: list[Fate] = []
    digests = {ident: kept.digest for ident, kept in before.items()}
    told = set[Ident]()
    for event in judged:
        if isinstance(event, Refused):
            fates.append(event)
            continue
        ident = event.source, event.id
        if ident in new and ident not in told:
            fates.append(_taken(event, repeated=False))
        elif _said(event).digest == (digests[ident] if ident in digests else said[ident].digest):
            fates.append(_taken(event, repeated=True))
        else:
            fates.append(Refused("id-reused", 409, "this id says something else already", instance=event.id))
        told.add(ident)
    return fates


def _taken(event: CloudEvent[Any], *, repeated: bool) -> Taken:
    return Taken(
        id=event.id, source=event.source, state="repeated" if repeated else "accepted",
        ticket=event.partitionkey,
    )  # fmt: skip


def _denied(sender: Sender, found: Sequence[Found], fates: Sequence[Fate]) -> list[Denied]:
    """What was refused of the client's own sources, for reconciliation; of others' it leaves no trace."""
    pairs = zip(found, fates, strict=True)
    judged = [
        _denied_one(sender.client, event, fate, sender.now)
        for event, fate in pairs
        if isinstance(fate, Refused)
    ]
    return [denied for denied in judged if denied]


def _denied_one(client: Client, event: Found, fate: Refused, now: datetime) -> Denied | None:
    about = _about(event)
    if about["source"] not in client.sources or not about["id"]:
        return None
    about["time"] = about["time"] or now
    return Denied(problem=fate.problem, detail=fate.detail, **about)


def _about(event: Found) -> dict[str, Any]:
    if isinstance(event, CloudEvent):
        return {"source": event.source, "id": event.id, "type": event.type, "time": event.time}
    about = {name: event.about.get(name) for name in ("source", "id")}
    kind = event.about.get("type")  # whatever it is, it is no type of ours, or not by its data
    return about | {"type": kind and masked(kind), "time": _moment(event.about.get("time"))}


def _moment(text: str | None) -> datetime | None:
    """The event's own time, as far as it can be read."""
    try:
        moment = msgspec.convert(text, Instant)
        dated(moment)
    except (msgspec.ValidationError, ValueError):
        return None
    return moment


def _message(event: CloudEvent[Any], sender: Sender) -> tuple[str, str, str, str]:
    written = replace(event, partitionkey="", traceparent=event.traceparent or sender.traceparent)
    content_type, body = cloudevent.encode([written])
    return INBOUND, routing_key(event.source, event.data), content_type, body.decode()
