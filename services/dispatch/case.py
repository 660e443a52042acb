"""The dispatch of one ticket as a value: its state, its private facts, and how facts change it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import dispatch
from services.dispatch.records import (
    Bound,
    CaseEnded,
    GroundsRecorded,
    ReturnableUntil,
    RulingRecorded,
    SeverityNoted,
)


class Case(Struct, frozen=True, kw_only=True):
    """The state of one ticket's dispatch; `outcome` and what follows live only in their transaction."""

    id: str
    sequence: int = 0
    state: str = "new"
    category: str = ""
    grid: str = ""
    severity: Any = "general"
    hop: int = 0
    assignment: str | None = None
    assignee: str | None = None
    kind: Any = None
    unit: str | None = None
    contract: str | None = None
    expires_at: datetime | None = None
    contact_due_at: datetime | None = None
    tried: list[str] = []
    returns: int = 0
    return_until: datetime | None = None
    bound: Bound | None = None
    outcome: "OutcomeRecorded | None" = None
    grounds: tuple[GroundsRecorded, ...] = ()
    rulings: tuple[RulingRecorded, ...] = ()


class Asked(Struct, frozen=True, kw_only=True):
    """What is to be done, where, and how urgent it is."""

    category: str
    grid: str
    severity: str


class ContractReserved(Struct, frozen=True):
    """One unit of a contract's quota is held for the offer."""

    contract: str


class ContractReleased(Struct, frozen=True):
    """The held unit is free again."""

    contract: str


class ContractCommitted(Struct, frozen=True):
    """The held unit is used up."""

    contract: str


class OutcomeRecorded(Struct, frozen=True, kw_only=True):
    """What the assignee wrote, kept here and never published."""

    assignment: str
    text: str
    evidence: list[str]
    at: datetime


class Postponed(Struct, frozen=True):
    """Nobody can be asked, not even a desk: looked at again at `until`."""

    until: datetime


def initial(key: str) -> Case:
    """A ticket that nobody has been asked to do yet."""
    return Case(id=key)


def evolve(state: Case, fact: Any) -> Case:
    """The case after `fact`."""
    change = CHANGES.get(type(fact))
    return change(state, fact) if change else state


def _after_asked(state: Case, fact: Asked) -> Case:
    """Also anew, where it was ended meanwhile: whoever was tried before may be asked again."""
    return replace(
        state, state="open", category=fact.category, grid=fact.grid, severity=fact.severity, tried=[]
    )


def _after_offer(state: Case, fact: dispatch.OfferMade) -> Case:
    return replace(
        state, state="offered", hop=fact.hop, assignment=fact.assignment, assignee=fact.assignee,
        kind=fact.kind, unit=fact.unit, expires_at=fact.expires_at, tried=[*state.tried, fact.assignee],
    )  # fmt: skip


def _after_accepted(state: Case, fact: dispatch.AssignmentAccepted | dispatch.AssignmentReopened) -> Case:
    """What is done again is not returned again."""
    return replace(
        state, state="accepted", expires_at=None, contact_due_at=fact.contact_due_at, return_until=None
    )


def _after_objection(state: Case, _fact: dispatch.ObjectionOpened) -> Case:
    """Nobody has it, and no timer gives it to anybody."""
    return replace(state, state="objection_open", expires_at=None)


def _after_returned(state: Case, _fact: dispatch.AssignmentReturned) -> Case:
    return replace(state, state="open", expires_at=None, return_until=None, returns=state.returns + 1)


def _after_ruled(state: Case, fact: dispatch.ObjectionRuled) -> Case:
    return replace(
        state, state="offered", hop=fact.hop, assignment=fact.assignment, assignee=fact.assignee,
        kind=fact.kind, unit=fact.unit, tried=[*state.tried, fact.assignee],
    )  # fmt: skip


def _after_ruling(state: Case, fact: RulingRecorded) -> Case:
    bound = Bound(assignee=fact.assignee, reason_code=fact.reason_code, ruled_at=fact.at)
    return replace(state, bound=bound, rulings=(*state.rulings, fact))


def _after_hastened(state: Case, fact: dispatch.ResponseHastened) -> Case:
    expires_at, contact_due_at = fact.expires_at or state.expires_at, fact.contact_due_at
    return replace(state, expires_at=expires_at, contact_due_at=contact_due_at or state.contact_due_at)


def released(state: Case) -> list[ContractReleased]:
    """What was held of a contract's quota is free again."""
    return [ContractReleased(state.contract)] if state.contract else []


def _moved(to: str) -> Callable[[Case, Any], Case]:
    return lambda state, fact: replace(state, state=to, expires_at=None)


CHANGES: dict[type, Callable[[Case, Any], Case]] = {
    Asked: _after_asked,
    dispatch.OfferMade: _after_offer,
    dispatch.AssignmentAccepted: _after_accepted,
    dispatch.AssignmentReopened: _after_accepted,
    dispatch.FirstContactMade: _moved("contacted"),
    dispatch.AssignmentDone: _moved("done"),
    dispatch.AssignmentReturned: _after_returned,
    dispatch.ObjectionOpened: _after_objection,
    dispatch.ObjectionRuled: _after_ruled,
    dispatch.ResponseHastened: _after_hastened,
    dispatch.OfferExpired: _moved("open"),
    dispatch.AssignmentWithdrawn: _moved("ended"),
    ContractReserved: lambda state, fact: replace(state, contract=fact.contract),
    ContractReleased: lambda state, fact: replace(state, contract=None),
    ContractCommitted: lambda state, fact: replace(state, contract=None),
    Postponed: lambda state, fact: replace(state, state="blocked", expires_at=fact.until),
    OutcomeRecorded: lambda state, fact: replace(state, outcome=fact),
    GroundsRecorded: lambda state, fact: replace(state, grounds=(*state.grounds, fact)),
    RulingRecorded: _after_ruling,
    SeverityNoted: lambda state, fact: replace(state, severity=fact.severity),
    ReturnableUntil: lambda state, fact: replace(state, return_until=fact.until),
    CaseEnded: _moved("ended"),
}
