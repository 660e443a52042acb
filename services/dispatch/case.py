"""The dispatch of one ticket as a value: its state, and how facts change it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from chassis.states import Stored
from contracts import dispatch
from services.dispatch import calls
from services.dispatch.calls import Call
from services.dispatch.records import (
    Asked,
    Awaited,
    Bound,
    CallsDropped,
    CaseEnded,
    Claimed,
    ContractCommitted,
    ContractReleased,
    ContractReserved,
    GroundsRecorded,
    OutcomeRecorded,
    Postponed,
    ReturnableUntil,
    RulingRecorded,
    SeverityNoted,
    WhistleRecorded,
)

SHIFT_OVER = "shift_over"
"""Why it is taken from somebody who may be asked again in his next shift."""


class Beside(Struct, frozen=True, kw_only=True):
    """An offer that stands at the same time as the one in front."""

    assignment: str
    assignee: str
    kind: Any
    hop: int
    unit: str | None = None


class Case(Stored, frozen=True, kw_only=True):
    """The state of one ticket's dispatch; `outcome` and what follows live only in their transaction."""

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
    contract_month: str | None = None
    expires_at: datetime | None = None
    contact_due_at: datetime | None = None
    tried: list[str] = field(default_factory=list)
    returns: int = 0
    return_until: datetime | None = None
    bound: Bound | None = None
    mode: str = "direct"
    claimed: bool = False
    beside: tuple[Beside, ...] = ()
    calls: tuple[Call, ...] = ()
    arrive_by: datetime | None = None
    outcome: OutcomeRecorded | None = None
    grounds: tuple[GroundsRecorded, ...] = ()
    rulings: tuple[RulingRecorded, ...] = ()
    units: tuple[Any, ...] = ()
    whistles: tuple[WhistleRecorded, ...] = ()


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
    """An offer while another stands is one beside it."""
    if state.state == "offered":
        other = Beside(
            assignment=fact.assignment, assignee=fact.assignee, kind=fact.kind, hop=fact.hop, unit=fact.unit
        )
        tried = [*state.tried, fact.assignee]
        return replace(state, hop=fact.hop, beside=(*state.beside, other), tried=tried)
    return replace(
        state, state="offered", hop=fact.hop, assignment=fact.assignment, assignee=fact.assignee,
        kind=fact.kind, unit=fact.unit, expires_at=fact.expires_at, tried=[*state.tried, fact.assignee],
        mode=fact.mode or "direct", claimed=False,
    )  # fmt: skip


def _after_claim_opened(state: Case, fact: dispatch.ClaimOpened) -> Case:
    return replace(
        state, state="claimable", mode="claim", hop=fact.hop, assignment=fact.assignment, assignee=None,
        kind=None, unit=None, expires_at=fact.expires_at,
    )  # fmt: skip


def _after_claim(state: Case, fact: Claimed) -> Case:
    tried = [*state.tried, fact.assignee]
    return replace(state, assignee=fact.assignee, kind=fact.kind, unit=fact.unit, tried=tried, claimed=True)


def _without(state: Case, assignment: str) -> Case:
    """One of the offers that stand together is gone; another moves to the front."""
    rest = tuple(one for one in state.beside if one.assignment != assignment)
    if assignment != state.assignment or not rest:
        return replace(state, beside=rest)
    one = rest[0]
    return replace(
        state, assignment=one.assignment, assignee=one.assignee, kind=one.kind, unit=one.unit, beside=rest[1:]
    )


def _after_accepted(state: Case, fact: dispatch.AssignmentAccepted | dispatch.AssignmentReopened) -> Case:
    """What is done again is not returned again; whoever was asked beside him is withdrawn next."""
    mine = [one for one in state.beside if one.assignment == fact.assignment]
    beside = state.beside
    if mine:
        assert state.assignment
        assert state.assignee
        former = Beside(
            assignment=state.assignment,
            assignee=state.assignee,
            kind=state.kind,
            hop=state.hop,
            unit=state.unit,
        )
        beside = (*(one for one in beside if one not in mine), former)
    return replace(
        state, state="accepted", assignment=fact.assignment, assignee=fact.assignee, kind=fact.kind,
        unit=mine[0].unit if mine else state.unit, beside=beside, expires_at=None,
        contact_due_at=fact.contact_due_at, return_until=None,
    )  # fmt: skip


def _after_objection(state: Case, _fact: dispatch.ObjectionOpened) -> Case:
    """Nobody has it, and no timer gives it to anybody."""
    return replace(state, state="objection_open", expires_at=None)


def _after_returned(state: Case, fact: dispatch.AssignmentReturned) -> Case:
    if state.beside:
        return replace(_without(state, fact.assignment), returns=state.returns + 1)
    return replace(
        state, claimed=False, state="open", expires_at=None, return_until=None, returns=state.returns + 1
    )


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
    return [ContractReleased(state.contract, state.contract_month or "")] if state.contract else []


def used_up(state: Case) -> list[ContractCommitted]:
    """What was held of a contract's quota is spent."""
    return [ContractCommitted(state.contract, state.contract_month or "")] if state.contract else []


def _after_reserved(state: Case, fact: ContractReserved) -> Case:
    units = (*state.units, fact)
    return replace(state, contract=fact.contract, contract_month=fact.month, units=units)


def _after_unit(state: Case, fact: ContractReleased | ContractCommitted) -> Case:
    """Nothing is held any more, so that nothing can be freed or spent twice."""
    return replace(state, contract=None, contract_month=None, units=(*state.units, fact))


def _with_calls(state: Case, known: tuple[Call, ...]) -> Case:
    return replace(state, calls=known, arrive_by=calls.next_due(known))


def _after_expired(state: Case, fact: dispatch.OfferExpired) -> Case:
    if state.beside:
        return _without(state, fact.assignment)
    return replace(state, state="open", expires_at=None)


def _after_revoked(state: Case, fact: dispatch.AssignmentRevoked) -> Case:
    if state.beside:
        return _without(state, fact.assignment)
    tried = state.tried
    if fact.reason_code == SHIFT_OVER:
        tried = [code for code in tried if code != fact.assignee]
    return replace(state, state="open", expires_at=None, return_until=None, claimed=False, tried=tried)


def _after_withdrawn(state: Case, fact: dispatch.AssignmentWithdrawn) -> Case:
    """One of several, or the ticket's last."""
    if any(one.assignment == fact.assignment for one in state.beside):
        return _without(state, fact.assignment)
    return replace(state, state="ended", expires_at=None, claimed=False)


def _after_done(state: Case, _fact: dispatch.AssignmentDone) -> Case:
    return replace(state, state="done", expires_at=None, claimed=False)


def _moved(to: str) -> Callable[[Case, Any], Case]:
    return lambda state, fact: replace(state, state=to, expires_at=None)


CHANGES: dict[type, Callable[[Case, Any], Case]] = {
    Asked: _after_asked,
    dispatch.OfferMade: _after_offer,
    dispatch.AssignmentAccepted: _after_accepted,
    dispatch.AssignmentReopened: _after_accepted,
    dispatch.FirstContactMade: _moved("contacted"),
    dispatch.AssignmentDone: _after_done,
    dispatch.ClaimOpened: _after_claim_opened,
    Claimed: _after_claim,
    Awaited: lambda state, fact: replace(state, expires_at=fact.until),
    dispatch.AssignmentReturned: _after_returned,
    dispatch.ObjectionOpened: _after_objection,
    dispatch.ObjectionRuled: _after_ruled,
    dispatch.ResponseHastened: _after_hastened,
    dispatch.OfferExpired: _after_expired,
    dispatch.AssignmentRevoked: _after_revoked,
    dispatch.AssignmentWithdrawn: _after_withdrawn,
    ContractReserved: _after_reserved,
    ContractReleased: _after_unit,
    ContractCommitted: _after_unit,
    Postponed: lambda state, fact: replace(state, state="blocked", expires_at=fact.until),
    OutcomeRecorded: lambda state, fact: replace(state, outcome=fact),
    GroundsRecorded: lambda state, fact: replace(state, grounds=(*state.grounds, fact)),
    RulingRecorded: _after_ruling,
    SeverityNoted: lambda state, fact: replace(state, severity=fact.severity),
    ReturnableUntil: lambda state, fact: replace(state, return_until=fact.until),
    CaseEnded: _moved("ended"),
    dispatch.DepartmentCalled: lambda state, fact: _with_calls(state, (*state.calls, calls.called(fact))),
    dispatch.DepartmentArrived: lambda state, fact: _with_calls(state, calls.arrived(state.calls, fact)),
    dispatch.DepartmentMissed: lambda state, fact: _with_calls(state, calls.missed(state.calls, fact)),
    CallsDropped: lambda state, _: replace(state, arrive_by=None),
    WhistleRecorded: lambda state, fact: replace(state, whistles=(*state.whistles, fact)),
}
