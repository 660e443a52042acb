"""Which facts about its own work orders a hotline may hear, and which members of each."""

from collections.abc import Mapping
from typing import Literal

from contracts import dispatch, evaluation, ticket
from contracts.event import Event, type_of

Fact = Literal[
    "TicketAccepted", "TicketMerged", "TicketDeclined", "TicketTransferred", "TicketCancelled",
    "AssignmentAccepted", "FirstContactMade", "ExtensionRequested", "TicketHandled", "TicketClosed",
    "RatingSubmitted",
]  # fmt: skip
ALWAYS = ("ticket", "number", "time")
ANSWER, CONTACTED = "answer", "contacted_at"
"""What was done, in words for the requester; when he was first reached."""
OUT: Mapping[Fact, tuple[str, ...]] = {
    "TicketAccepted": (*ALWAYS, "category", "severity", "grid"),
    "TicketMerged": (*ALWAYS, "reason_code", "repeat"),
    "TicketDeclined": (*ALWAYS, "reason_code", "statutory_path"),
    "TicketTransferred": (*ALWAYS, "line", "reason_code"),
    "TicketCancelled": (*ALWAYS, "reason_code"),
    "AssignmentAccepted": (*ALWAYS, "kind", "contact_due_at"),
    "FirstContactMade": (*ALWAYS, "in_time"),
    "ExtensionRequested": (*ALWAYS, "span", "reason_code"),
    "TicketHandled": (*ALWAYS, "resolved", "unresolved_reason", "on_time", "reworks", ANSWER, CONTACTED),
    "TicketClosed": (*ALWAYS, "rated", "resolved", "satisfaction", "final"),
    "RatingSubmitted": (*ALWAYS, "resolved", "satisfaction", "reason", "round"),
}
"""Nothing that names an assignee; `statutory_path` is what the requester was told."""
EVENTS: Mapping[Fact, type[Event]] = {
    name: next(getattr(each, name) for each in (ticket, dispatch, evaluation) if hasattr(each, name))
    for name in OUT
}
TYPES: Mapping[str, Fact] = {type_of(event): name for name, event in EVENTS.items()}
"""The facts by their CloudEvents type."""
