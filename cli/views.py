"""What a resident may see of a ticket: its steps and dates, no internal note, nobody's name or score."""

from typing import Any, Literal

from cli.life import said_of
from services.console.ticket.facts import name_of

View = Literal["desk", "resident"]

TOLD: dict[str, tuple[str, ...]] = {
    "TicketReceived": ("channel", "category"),
    "TicketTransferred": ("line",),
    "TicketDeclined": ("reason_code", "statutory_path"),
    "DeclineObjected": (),
    "InfoRequested": ("missing", "until"),
    "InfoProvided": ("due_at",),
    "TicketAccepted": ("category",),
    "DeadlineSet": ("kind", "due_at"),
    "DeadlineExtended": ("reason_code", "due_at"),
    "AssignmentAccepted": ("kind",),
    "FirstContactMade": (),
    "TicketSuspended": ("plan", "review_at"),
    "TicketResumed": ("due_at",),
    "TicketReminded": ("number",),
    "EmergencyHandedOver": ("line", "at"),
    "TicketHandled": ("resolved", "unresolved_reason"),
    "RatingRequested": ("window_ends_at",),
    "RatingSubmitted": ("resolved", "satisfaction"),
    "TicketReopened": ("reworks",),
    "ReworkRequested": (),
    "FinalAnswerGiven": ("answer_code",),
    "TicketMerged": (),
    "TicketUnmerged": (),
    "ReopeningRefused": (),
    "TicketClosed": ("rated",),
    "TicketCancelled": (),
}
"""The facts a resident sees, and what of them; any other fact stays inside, also one that is new."""
SHOWN = (
    "id",
    "state",
    "category",
    "severity",
    "received_at",
    "due_at",
    "reworks",
    "resolved",
    "satisfaction",
)


def seen(
    ticket: dict[str, Any], history: list[dict[str, Any]], notes: list[dict[str, Any]]
) -> dict[str, Any]:
    """The resident's view of a ticket, its history (time, event, what it says) and its notes."""
    events = [(event, TOLD[name_of(event)]) for event in history if name_of(event) in TOLD]
    return {
        "ticket": {key: ticket[key] for key in SHOWN if key in ticket},
        "history": [
            {
                "time": event["time"],
                "event": name_of(event),
                "said": said_of({key: event["data"].get(key) for key in keys}),
            }
            for event, keys in events
        ],
        "notes": [note | {"by": ""} for note in notes if not note["internal"]],
    }
