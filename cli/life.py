"""A ticket's history as people read it: what happened, who holds it now and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.say import shown

STATES = {
    "received": "received 已接收", "accepted": "accepted 已受理", "dispatching": "dispatching 派单中",
    "assigned": "assigned 已接单", "in_progress": "in progress 办理中", "handled": "handled 已办结",
    "awaiting_rating": "awaiting rating 待评价", "closed": "closed 已结案", "declined": "declined 不予受理",
    "pending_info": "pending information 待补充",
    "suspended": "suspended 已挂起", "transferred": "transferred 已转紧急热线",
    "cancelled": "cancelled 已撤销", "merged": "merged 已并单",
}  # fmt: skip
DOUBTS = {
    "not_listed": "the directory lists no name in its address · 目录中没有匹配的地名",
    "ambiguous": "it may be several places · 对应多个网格",
    "too_wide": "it names no more than a district or a subdistrict · 只到区或街道",
    "outside": "its coordinates lie in no cell · 坐标不在任何网格内",
    "datum": "it depends on the datum of its coordinates · 须注明坐标系",
}
LEFT_OUT = ("explanation", "source", "external_id", "requester_ref", "assignment", "key",
    "suggested")  # fmt: skip


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
    def offer(self) -> dict[str, Any] | None:
        """The last offer that was made."""
        return next((event["data"] for event in reversed(self.history) if name_of(event) in OFFERS), None)

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
        state, offer = self.ticket["state"], self.offer
        if self.primary and state in ("merged", "in_progress", "handled"):
            return f"whoever holds {self.primary}, which it follows"
        if state in ("assigned", "in_progress", "suspended"):
            return f"{self.ticket['assignee']} ({self.ticket['assignee_kind']}) has accepted it"
        if state == "dispatching" and offer:
            last = next(name_of(event) for event in reversed(self.history) if name_of(event) in ON_OFFER)
            if last == "ObjectionOpened":
                return "the adjudicator, who rules whose it is"
            if "assignee" not in offer:
                return f"whoever claims it first, {ON_OFFER[last]} {_value('_at', offer['expires_at'])}"
            asked = f"{offer['assignee']} ({offer['kind']})"
            return f"{asked}, offer {offer['hop']}, {ON_OFFER[last]} {_value('_at', offer['expires_at'])}"
        return HOLDERS.get(state, "nobody: it has ended")

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


OFFERS = ("OfferMade", "ClaimOpened")
ON_OFFER = {
    "ClaimOpened": "which can be done until",
    "AssignmentRevoked": "which was taken back; it would have stood until",
    "OfferMade": "which stands until",
    "OfferExpired": "which expired at",
    "AssignmentReturned": "which was returned; it would have stood until",
    "ObjectionOpened": "which is disputed",
}
HOLDERS = {
    "received": "the community desk, which triages it",
    "accepted": "dispatch, which looks for who does it",
    "dispatching": "dispatch, which looks for who does it",
    "pending_info": "the requester, who is asked for what is missing",
    "handled": "the verifier",
    "awaiting_rating": "the requester, who is asked for a rating",
}


def outside(fence: dict[str, Any]) -> str:
    """Which lists do not allow the work, what is nearest in them, and whose it may be."""
    told = [f"outside the lists (edition {fence['lists_version']}) 清单外"]
    if fence.get("category"):
        over = f", in force until {fence['valid_to']}" if fence.get("valid_to") else ""
        entry = f"{fence['category']} (list {fence['catalogue']}, version {fence['catalogue_version']}{over})"
        told.append(f"nearest: {entry}")
    return "; ".join([*told, f"proposed unit: {fence.get('proposed_unit') or 'none'}"])


def name_of(event: dict[str, Any]) -> str:
    """The plain name of an event, e.g. OfferMade."""
    return str(event["type"].split(".")[-2])


def publisher_of(event: dict[str, Any]) -> str:
    """The service that published an event."""
    return str(event["source"].rpartition(":")[2])


def said_of(data: dict[str, Any]) -> str:
    """What a fact says, on one line."""
    told = {key: value for key, value in data.items() if key not in LEFT_OUT and value is not None}
    return ", ".join(f"{key.replace('_', ' ')} {_value(key, value)}" for key, value in told.items())


def _value(key: str, value: Any) -> str:
    return shown(datetime.fromisoformat(value) if key.endswith("_at") else value)
