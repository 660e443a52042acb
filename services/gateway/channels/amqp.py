"""At the broker: what other systems publish to `gov.outside` is judged and taken in as by HTTP."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from chassis import inbox, outbox, parked
from chassis.database import Tx
from chassis.delivery import Arrival, Unreadable
from chassis.refusal import publisher_reply
from chassis.tally import Tally
from chassis.topology import OUTSIDE
from contracts.intake import EventRefused
from contracts.problem import FieldError
from services.gateway import client_store, intake_store
from services.gateway.clients import Client
from services.gateway.intake_store import Access
from services.gateway.judging import refused_unread
from services.gateway.problems import Refused
from services.gateway.taking import Fate, Sender, take_in

NAME = "gateway"
STRANGER = Refused("unauthorized", 401, "the broker vouches for no system that may send; set user_id")


class AtTheBroker:
    """The door for messages: who sent one is whom the broker vouches for."""

    def take(self, tx: Tx, arrivals: Sequence[Arrival], now: datetime) -> Tally:
        """Takes in each sender's in the order in which they came, and answers what is refused."""
        tally = Tally()
        for user, theirs in groupby(sorted(arrivals, key=_sender), _sender):
            client = known(tx, user)
            if client is None:
                _park(tx, list(theirs), tally)
            else:
                _take(tx, client, list(theirs), now, tally)
        return tally

    def note(self, tx: Tx, message: Unreadable, now: datetime) -> None:
        """Notes for reconciliation what could not be read, where its sender and source are known."""
        client = known(tx, message.delivery.publisher or "")
        if client:
            refused_unread(tx, client, message.violation, now)


def known(tx: Tx, user: str) -> Client | None:
    """The client that is this user at the broker; one that was let in just now is found, too."""
    found = client_store.known(tx).by_name.get(user) or client_store.looked_up(tx).by_name.get(user)
    return found if found and found.kind == "amqp" else None


def _sender(arrival: Arrival) -> str:
    return arrival.publisher or ""


def _take(tx: Tx, client: Client, theirs: Sequence[Arrival], now: datetime, tally: Tally) -> None:
    trace = secrets.token_hex(16)
    access = Access(client=client.id, address="", method="AMQP", path=OUTSIDE, status=207, trace=trace)
    sender = Sender(client, now, f"00-{trace}-{trace[:16]}-01", access)
    fates, messages, noted = take_in(tx, sender, [arrival.event for arrival in theirs])
    if not noted:
        intake_store.note(tx, access)
    new = _fresh(tx, [a for a, fate in zip(theirs, fates, strict=True) if isinstance(fate, Refused)])
    replies = list(_replies(client.id, theirs, fates, new))
    tally.messages += messages + outbox.append(tx, replies)
    tally.effected += len(messages) + len(replies)
    tally.repeated += len(theirs) - len(messages) - len(replies)


def _replies(
    user: str, theirs: Sequence[Arrival], fates: Sequence[Fate], new: set[tuple[str, str]]
) -> Iterable[tuple[str, str, str, str]]:
    """An answer to each that is refused, once however often the broker delivers it."""
    for arrival, fate in zip(theirs, fates, strict=True):
        if isinstance(fate, Refused) and (ident := arrival.ident) in new:
            new.discard(ident)
            yield publisher_reply(NAME, user, told(fate, arrival.event.id, arrival.event.source))


def told(refused: Refused, instance: str, source: str, *, parked: bool = False) -> EventRefused:
    """The refusal as an event, in the words that it has by HTTP."""
    problem = refused.told("")
    return EventRefused(
        problem=problem.type, title=problem.title, status=problem.status, detail=refused.detail,
        instance=instance, source=source, ticket=refused.ticket, parked=parked,
        errors=[_fault(error) for error in refused.errors],
    )  # fmt: skip


def _fault(error: FieldError) -> dict[str, str]:
    return {"pointer": error.pointer, "detail": error.detail}


def _park(tx: Tx, theirs: Sequence[Arrival], tally: Tally) -> None:
    """Keeps for an operator what nobody stands for: its sender was shut out, or did not say who it is."""
    new = _fresh(tx, theirs)
    for arrival in theirs:
        if (ident := arrival.ident) not in new:
            tally.repeated += 1
            continue
        new.discard(ident)
        parked.park(tx, arrival, STRANGER.problem, STRANGER.detail)
        tally.parked += 1
        if arrival.publisher:
            said = told(STRANGER, arrival.event.id, arrival.event.source, parked=True)
            tally.messages += outbox.append(tx, [publisher_reply(NAME, arrival.publisher, said)])


def _fresh(tx: Tx, arrivals: Sequence[Arrival]) -> set[tuple[str, str]]:
    """Which of these have no outcome yet; what an operator wants tried again is in the inbox already."""
    again = {arrival.ident for arrival in arrivals if arrival.waits_as}
    return again | inbox.take(tx, [arrival for arrival in arrivals if not arrival.waits_as])
