"""Takes events in: whose they are, whether they came before, and what goes to the broker."""

import hashlib
from collections import Counter
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
from services.gateway import intake_store, judging
from services.gateway.clients import Client
from services.gateway.intake_store import Access, Ident, Kept, Said
from services.gateway.ownership import BIRTHS
from services.gateway.problems import Refused
from services.gateway.reading import Found

Fate = Taken | Refused
"""What became of one event."""


class Sender(Struct, frozen=True):
    """Who hands events over, when, and under which trace."""

    client: Client
    now: datetime
    traceparent: str
    access: Access


class Parcel(Struct, frozen=True):
    """What one sender hands over at once."""

    sender: Sender
    found: Sequence[Found]


class Outcome(Struct, frozen=True):
    """What became of a parcel's events, in order; how many go on their way; whether it is on record."""

    fates: list[Fate]
    going: int
    noted: bool


def take_in(tx: Tx, sender: Sender, found: Sequence[Found]) -> tuple[list[Fate], list[Message], bool]:
    """What became of each event, in order; the messages to hand to the relay after COMMIT.

    And whether the access is on record already.
    """
    (outcome,), messages = take_in_all(tx, [Parcel(sender, found)])
    return outcome.fates, messages, outcome.noted


def take_in_all(tx: Tx, parcels: Sequence[Parcel]) -> tuple[list[Outcome], list[Message]]:
    """The same of several senders' parcels, in the statements that one of them needs."""
    owned = judging.owned(tx, [(each.sender.client, each.found) for each in parcels])
    judged = [judging.judged(each.sender.client, each.found, owned) for each in parcels]
    first = _first(judged)
    said = {ident: _said(event, parcels[number].sender, number) for ident, (event, number) in first.items()}
    accesses = [each.sender.access for each in parcels]
    new = intake_store.take(tx, accesses, list(said.values())) if said else set()
    old = said.keys() - new
    before = intake_store.kept(tx, sorted(old), BIRTHS, parcels[0].sender.now) if old else {}
    go = new | _lost(said, before)
    if again := sorted(go - new):
        intake_store.sent_again(tx, again)
    told = set[Ident]()
    fates = [_fates(each, said, new, before, told) for each in judged]
    for parcel, found in zip(parcels, fates, strict=True):
        client = parcel.sender.client
        intake_store.refuse(tx, client.id, judging.denied(client, parcel.sender.now, parcel.found, found))
    going = [(event, number) for ident, (event, number) in first.items() if ident in go]
    messages = outbox.append(tx, [_message(event, parcels[number].sender) for event, number in going])
    counts = Counter(number for _, number in going)
    noted = {first[ident][1] for ident in new}
    return [Outcome(each, counts[n], n in noted) for n, each in enumerate(fates)], messages


def _first(judged: Sequence[Sequence[CloudEvent[Event] | Refused]]) -> dict[Ident, tuple[Any, int]]:
    """The first of each id and in which parcel, in the order in which they also go to the broker."""
    found: dict[Ident, tuple[Any, int]] = {}
    for number, events in enumerate(judged):
        for event in events:
            if isinstance(event, CloudEvent):
                found.setdefault((event.source, event.id), (event, number))
    return found


def _said(event: CloudEvent[Any], sender: Sender, parcel: int) -> Said:
    return Said(
        source=event.source, id=event.id, type=event.type, ticket=event.partitionkey, time=event.time,
        digest=_digest(event), client=sender.client.id, parcel=parcel,
    )  # fmt: skip


def _digest(event: CloudEvent[Any]) -> str:
    text = msgspec.json.encode([event.type, event.subject, event.data])
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _lost(said: Mapping[Ident, Said], before: Mapping[Ident, Kept]) -> set[Ident]:
    """What was taken in a while ago, has shown no effect, and is sent once more: receivers drop repeats."""
    return {ident for ident, kept in before.items() if kept.again and kept.digest == said[ident].digest}


def _fates(
    judged: Sequence[CloudEvent[Event] | Refused],
    said: Mapping[Ident, Said],
    new: set[Ident],
    before: Mapping[Ident, Kept],
    told: set[Ident],
) -> list[Fate]:
    fates: list[Fate] = []
    digests = {ident: kept.digest for ident, kept in before.items()}
    for event in judged:
        if isinstance(event, Refused):
            fates.append(event)
            continue
        ident = event.source, event.id
        if ident in new and ident not in told:
            fates.append(_taken(event, repeated=False))
        elif _digest(event) == (digests[ident] if ident in digests else said[ident].digest):
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


def _message(event: CloudEvent[Any], sender: Sender) -> tuple[str, str, str, str]:
    written = replace(event, partitionkey="", traceparent=event.traceparent or sender.traceparent)
    content_type, body = cloudevent.encode([written])
    return INBOUND, routing_key(event.source, event.data), content_type, body.decode()
