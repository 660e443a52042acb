"""A ticket's history as people read it: what happened, who holds it now and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.say import shown
from services.console.ticket import words
from services.console.ticket.facts import name_of, publisher_of, said
from services.console.ticket.holder import holder, last_offer

STATES = {state: f"{english} {chinese}" for state, (chinese, english) in words.STATES.items()}
DOUBTS = {doubt: f"{english} · {chinese}" for doubt, (chinese, english) in words.DOUBTS.items()}


@dataclass(frozen=True)
class Life:
    """A ticket and its history, oldest first."""

    ticket: dict[str, Any]
    history: list[dict[str, Any]]

    @property
    def state_words(self) -> str:
        """The state in English and Chinese."""
        return STATES.get(self.ticket["state"], str(self.ticket["state"]))

    @property
    def offer(self) -> Mapping[str, Any] | None:
        """The last offer that was made."""
        return last_offer(self.history)

    @property
    def primary(self) -> str | None:
        """The ticket that this one follows."""
        return (self.ticket.get("desk") or {}).get("primary")

    @property
    def followers(self) -> list[str]:
        """The tickets that follow this one."""
        return list((self.ticket.get("desk") or {}).get("followers", ()))

    @property
    def parent(self) -> str | None:
        """The ticket of whose work this one is a part."""
        return (self.ticket.get("desk") or {}).get("parent")

    @property
    def children(self) -> list[dict[str, Any]]:
        """Its parts that are tickets of their own: number, mandatory or not, what has become of them."""
        found = (self.ticket.get("desk") or {}).get("children", ())
        return [{"state": "open", **child} for child in found]

    @property
    def place(self) -> str | None:
        """By what its cell is known, or why nobody could tell it when it came."""
        for event in self.history:
            if name_of(event) == "PlaceUnknown":
                said = event["data"]
                cells = f" ({', '.join(said['candidates'])})" if said["candidates"] else ""
                return f"unknown as it came: {DOUBTS[said['reason']]}{cells}"
        way = self._received.get("grid_by")
        return f"found by {way}" if way else None

    @property
    def suggestion(self) -> str | None:
        """What a model took its category for."""
        said = self._received.get("suggested")
        if not said:
            return None
        taken = "taken" if said["taken"] else "left to the desk"
        return f"{said['category']}, {said['confidence']} % sure ({said['model']}), {taken}"

    @property
    def _received(self) -> dict[str, Any]:
        return next((event["data"] for event in self.history if name_of(event) == "TicketReceived"), {})

    @property
    def explanation(self) -> dict[str, Any] | None:
        """Why the last offer went where it went."""
        return self.offer["explanation"] if self.offer else None

    @property
    def holder(self) -> str:
        """Who has to move next."""
        return holder(self.ticket, self.history, shown)[1]

    def rows(self) -> list[tuple[Any, ...]]:
        """Time, publisher, number, event and what it says, one row for each event."""
        return [
            (event["time"], publisher_of(event), event["sequence"], name_of(event), said_of(event["data"]))
            for event in self.history
        ]

    def document(self) -> dict[str, Any]:
        """All of it for scripts."""
        return {
            "ticket": self.ticket,
            "holder": self.holder,
            "place": self.place,
            "suggestion": self.suggestion,
            "primary": self.primary,
            "followers": self.followers,
            "parent": self.parent,
            "children": self.children,
            "explanation": self.explanation,
            "history": self.history,
        }


def outside(fence: dict[str, Any]) -> str:
    """Which lists do not allow the work, what is nearest in them, and whose it may be."""
    told = [f"outside the lists (edition {fence['lists_version']}) 清单外"]
    if fence.get("category"):
        over = f", in force until {fence['valid_to']}" if fence.get("valid_to") else ""
        entry = f"{fence['category']} (list {fence['catalogue']}, version {fence['catalogue_version']}{over})"
        told.append(f"nearest: {entry}")
    return "; ".join([*told, f"proposed unit: {fence.get('proposed_unit') or 'none'}"])


def said_of(data: dict[str, Any]) -> str:
    """What a fact says, on one line."""
    return ", ".join(f"{key.replace('_', ' ')} {_value(key, value)}" for key, value in said(data))


def _value(key: str, value: Any) -> str:
    return shown(datetime.fromisoformat(value) if key.endswith("_at") else value)
