"""Who has to move next, told from a ticket and its history, in both languages. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.console.ticket.facts import name_of
from services.console.ticket.field_words import CODES
from services.console.ticket.words import ADJUDICATOR, HOLDERS, NOBODY, ON_OFFER
from services.console.words import Pair

OFFERS = ("OfferMade", "ClaimOpened")

Ticket = Mapping[str, Any]
History = Sequence[Mapping[str, Any]]


def last_offer(history: History) -> Mapping[str, Any] | None:
    """What the last offer said."""
    return next((event["data"] for event in reversed(history) if name_of(event) in OFFERS), None)


def holder(ticket: Ticket, history: History, shown: Callable[[datetime], str]) -> Pair:
    """Who has to move next; `shown` writes a time."""
    state, primary = ticket["state"], (ticket.get("desk") or {}).get("primary")
    if primary and state in ("merged", "in_progress", "handled"):
        return f"{primary} 的承办人（本单已并入）", f"whoever holds {primary}, which it follows"
    if state in ("assigned", "in_progress", "suspended"):
        zh, en = _who(ticket["assignee"], ticket["assignee_kind"])
        return f"{zh} 已接单", f"{en} has accepted it"
    offer = last_offer(history)
    if state == "dispatching" and offer:
        return _asked(offer, history, shown)
    return HOLDERS.get(state, NOBODY)


def _asked(offer: Mapping[str, Any], history: History, shown: Callable[[datetime], str]) -> Pair:
    last = next(name_of(event) for event in reversed(history) if name_of(event) in ON_OFFER)
    if last == "ObjectionOpened":
        return ADJUDICATOR
    until = shown(datetime.fromisoformat(offer["expires_at"]))
    chinese, english = ON_OFFER[last]
    if "assignee" not in offer:
        return f"先认领者，{chinese} {until}", f"whoever claims it first, {english} {until}"
    zh, en = _who(offer["assignee"], offer["kind"])
    return (
        f"{zh}，第 {offer['hop']} 次派单，{chinese} {until}",
        f"{en}, offer {offer['hop']}, {english} {until}",
    )


def _who(assignee: str, kind: str) -> Pair:
    zh, en = CODES.get(kind, (kind, kind))
    return f"{assignee}（{zh}）", f"{assignee} ({en})"
