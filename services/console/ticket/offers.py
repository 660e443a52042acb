"""Who was asked, why, and who else was looked at, from a ticket's history. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.console.ticket.event_words import words_of
from services.console.ticket.facts import name_of
from services.console.words import Pair

ENDS = frozenset({
    "AssignmentAccepted", "OfferExpired", "AssignmentReturned", "AssignmentRevoked", "AssignmentWithdrawn",
})  # fmt: skip


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
