"""The account of a demo: what became of its requests, in counts and rates."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

ENDED = ("closed", "declined", "transferred", "cancelled", "merged")
SATISFIED = ("very_satisfied", "satisfied", "basically_satisfied")


@dataclass
class Row:
    """Counts of one group of tickets."""

    tickets: int = 0
    contacts: int = 0
    contacts_in_time: int = 0
    done: int = 0
    rated: int = 0
    resolved: int = 0
    satisfied: int = 0
    unrated: int = 0
    returns: int = 0
    expiries: int = 0
    reworks: int = 0

    @property
    def response_rate(self) -> float | None:
        """First contacts in time / first contacts made."""
        return share(self.contacts_in_time, self.contacts)

    @property
    def resolution_rate(self) -> float | None:
        """Answered "resolved" / rated (DOMAIN.md §3)."""
        return share(self.resolved, self.rated)

    @property
    def satisfaction_rate(self) -> float | None:
        """Basically satisfied or better / rated."""
        return share(self.satisfied, self.rated)

    @property
    def coverage(self) -> float | None:
        """Rated / closed; unrated is never satisfied."""
        return share(self.rated, self.rated + self.unrated)


@dataclass
class Account:
    """What became of the requests of one demo."""

    accepted: int
    states: Counter[str] = field(default_factory=Counter)
    parked: int = 0
    parked_records: Counter[str] = field(default_factory=Counter)
    stale: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    whole: Row = field(default_factory=Row)
    by_kind: dict[str, Row] = field(default_factory=dict)
    by_grid: dict[str, Row] = field(default_factory=dict)
    ratings: Counter[str] = field(default_factory=Counter)
    events: int = 0
    under_way: int = 0
    """Messages and events that have not yet had their effect."""

    @property
    def closed(self) -> int:
        """Requests that have ended in any way."""
        return sum(self.states[state] for state in ENDED)

    @property
    def open(self) -> int:
        """Requests that are under way and not parked."""
        return sum(self.states.values()) - self.closed

    @property
    def balanced(self) -> bool:
        """Whether every request is accounted for, nothing done twice, and what is open has time left."""
        whole = self.accepted == self.closed + self.open + self.parked
        return whole and not self.lost and not self.doubled and not self.stale


def share(part: int, whole: int) -> float | None:
    """A rate, or None where there is nothing to rate."""
    return round(part / whole, 4) if whole else None


def count(
    account: Account,
    tickets: Iterable[tuple[Any, ...]],
    facts: Iterable[tuple[Any, ...]],
    community: Callable[[str | None], str],
) -> None:
    """Counts tickets and facts (rows of `cli.demo.store`) by kind of assignee and by community."""
    for _, _, _, _, grid, kind, _ in tickets:
        for row in _rows(account, kind, community(grid)):
            row.tickets += 1
    reached: set[str] = set()
    for ticket, _, _, type_, data, kind, grid, _ in facts:
        name = name_of(type_)
        if name == "FirstContactMade":
            if ticket in reached:
                continue  # a rework's contact is not the first
            reached.add(ticket)
        for row in _rows(account, _whose(name, data) or kind, community(grid)):
            _tell(row, name, data)
        if name == "TicketClosed":
            account.ratings[data.get("satisfaction") or "unrated"] += 1


def _tell(row: Row, name: str, data: Mapping[str, Any]) -> None:
    match name:
        case "FirstContactMade":
            row.contacts += 1
            row.contacts_in_time += data["in_time"]
        case "AssignmentDone":
            row.done += 1
        case "AssignmentReturned":
            row.returns += 1
        case "OfferExpired":
            row.expiries += 1
        case "TicketReopened":
            row.reworks += 1
        case "TicketClosed" if data["rated"]:
            row.rated += 1
            row.resolved += data.get("resolved") == "yes"
            row.satisfied += data.get("satisfaction") in SATISFIED
        case "TicketClosed":
            row.unrated += 1


def _rows(account: Account, kind: str | None, place: str) -> list[Row]:
    return [
        account.whole,
        account.by_kind.setdefault(kind or "–", Row()),
        account.by_grid.setdefault(place, Row()),
    ]


def _whose(name: str, data: Mapping[str, Any]) -> str | None:
    """Who returned an offer or let it expire is rarely who holds the ticket in the end."""
    return data["kind"] if name in ("AssignmentReturned", "OfferExpired") else None


def name_of(type_: str) -> str:
    """The plain name of an event type, e.g. OfferMade."""
    return type_.split(".")[-2]
