"""The dispatch of one ticket, pure: offers one after the other until somebody takes it and does it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import dispatch
from contracts.problem import Refusal
from services.dispatch.engine import DESK, Choice, Option, Pool, choose


class Case(Struct, frozen=True, kw_only=True):
    """The state of one ticket's dispatch; `outcome` is present only in the transaction that receives it."""

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
    outcome: "OutcomeRecorded | None" = None


class Windows(Struct, frozen=True, kw_only=True):
    """How long an offer stands and how soon the first contact is due, by severity, in seconds."""

    offer: Mapping[str, int]
    contact: Mapping[str, int]


class StartDispatch(Struct, frozen=True, kw_only=True):
    """Find who does an accepted ticket."""

    category: str
    grid: str
    severity: str
    pool: Pool
    windows: Windows
    at: datetime


class AcceptAssignment(Struct, frozen=True, kw_only=True):
    """The assignee takes the offer."""

    assignment: str
    assignee: str
    windows: Windows
    at: datetime


class ReturnAssignment(Struct, frozen=True, kw_only=True):
    """The assignee gives the offer or the assignment back."""

    assignment: str
    assignee: str
    code: Any
    proposed_unit: str | None
    pool: Pool
    windows: Windows
    at: datetime


class ExpireOffer(Struct, frozen=True, kw_only=True):
    """Nobody answered in time."""

    pool: Pool
    windows: Windows
    at: datetime


class LogFirstContact(Struct, frozen=True, kw_only=True):
    """The assignee reached the requester."""

    assignment: str
    assignee: str
    at: datetime


class ReportWork(Struct, frozen=True, kw_only=True):
    """The assignee reports the outcome."""

    assignment: str
    assignee: str
    resolved: Any
    unresolved_reason: str | None
    outcome: str
    evidence: list[str]
    at: datetime


class ReopenAssignment(Struct, frozen=True, kw_only=True):
    """The requester was not satisfied: the same lead works again."""

    windows: Windows
    at: datetime


class WithdrawAssignment(Struct, frozen=True, kw_only=True):
    """The ticket has ended before the work did."""

    reason: str


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


AGAIN_AFTER = timedelta(seconds=60)
WITH_ASSIGNEE = ("accepted", "contacted")


def initial(key: str) -> Case:
    """A ticket that nobody has been asked to do yet."""
    return Case(id=key)


def decide(state: Case, command: Any) -> list[Any]:
    """The facts that follow from `command` in `state`; a Refusal where it does not fit."""
    return DECISIONS[type(command)](state, command)


def evolve(state: Case, fact: Any) -> Case:
    """The case after `fact`."""
    change = CHANGES.get(type(fact))
    return change(state, fact) if change else state


def _start(state: Case, command: StartDispatch) -> list[Any]:
    if state.state != "new":
        return []
    pool = command.pool
    asked = Asked(category=command.category, grid=command.grid, severity=command.severity)
    if pool.item is None or pool.place is None:
        missing: Any = "unknown_category" if pool.item is None else "unknown_grid"
        detail = command.category if pool.item is None else command.grid
        return [
            asked,
            dispatch.DispatchBlocked(reason=missing, detail=detail),
            *_next_offer(evolve(state, asked), command),
        ]
    started = dispatch.DispatchStarted(
        category=pool.item.category, grid=pool.place, catalogue=pool.item.list,
        catalogue_version=pool.item.version, mode=pool.item.mode,
    )  # fmt: skip
    return [asked, started, *_next_offer(evolve(state, asked), command)]


def _next_offer(state: Case, command: StartDispatch | ReturnAssignment | ExpireOffer) -> list[Any]:
    """An offer to the next candidate; where only the desk is left, an alarm as well."""
    choice = choose(command.pool, state.tried)
    if choice is None:
        blocked = dispatch.DispatchBlocked(reason="no_desk", detail=state.grid or "unknown")
        return [*([] if state.state == "blocked" else [blocked]), Postponed(command.at + AGAIN_AFTER)]
    alarm = []
    known = command.pool.item is not None and command.pool.place is not None
    if (
        choice.option.kind == DESK
        and known
        and DESK not in (command.pool.item.kinds if command.pool.item else ())
    ):
        alarm = [dispatch.DispatchBlocked(reason="no_candidate", detail=state.category)]
    return [*alarm, *_offer(state, choice, command.windows, command.at)]


def _offer(state: Case, choice: Choice, windows: Windows, at: datetime) -> list[Any]:
    option: Option = choice.option
    hop = state.hop + 1
    offer = dispatch.OfferMade(
        assignment=f"{state.id}.{hop}", assignee=option.assignee, kind=option.kind, hop=hop, unit=option.unit,
        expires_at=at + timedelta(seconds=windows.offer[state.severity]), explanation=choice.explanation,
    )  # fmt: skip
    return [offer, *([ContractReserved(option.contract)] if option.contract else [])]


def _accept(state: Case, command: AcceptAssignment) -> list[Any]:
    if not _holds(state, command, ("offered",)) or (state.expires_at and command.at > state.expires_at):
        return [_refusal(state, command)]
    return [
        dispatch.AssignmentAccepted(
            assignment=command.assignment, assignee=command.assignee, kind=state.kind, hop=state.hop,
            unit=state.unit, contact_due_at=_contact_due(state, command.windows, command.at),
        )
    ]  # fmt: skip


def _return(state: Case, command: ReturnAssignment) -> list[Any]:
    if not _holds(state, command, ("offered", "accepted")):
        return [_refusal(state, command)]
    returned = dispatch.AssignmentReturned(
        assignment=command.assignment, assignee=command.assignee, kind=state.kind, hop=state.hop,
        code=command.code, proposed_unit=command.proposed_unit,
    )  # fmt: skip
    return [returned, *_released(state), *_next_offer(evolve(state, returned), command)]


def _expire(state: Case, command: ExpireOffer) -> list[Any]:
    if state.expires_at is None or command.at < state.expires_at:
        return []
    if state.state == "blocked":
        return _next_offer(state, command)
    assert state.assignment
    assert state.assignee
    expired = dispatch.OfferExpired(
        assignment=state.assignment, assignee=state.assignee, kind=state.kind, hop=state.hop
    )
    return [expired, *_released(state), *_next_offer(evolve(state, expired), command)]


def _log_contact(state: Case, command: LogFirstContact) -> list[Any]:
    if not _holds(state, command, ("accepted",)):
        return [_refusal(state, command)]
    in_time = state.contact_due_at is None or command.at <= state.contact_due_at
    return [
        dispatch.FirstContactMade(assignment=command.assignment, assignee=command.assignee, in_time=in_time)
    ]


def _report(state: Case, command: ReportWork) -> list[Any]:
    if not _holds(state, command, ("contacted",)):
        return [_refusal(state, command)]
    done = dispatch.AssignmentDone(
        assignment=command.assignment, assignee=command.assignee, kind=state.kind, resolved=command.resolved,
        unit=state.unit, unresolved_reason=command.unresolved_reason,
    )  # fmt: skip
    outcome = OutcomeRecorded(
        assignment=command.assignment, text=command.outcome, evidence=command.evidence, at=command.at
    )
    return [outcome, done, *([ContractCommitted(state.contract)] if state.contract else [])]


def _reopen(state: Case, command: ReopenAssignment) -> list[Any]:
    if state.state != "done" or state.assignment is None or state.assignee is None:
        return []
    return [
        dispatch.AssignmentReopened(
            assignment=state.assignment, assignee=state.assignee, kind=state.kind, hop=state.hop,
            contact_due_at=_contact_due(state, command.windows, command.at),
        )
    ]  # fmt: skip


def _withdraw(state: Case, command: WithdrawAssignment) -> list[Any]:
    if state.state not in ("offered", *WITH_ASSIGNEE) or state.assignment is None or state.assignee is None:
        return []
    withdrawn = dispatch.AssignmentWithdrawn(
        assignment=state.assignment, assignee=state.assignee, kind=state.kind, reason=command.reason
    )
    return [withdrawn, *_released(state)]


def _holds(state: Case, command: Any, states: tuple[str, ...]) -> bool:
    """Whether the one who speaks is the one who was asked last."""
    return state.state in states and (command.assignment, command.assignee) == (
        state.assignment,
        state.assignee,
    )


def _released(state: Case) -> list[Any]:
    return [ContractReleased(state.contract)] if state.contract else []


def _contact_due(state: Case, windows: Windows, at: datetime) -> datetime:
    return at + timedelta(seconds=windows.contact[state.severity])


ALLOWED = {
    "offered": ["AcceptAssignment", "ReturnAssignment"],
    "accepted": ["LogFirstContact", "ReturnAssignment"],
    "contacted": ["ReportWork"],
}


def _refusal(state: Case, command: Any) -> Refusal:
    name = type(command).__name__
    if state.state == "new":
        return Refusal(
            command=name, state="new", problem="unknown-ticket", status=404, detail=f"no ticket {state.id}"
        )
    return Refusal(
        command=name, state=state.state, allowed=ALLOWED.get(state.state, []),
        detail=f"{command.assignee} does not hold {command.assignment} in a way that allows this",
    )  # fmt: skip


DECISIONS: dict[type, Callable[[Case, Any], list[Any]]] = {
    StartDispatch: _start,
    AcceptAssignment: _accept,
    ReturnAssignment: _return,
    ExpireOffer: _expire,
    LogFirstContact: _log_contact,
    ReportWork: _report,
    ReopenAssignment: _reopen,
    WithdrawAssignment: _withdraw,
}


def _after_asked(state: Case, fact: Asked) -> Case:
    return replace(state, state="open", category=fact.category, grid=fact.grid, severity=fact.severity)


def _after_offer(state: Case, fact: dispatch.OfferMade) -> Case:
    return replace(
        state, state="offered", hop=fact.hop, assignment=fact.assignment, assignee=fact.assignee, kind=fact.kind,
        unit=fact.unit, expires_at=fact.expires_at, tried=[*state.tried, fact.assignee],
    )  # fmt: skip


def _after_accepted(state: Case, fact: dispatch.AssignmentAccepted | dispatch.AssignmentReopened) -> Case:
    return replace(state, state="accepted", expires_at=None, contact_due_at=fact.contact_due_at)


def _moved(to: str) -> Callable[[Case, Any], Case]:
    return lambda state, fact: replace(state, state=to, expires_at=None)


CHANGES: dict[type, Callable[[Case, Any], Case]] = {
    Asked: _after_asked,
    dispatch.OfferMade: _after_offer,
    dispatch.AssignmentAccepted: _after_accepted,
    dispatch.AssignmentReopened: _after_accepted,
    dispatch.FirstContactMade: _moved("contacted"),
    dispatch.AssignmentDone: _moved("done"),
    dispatch.AssignmentReturned: _moved("open"),
    dispatch.OfferExpired: _moved("open"),
    dispatch.AssignmentWithdrawn: _moved("ended"),
    ContractReserved: lambda state, fact: replace(state, contract=fact.contract),
    ContractReleased: lambda state, fact: replace(state, contract=None),
    ContractCommitted: lambda state, fact: replace(state, contract=None),
    Postponed: lambda state, fact: replace(state, state="blocked", expires_at=fact.until),
    OutcomeRecorded: lambda state, fact: replace(state, outcome=fact),
}
