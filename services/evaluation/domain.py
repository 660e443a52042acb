"""The evaluation of one ticket, pure: when the requester is asked, what is an answer, what counts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import dispatch, evaluation, ticket
from contracts.event import Event
from contracts.problem import Refusal
from services.evaluation import callback, exclusion, scoring
from services.evaluation.case import Case
from services.evaluation.integrity import RatingSeen, after_seen
from services.evaluation.rating import GuessFailed, TakeRating, after_guess, after_locked, take


class Observe(Struct, frozen=True, kw_only=True):
    """Another service has published a fact; a window that opens now lasts `window` seconds."""

    fact: Event
    happened_at: datetime
    now: datetime
    window: float


class ExpireRating(Struct, frozen=True, kw_only=True):
    """The window is over."""


class NoteMissedContact(Struct, frozen=True, kw_only=True):
    """The time for the first contact is over."""

    at: datetime


class ContactMissed(Struct, frozen=True):
    """Nobody has called in time; private."""


class CaseOpened(Struct, frozen=True):
    """When the ticket was received; private, since the fact itself does not say."""

    at: datetime


class ContactTimed(Struct, frozen=True):
    """When the requester was reached; private, since the fact itself does not say."""

    at: datetime


class WorkTimed(Struct, frozen=True):
    """When the work was reported; private, since the fact itself does not say."""

    at: datetime


class RequesterAsked(Struct, frozen=True):
    """When the requester was asked; private."""

    at: datetime


class WorkEnded(Struct, frozen=True):
    """When the ticket ended; private. A contact that was not due by then never will be."""

    at: datetime


TIMED: dict[type[Event], Callable[[datetime], Any]] = {
    ticket.TicketReceived: CaseOpened,
    dispatch.FirstContactMade: ContactTimed,
    ticket.TicketHandled: WorkTimed,
    **dict.fromkeys(
        (ticket.TicketClosed, ticket.TicketCancelled, ticket.TicketDeclined, ticket.TicketTransferred),
        WorkEnded,
    ),
}
"""Facts whose moment counts, and what notes it."""
LIVE = ("none", "asked", "rated", "unrated")
VOLUNTEERS = ("party_member", "volunteer_team")
ENDS: dict[type[Event], str] = {
    ticket.TicketClosed: "closed",
    ticket.TicketCancelled: "cancelled",
    ticket.TicketDeclined: "declined",
    ticket.TicketTransferred: "transferred",
}
"""Facts after which nobody is asked any more, and how the case has ended; coverage counts only `closed`."""

MOVES: dict[tuple[str, type[Event]], str] = {
    ("none", evaluation.RatingRequested): "asked",
    ("asked", evaluation.RatingSubmitted): "rated",
    ("asked", evaluation.RatingExpired): "unrated",
    **{(state, ticket.TicketReopened): "none" for state in ("asked", "rated", "unrated", "closed")},
    ("closed", ticket.DeclineObjected): "none",
    **{(state, ticket.TicketUnmerged): "none" for state in (*LIVE, "closed")},
    **{(state, end): "closed" for state in LIVE for end in ENDS},
}
"""Every legal move: state and fact → next state."""


def initial(key: str) -> Case:
    """A ticket nobody has heard of yet."""
    return Case(id=key)


def decide(state: Case, command: Any) -> list[Any]:
    """The facts that follow from `command` in `state`; a Refusal where nothing is asked."""
    return DECISIONS[type(command)](state, command)


def evolve(state: Case, fact: Any) -> Case:
    """The case after `fact`; a fact that is no legal move changes nothing."""
    moved = MOVES.get((state.state, type(fact)))
    if moved is not None:
        state = replace(state, state=moved)
    elif type(fact) in MOVING:
        return state
    return CHANGES[type(fact)](state, fact)


def _observe(state: Case, command: Observe) -> list[Any]:
    fact = command.fact
    if isinstance(fact, ticket.TicketVerified):
        return _ask(state, fact, command)
    timed = TIMED.get(type(fact))
    return [timed(command.happened_at), fact] if timed else [fact]


def _ask(state: Case, fact: ticket.TicketVerified, command: Observe) -> list[Any]:
    if state.state != "none" or not fact.asked:
        return []
    ends_at = command.now + timedelta(seconds=command.window)
    asked = RequesterAsked(command.now)
    return [asked, evaluation.RatingRequested(round=fact.reworks + 1, window_ends_at=ends_at)]


def _asked(decision: Callable[[Case, Any], list[Any]]) -> Callable[[Case, Any], list[Any]]:
    """The decision where the requester is asked; anywhere else a refusal."""
    return lambda state, command: (
        decision(state, command) if state.state == "asked" else [_refusal(state, type(command).__name__)]
    )


def _refusal(state: Case, command: str) -> Refusal:
    if state.received_at is None:
        return Refusal(
            command=command, state="new", problem="unknown-ticket", status=404,
            detail=f"no ticket {state.id}",
        )  # fmt: skip
    return Refusal(
        command=command, state=state.state, detail=REASONS[state.state],
        allowed=sorted({fact.__name__ for (present, fact) in MOVES if present == state.state}),
    )  # fmt: skip


REASONS = {
    "none": "nothing is asked: the work is not finished yet",
    "rated": "this round is rated already",
    "unrated": "the time to rate is over",
    "closed": "the case is closed",
}


DECISIONS: dict[type, Callable[[Case, Any], list[Any]]] = {
    Observe: _observe,
    TakeRating: _asked(take),
    callback.RecordCall: _asked(callback.record),
    exclusion.AskExclusion: exclusion.ask,
    exclusion.DecideExclusion: exclusion.settle,
    scoring.ScoreDepartment: scoring.score,
    NoteMissedContact: lambda state, command: (
        [ContactMissed()]
        if state.contacted_in_time is None and state.contact_due_at and state.contact_due_at <= command.at
        else []
    ),
    ExpireRating: lambda state, _: (
        [evaluation.RatingExpired(round=state.round)] if state.state == "asked" else []
    ),
}


def _after_received(case: Case, fact: ticket.TicketReceived) -> Case:
    return replace(
        case, source=fact.source, channel=fact.channel, category=fact.category, grid=fact.grid,
        severity=fact.severity,
    )  # fmt: skip


def _after_assigned(case: Case, fact: dispatch.AssignmentAccepted) -> Case:
    """A new lead has its own time for the first contact, unless the requester was reached already."""
    due_at = fact.contact_due_at if case.contacted_in_time is None else case.contact_due_at
    return replace(
        case, assignee=fact.assignee, assignee_kind=fact.kind, unit=fact.unit, contract=None,
        contact_due_at=due_at, hops=max(case.hops, fact.hop), contact_missed=False,
        aside=scoring.with_department(case, fact),
    )  # fmt: skip


def _after_hastened(case: Case, fact: dispatch.ResponseHastened) -> Case:
    """Whoever has it is to call earlier, unless the requester was reached already."""
    due_at = fact.contact_due_at if case.contacted_in_time is None else None
    return replace(case, contact_due_at=due_at, contact_missed=False) if due_at else case


def _after_opened(case: Case, fact: dispatch.ObjectionOpened) -> Case:
    return replace(case, aside=replace(case.more, objector=fact.assignee, overturned=False))


def _after_ruled(case: Case, fact: dispatch.ObjectionRuled) -> Case:
    """Overturned is the objection of whom the work comes back to."""
    return replace(case, aside=replace(case.more, overturned=fact.assignee == case.more.objector))


def _after_contact(case: Case, fact: dispatch.FirstContactMade) -> Case:
    """Only the first contact counts; a rework makes no second first one."""
    return case if case.contacted_in_time is not None else replace(case, contacted_in_time=fact.in_time)


def _after_handled(case: Case, fact: ticket.TicketHandled) -> Case:
    """An old breach stays on record: a rework in time does not wipe it out."""
    on_time = fact.on_time and case.on_time is not False
    return replace(case, assignee=fact.assignee, assignee_kind=fact.assignee_kind, on_time=on_time)


def _after_work_ended(case: Case, fact: WorkEnded) -> Case:
    open_ = case.contacted_in_time is None and case.contact_due_at and case.contact_due_at > fact.at
    return replace(case, contact_due_at=None) if open_ else case


def _after_requested(case: Case, fact: evaluation.RatingRequested) -> Case:
    aside = case.aside and replace(
        case.aside, guesses=0, locked_until=None, calls=0, called_at=None, uncallable=False,
        instant=False, burst=False,
    )  # fmt: skip
    return replace(case, round=fact.round, window_ends_at=fact.window_ends_at, aside=aside)


def _after_unmerged(case: Case, _fact: ticket.TicketUnmerged) -> Case:
    return replace(
        case, reworks=0, on_time=None, handled_at=None, assignee=None, assignee_kind=None, unit=None,
        contract=None, ended=None, resolved=None, satisfaction=None,
    )  # fmt: skip


def _blamed(fact: dispatch.AssignmentReturned) -> bool:
    """Whoever gives their own time may have none (DOMAIN.md §2)."""
    return not (fact.code == "capacity" and fact.kind in VOLUNTEERS)


CHANGES: dict[type, Callable[[Case, Any], Case]] = {
    CaseOpened: lambda case, fact: replace(case, received_at=fact.at),
    ContactTimed: lambda case, fact: case if case.contacted_at else replace(case, contacted_at=fact.at),
    WorkTimed: lambda case, fact: replace(case, handled_at=fact.at),
    WorkEnded: _after_work_ended,
    RequesterAsked: lambda case, fact: replace(case, asked_at=fact.at),
    RatingSeen: after_seen,
    ticket.TicketReceived: _after_received,
    ticket.TicketAccepted: lambda case, fact: replace(
        case, category=fact.category, grid=fact.grid, severity=fact.severity
    ),
    ticket.TicketHandled: _after_handled,
    ticket.TicketReopened: lambda case, fact: replace(
        case, reworks=fact.reworks, ended=None, resolved=None, satisfaction=None
    ),
    ticket.DeclineObjected: lambda case, _: replace(case, ended=None),
    ticket.SeverityChanged: lambda case, fact: replace(case, severity=fact.severity),
    ticket.TicketUnmerged: _after_unmerged,
    **dict.fromkeys(ENDS, lambda case, fact: replace(case, ended=ENDS[type(fact)])),
    dispatch.OfferMade: lambda case, fact: replace(case, hops=max(case.hops, fact.hop)),
    dispatch.OfferExpired: lambda case, _: replace(case, expiries=case.expiries + 1),
    dispatch.AssignmentReturned: lambda case, fact: replace(case, returns=case.returns + _blamed(fact)),
    dispatch.AssignmentAccepted: _after_assigned,
    dispatch.AssignmentDone: lambda case, fact: replace(case, contract=fact.contract or case.contract),
    dispatch.ResponseHastened: _after_hastened,
    dispatch.FirstContactMade: _after_contact,
    dispatch.DepartmentArrived: scoring.after_called,
    dispatch.DepartmentMissed: scoring.after_called,
    dispatch.ObjectionOpened: _after_opened,
    dispatch.ObjectionRuled: _after_ruled,
    ContactMissed: lambda case, _: replace(case, contact_missed=True),
    evaluation.RatingRequested: _after_requested,
    evaluation.RatingSubmitted: lambda case, fact: replace(
        case, resolved=fact.resolved, satisfaction=fact.satisfaction
    ),
    evaluation.RatingExpired: lambda case, _: case,
    evaluation.RatingLocked: after_locked,
    GuessFailed: after_guess,
    evaluation.CallbackMade: callback.after_call,
    evaluation.ExclusionRequested: exclusion.after_requested,
    evaluation.ExclusionSeconded: exclusion.after_seconded,
    evaluation.ExclusionRefused: exclusion.after_refused,
    evaluation.CaseExcluded: exclusion.after_excluded,
    evaluation.ExclusionRevoked: exclusion.after_revoked,
    scoring.ScoreTaken: scoring.after_scored,
}
MOVING = frozenset(fact for _, fact in MOVES)
