"""The dispatch of one ticket, pure: offers one after the other until somebody takes it and does it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from contracts import dispatch
from contracts.numbering import ROTA
from services.dispatch import (
    case,
    claiming,
    guards,
    hastening,
    objection,
    ordering,
    parallel,
    quota,
    watching,
    whistle,
)
from services.dispatch.case import Case, released, used_up
from services.dispatch.commands import (
    AcceptAssignment,
    AskNext,
    ChangeSeverity,
    ClaimOffer,
    DisputeAssignment,
    ExpireOffer,
    HandOver,
    LogFirstContact,
    ReopenAssignment,
    ReportWork,
    ReturnAssignment,
    RuleObjection,
    StartDispatch,
    WithdrawAssignment,
)
from services.dispatch.desk import (
    AssignTicket,
    BlowWhistle,
    MissArrivals,
    ReassignTicket,
    ReportArrival,
    TakeBack,
)
from services.dispatch.engine import Choice, choose, known_item
from services.dispatch.filters import DESK, Option
from services.dispatch.records import Asked, CaseEnded, OutcomeRecorded, Postponed
from services.dispatch.watching import ForeseeGaps, Watch

__all__ = ["decide", "evolve", "initial"]

AGAIN_AFTER = timedelta(seconds=60)
A_MOMENT = timedelta(seconds=60)
WITH_ASSIGNEE = ("accepted", "contacted")
UNHELD = ("open", "blocked", "objection_open", "claimable")


def initial(key: str) -> Any:
    """A ticket that nobody has been asked to do yet, or a rota nobody has watched; the key says which."""
    return Watch(id=key) if key.startswith(ROTA) else case.initial(key)


def evolve(state: Any, fact: Any) -> Any:
    """The case, or the watch over a rota, after `fact`."""
    return watching.evolve(state, fact) if type(state) is Watch else case.evolve(state, fact)


def decide(state: Any, command: Any) -> list[Any]:
    """The facts that follow from `command` in `state`; a Refusal where it does not fit."""
    return DECISIONS[type(command)](state, command)


def _start(state: Case, command: StartDispatch) -> list[Any]:
    if state.state not in ("new", "ended"):
        return []
    pool = command.pool
    asked = Asked(category=command.category, grid=command.grid, severity=command.severity)
    if pool.item is None or pool.place is None:
        return [asked, _blocked(command), *_next_offer(evolve(state, asked), command)]
    started = dispatch.DispatchStarted(
        category=pool.item.category, grid=pool.place, catalogue=pool.item.list,
        catalogue_version=pool.item.version, mode=pool.item.mode,
    )  # fmt: skip
    return [asked, started, *_next_offer(evolve(state, asked), command)]


def _blocked(command: StartDispatch) -> dispatch.DispatchBlocked:
    """No list has the work, or nobody knows the place."""
    pool = command.pool
    if pool.item is None:
        proposed = pool.fence.proposed_unit if pool.fence else None
        return dispatch.DispatchBlocked(
            reason="unknown_category", detail=command.category, proposed_unit=proposed, fence=pool.fence
        )
    return dispatch.DispatchBlocked(reason="unknown_grid", detail=command.grid)


def _next_offer(state: Case, command: Any) -> list[Any]:
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
    told = [dispatch.DispatchAlarmed(reason=one.reason, about=one.about) for one in choice.alarms]
    before = [*(told if state.hop == 0 else []), *alarm]
    offers = claiming.open_to_all(state, choice, command) or _offers(state, choice, command)
    return [*before, *offers]


def _offers(state: Case, choice: Choice, command: Any) -> list[Any]:
    """One is asked; in an emergency two at once."""
    first = _offer(state, choice, choice.option, command)
    second = parallel.partner(state, choice.option, choice.ranking)
    return [*first, *(_offer(evolve(state, first[0]), choice, second, command) if second else [])]


def _offer(state: Case, choice: Choice, option: Option, command: Any) -> list[Any]:
    hop, item = state.hop + 1, known_item(command.pool)
    mode: Any = "sequential" if item.mode == "claim" else item.mode
    offer = dispatch.OfferMade(
        assignment=f"{state.id}.{hop}", assignee=option.assignee, kind=option.kind, hop=hop, unit=option.unit,
        expires_at=command.windows.offer_ends(state.severity, command.at, mode), mode=mode,
        explanation=choice.explanation,
    )  # fmt: skip
    return [offer, *quota.reserved(option, command.pool.rules, command.at)]


def _accept(state: Case, command: AcceptAssignment) -> list[Any]:
    """From now on it may be returned for a while, and the requester expects a call."""
    state = parallel.facing(state, command)
    refused = guards.held(state, command, ("offered",), guards.ACCEPTING)
    return refused or [
        *objection.accepted(state, command),
        *parallel.withdrawn(state, "somebody_else_leads"),
    ]


def _return(state: Case, command: ReturnAssignment) -> list[Any]:
    """The next candidate is asked; the second time an adjudicator."""
    seen = parallel.facing(state, command)
    refused = guards.held(seen, command, objection.HELD, guards.RETURNING)
    if refused:
        return refused
    facts = objection.given_back(seen, command)
    if state.beside:
        return facts
    if state.returns + 1 >= command.disputed_at:
        return [*facts, objection.opened(state, command, "second_return")]
    for fact in facts:
        state = evolve(state, fact)
    return [*facts, *_next_offer(state, command)]


def _expire(state: Case, command: ExpireOffer) -> list[Any]:
    if state.expires_at is None or command.at < state.expires_at:
        return []
    if state.state == "blocked":
        return _next_offer(state, command)
    if state.state == "claimable" or state.claimed:
        return claiming.over(state, command, _next_offer)
    return _over(state, command)


def _ask_next(state: Case, command: AskNext) -> list[Any]:
    """Who has had the offer for a moment only keeps it: the one before has let it expire just now."""
    if state.state == "blocked":
        return _next_offer(state, command)
    if state.state != "offered" or state.expires_at is None:
        return []
    made_at = state.expires_at - command.windows.offer_stands(state.severity, state.mode)
    return [] if command.at < made_at + A_MOMENT else _over(state, command)


def _hand_over(state: Case, command: HandOver) -> list[Any]:
    """The shift is over: who has not begun leaves it to who is on duty now, and has refused nothing."""
    if state.kind != "rota" or state.state not in ("offered", "accepted") or state.beside or state.bound:
        return []
    assert state.assignment
    assert state.assignee
    revoked = dispatch.AssignmentRevoked(
        assignment=state.assignment, assignee=state.assignee, kind=state.kind, hop=state.hop,
        reason_code=case.SHIFT_OVER,
    )  # fmt: skip
    return [revoked, *_next_offer(evolve(state, revoked), command)]


def _over(state: Case, command: ExpireOffer | AskNext) -> list[Any]:
    assert state.assignment
    assert state.assignee
    expired = dispatch.OfferExpired(
        assignment=state.assignment, assignee=state.assignee, kind=state.kind, hop=state.hop
    )
    facts = [*parallel.expired(state), expired, *released(state)]
    for fact in facts:
        state = evolve(state, fact)
    return [*facts, *_next_offer(state, command)]


def _log_contact(state: Case, command: LogFirstContact) -> list[Any]:
    refused = guards.held(state, command, ("accepted",))
    if refused:
        return refused
    in_time = state.contact_due_at is None or command.at <= state.contact_due_at
    return [
        dispatch.FirstContactMade(assignment=command.assignment, assignee=command.assignee, in_time=in_time)
    ]


def _report(state: Case, command: ReportWork) -> list[Any]:
    refused = guards.held(state, command, ("contacted",), guards.REPORTING)
    if refused:
        return refused
    done = dispatch.AssignmentDone(
        assignment=command.assignment, assignee=command.assignee, kind=state.kind, resolved=command.resolved,
        unit=state.unit, unresolved_reason=command.unresolved_reason, contract=state.contract,
    )  # fmt: skip
    outcome = OutcomeRecorded(
        assignment=command.assignment,
        text=command.outcome,
        evidence=command.evidence,
        at=command.at,
        minutes=command.minutes,
    )
    return [outcome, done, *used_up(state)]


def _reopen(state: Case, command: ReopenAssignment) -> list[Any]:
    if state.state != "done" or state.assignment is None or state.assignee is None:
        return []
    return [
        dispatch.AssignmentReopened(
            assignment=state.assignment, assignee=state.assignee, kind=state.kind, hop=state.hop,
            contact_due_at=command.windows.contact_due(state.severity, command.at),
        )
    ]  # fmt: skip


def _withdraw(state: Case, command: WithdrawAssignment) -> list[Any]:
    if state.state in UNHELD:
        return [CaseEnded()]
    if state.state not in ("offered", *WITH_ASSIGNEE) or state.assignment is None or state.assignee is None:
        return []
    withdrawn = dispatch.AssignmentWithdrawn(
        assignment=state.assignment, assignee=state.assignee, kind=state.kind, reason=command.reason
    )
    return [*parallel.withdrawn(state, command.reason), withdrawn, *released(state)]


DECISIONS: dict[type, Callable[[Any, Any], list[Any]]] = {
    StartDispatch: _start,
    AcceptAssignment: _accept,
    ClaimOffer: claiming.claim,
    ReturnAssignment: _return,
    DisputeAssignment: objection.dispute,
    RuleObjection: objection.rule,
    ChangeSeverity: hastening.change_severity,
    ExpireOffer: _expire,
    AskNext: _ask_next,
    HandOver: _hand_over,
    ForeseeGaps: watching.foresee,
    LogFirstContact: _log_contact,
    ReportWork: _report,
    ReopenAssignment: _reopen,
    WithdrawAssignment: _withdraw,
    AssignTicket: ordering.assign,
    ReassignTicket: ordering.reassign,
    TakeBack: lambda state, command: ordering.take_back(state, command, _next_offer),
    BlowWhistle: whistle.blow,
    ReportArrival: whistle.arrive,
    MissArrivals: whistle.miss,
}
