"""A ticket's life on one line of time: what happened, what waits, who was asked and why. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.numbering import ALPHABET
from services.console.ticket.event_words import words_of
from services.console.ticket.facts import name_of, plain, publisher_of, said
from services.console.ticket.words import STUCK
from services.console.words import Pair

NUMBER = re.compile(rf"[{ALPHABET}]{{16}}")
GRID = re.compile(r"[0-9A-Z][0-9A-Z-]{1,31}")


@dataclass(frozen=True)
class Waiting:
    """An event that waits in a service: behind a gap (`due_at` None), or for another try."""

    service: str
    type: str
    source: str
    sequence: int
    attempt: int
    due_at: datetime | None
    error: str | None
    since: datetime


@dataclass(frozen=True)
class Parked:
    """An event that needs a person."""

    service: str
    no: int
    type: str | None
    source: str
    sequence: int
    reason: str
    attempt: int
    parked_at: datetime


@dataclass(frozen=True)
class Delivery:
    """A message to somebody that is not there yet."""

    audience: str
    template: str
    channel: str
    state: str
    attempt: int
    due_at: datetime
    error: str | None


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


@dataclass(frozen=True)
class Stuck:
    """What does not go on by itself, or not yet, and where."""

    service: str
    publisher: str
    sequence: int
    name: Pair
    how: str
    """A key of STUCK."""
    since: datetime | None = None
    until: datetime | None = None
    detail: str = ""
    record: str = ""
    """The parked record, e.g. ticket:12."""

    @property
    def words(self) -> Pair:
        """What that means."""
        return STUCK[self.how]


@dataclass(frozen=True)
class Candidate:
    """Somebody who could have been asked: the score and of what it is made."""

    assignee: str
    kind: str
    score: Any
    points: Mapping[str, Any]


@dataclass(frozen=True)
class Offer:
    """One offer: to whom, why, and who else was looked at."""

    at: datetime
    hop: int
    assignee: str | None
    kind: str | None
    until: datetime | None
    place: str
    kinds: Sequence[str]
    candidates: Sequence[Candidate]
    excluded: Sequence[tuple[str, str]]
    ended: Pair | None = None


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
ENDS = frozenset({
    "AssignmentAccepted", "OfferExpired", "AssignmentReturned", "AssignmentRevoked", "AssignmentWithdrawn",
})  # fmt: skip


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
        (key, datetime.fromisoformat(value) if key.endswith(" at") and isinstance(value, str) else value)
        for key, value in said(data)
    ]


def stuck(
    waiting: Sequence[Waiting], parked: Sequence[Parked], published: Mapping[str, int],
    positions: Mapping[tuple[str, str], int],
) -> list[Stuck]:  # fmt: skip
    """What is parked, waits, or has not been taken in by somebody who has heard of the ticket."""
    found = [
        Stuck(each.service, each.source.rpartition(":")[2], each.sequence, words_of(plain(each.type or "?")),
              "parked", since=each.parked_at, detail=each.reason, record=f"{each.service}:{each.no}")
        for each in parked
    ]  # fmt: skip
    found += [
        Stuck(each.service, each.source.rpartition(":")[2], each.sequence, words_of(plain(each.type)),
              "retry" if each.due_at else "gap", since=each.since, until=each.due_at,
              detail=f"{each.error or ''}"[:200])
        for each in waiting
    ]  # fmt: skip
    known = {(each.service, each.publisher, each.sequence) for each in found}
    return found + list(_behind(published, positions, known))


def _behind(
    published: Mapping[str, int], positions: Mapping[tuple[str, str], int], known: set[tuple[str, str, int]]
) -> Iterator[Stuck]:
    for (service, publisher), taken in sorted(positions.items()):
        last = published.get(publisher, 0)
        missing = [n for n in range(taken + 1, last + 1) if (service, publisher, n) not in known]
        if missing:
            span = str(missing[0]) if len(missing) == 1 else f"{missing[0]}–{missing[-1]}"
            yield Stuck(service, publisher, missing[0], (f"第 {span} 个事件", f"fact {span}"), "behind")


def offers(history: Sequence[Mapping[str, Any]]) -> list[Offer]:
    """Every offer with its reasons, the latest first."""
    found: list[Offer] = []
    for index, event in enumerate(history):
        if name_of(event) in ("OfferMade", "ClaimOpened"):
            found.insert(0, _offer(event, history[index + 1 :]))
    return found


def _offer(event: Mapping[str, Any], later: Sequence[Mapping[str, Any]]) -> Offer:
    data = event["data"]
    why, until = data.get("explanation") or {}, data.get("expires_at")
    end = next((name_of(each) for each in later if _ends(each, data.get("assignment"))), None)
    return Offer(
        at=event["time"], hop=data.get("hop", 0), assignee=data.get("assignee"), kind=data.get("kind"),
        until=datetime.fromisoformat(until) if until else None, place=why.get("place") or "",
        kinds=why.get("kinds") or (), ended=words_of(end) if end else None,
        candidates=[
            Candidate(each["assignee"], each["kind"], each["score"], each.get("points") or {})
            for each in why.get("candidates", ())
        ],
        excluded=[(each["assignee"], each["reason"]) for each in why.get("excluded", ())],
    )  # fmt: skip


def _ends(event: Mapping[str, Any], assignment: Any) -> bool:
    return name_of(event) in ENDS and event["data"].get("assignment") == assignment


def kin(ticket: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Related tickets: how, and their numbers."""
    desk = ticket.get("desk") or {}
    found = [("follows", desk.get("primary")), ("part_of", desk.get("parent"))]
    found += [("followed_by", number) for number in desk.get("followers", ())]
    found += [("child", each["number"]) for each in desk.get("children", ())]
    return [(how, number) for how, number in found if number]


def as_number(text: str) -> str | None:
    """A ticket number with its dashes, however it was typed; None where it is none."""
    letters = re.sub(r"[\s-]", "", text).upper()
    if not NUMBER.fullmatch(letters):
        return None
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def left(due_at: datetime, ended_at: datetime | None, now: datetime) -> timedelta:
    """How long is left, or was; negative: over."""
    return due_at - (ended_at or now)
