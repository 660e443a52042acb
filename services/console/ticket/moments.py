"""What happened to a ticket, in all services, on one line of time. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.console.ticket.event_words import words_of
from services.console.ticket.facts import name_of, plain, publisher_of, said
from services.console.words import Pair


@dataclass(frozen=True)
class Moment:
    """One point on the line of time; `said` are the names and values of what a fact says."""

    at: datetime
    service: str
    name: Pair
    said: Sequence[tuple[str, Any]]
    tone: str = ""
    """good, warn or bad, where it matters."""
    no: int | None = None
    """The number of the fact in its publisher's order."""


PRIVATE = frozenset({"lives_alone"})
"""What a fact tells of a person; whoever is asked for help needs to know it, an operator does not."""
BAD = frozenset({
    "TicketOverdue", "DispatchBlocked", "DispatchAlarmed", "NotificationFailed", "DepartmentMissed",
    "VisitMissed",
})  # fmt: skip
WARN = frozenset({
    "TicketDueSoon", "OfferExpired", "AssignmentReturned", "ObjectionOpened", "TicketEscalated",
    "TicketSupervised", "TicketReminded", "ReworkRequested", "TicketReopened", "DuplicateSuspected",
    "PlaceUnknown", "RatingExpired",
})  # fmt: skip
GOOD = frozenset({"TicketHandled", "TicketVerified", "TicketClosed", "RatingSubmitted", "AssignmentDone"})


def tone(name: str) -> str:
    """How a fact is to be seen."""
    tones = (("bad", BAD), ("warn", WARN), ("good", GOOD))
    return next((word for word, names in tones if name in names), "")


def line(history: Sequence[Mapping[str, Any]], taken_in: Sequence[Mapping[str, Any]]) -> list[Moment]:
    """All that happened, of all services, oldest first."""
    found = [
        Moment(event["time"], publisher_of(event), words_of(name_of(event)), _told(event["data"]),
               tone(name_of(event)), event["sequence"])
        for event in history
    ]  # fmt: skip
    found += [
        Moment(row["received_at"], "gateway", words_of(plain(row["type"])),
               [("client", row["client"]), *([("problem", row["problem"])] if row["problem"] else [])],
               "bad" if row["problem"] else "")
        for row in taken_in
    ]  # fmt: skip
    return sorted(found, key=lambda moment: moment.at)  # stable: facts of one moment keep their order


def _told(data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What a fact says; times as times."""
    return [
        (key, datetime.fromisoformat(value) if key.endswith("_at") and isinstance(value, str) else value)
        for key, value in said(data)
        if key not in PRIVATE
    ]
