"""Whether an event may be taken in: its sender's source, its type, the tickets it names; what is refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from chassis.database import Tx
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.masking import masked
from contracts.problem import ContractViolation
from contracts.terms import Instant, dated
from services.gateway import intake_store
from services.gateway.clients import Client
from services.gateway.intake_store import Denied
from services.gateway.ownership import BIRTHS, named
from services.gateway.problems import Refused, violated
from services.gateway.reading import Found

Owned = set[tuple[str, str]]
"""Tickets by their source and number."""


def owned(tx: Tx, asked: Sequence[tuple[Client, Sequence[Found]]]) -> Owned:
    """Which of the tickets that these events name are their senders', by source and number."""
    numbers: dict[str, set[str]] = {}
    for client, found in asked:
        for event in found:
            if isinstance(event, CloudEvent) and not client.any_ticket and event.source in client.sources:
                numbers.setdefault(event.source, set()).update(named(event.data))
    return {
        (source, number)
        for source, each in numbers.items()
        if each
        for number in intake_store.owned(tx, source, sorted(each), BIRTHS)
    }


def judged(client: Client, found: Sequence[Found], owned: Owned) -> list[CloudEvent[Event] | Refused]:
    """Each event or why it is refused, in order: what is born in a batch is its sender's for what follows."""
    fates = []
    for each in found:
        fates.append(event := _judged(client, each, owned))
        if isinstance(event, CloudEvent) and event.type in BIRTHS:
            owned.add((event.source, event.partitionkey))
    return fates


def _judged(client: Client, found: Found, owned: Owned) -> CloudEvent[Event] | Refused:
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


def refused_unread(tx: Tx, client: Client, violation: ContractViolation, now: datetime) -> None:
    """Notes for reconciliation a message of the client's own that breaks its contract."""
    denied = _denied_one(client, violation, violated(violation), now)
    intake_store.refuse(tx, client.id, [denied] if denied else [])


def denied(client: Client, now: datetime, found: Sequence[Found], fates: Sequence[Any]) -> list[Denied]:
    """What was refused of the client's own sources, for reconciliation; of others' it leaves no trace."""
    pairs = zip(found, fates, strict=True)
    refused = [_denied_one(client, event, fate, now) for event, fate in pairs if isinstance(fate, Refused)]
    return [each for each in refused if each]


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
