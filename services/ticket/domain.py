"""The life of a ticket, pure: what follows from a command in a state, as facts or as a refusal."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from contracts import dispatch, evaluation, ticket
from contracts.event import Event
from contracts.intake import Requester
from contracts.numbering import ORDER
from contracts.problem import Refusal
from contracts.terms import ContactKind
from services.ticket import alarms, children, desk, following, life, order_life, post
from services.ticket.acceptance import accepted, transferred
from services.ticket.clock import deadline, resumed
from services.ticket.commands import (
    CancelTicket,
    ClearAlarm,
    DeclineTicket,
    MergeTicket,
    Observe,
    RaiseAlarm,
    ReadLetters,
    RegisterRequest,
    RepeatAlarm,
    ReportOffline,
    RingAlarm,
    SuspectDuplicate,
    TriageTicket,
)
from services.ticket.completing import alarmed, completed, corrected
from services.ticket.deskwork import ORDERS, announced, reopened
from services.ticket.escalation import embittered, ring, too_often
from services.ticket.kin import told
from services.ticket.life import OPEN, Intake, RequestRecorded, Ticket
from services.ticket.moves import Row, permitted, rows
from services.ticket.orders import CheckVisit, PlanVisits, StandingOrder
from services.ticket.outcome import reported
from services.ticket.visits import check

__all__ = ["decide", "evolve", "initial"]


def initial(key: str) -> Any:
    """A ticket or a standing order nobody has heard of yet; its number says which."""
    return StandingOrder(id=key) if key.startswith(ORDER) else life.initial(key)


def evolve(state: Any, fact: Any) -> Any:
    """The ticket, or the standing order, after `fact`."""
    if type(state) is StandingOrder:
        return order_life.evolve(state, fact)
    return life.evolve(state, fact)


def decide(state: Any, command: Any) -> list[Any]:
    """The facts that follow from `command` in `state`; a Refusal where the table does not allow it."""
    if type(command) is ReadLetters:
        return post.read(state, command)
    facts = _decided(state, command)
    return [*facts, *told(state, facts)] if type(state) is Ticket and state.desk else facts


def _decided(state: Any, command: Any) -> list[Any]:
    kind = type(command)
    free = UNASKED.get(kind)
    if free:
        return free(state, command)
    row = permitted(state, command)
    return [row] if isinstance(row, Refusal) else DECISIONS[kind](state, command)


def _register(state: Ticket, command: RegisterRequest) -> list[Any]:
    request = completed(command.request, command.found, command.suggested)
    if not rows(state.state, RegisterRequest):
        return [_already(state, command)]
    intake = Intake(
        title=request.title, body=request.body, address=request.address,
        location=request.location, occurred_at=request.occurred_at, requester=request.requester,
    )  # fmt: skip
    received = ticket.TicketReceived(
        source=command.source, external_id=request.external_id, channel=request.channel,
        severity=request.severity, category=request.category, grid=request.grid,
        requester_ref=state.id if request.requester else None, lives_alone=request.lives_alone,
        reachable_by=_kinds(request.requester) if request.requester else None,
        language=request.requester.language if request.requester else "zh",
        grid_by=command.found.by if command.found else None, suggested=command.suggested,
    )  # fmt: skip
    alarm, known = alarmed(command.found), evolve(state, received)
    return [RequestRecorded(intake, command.at), received, *alarm, *_at_once(known, command)]


def _kinds(requester: Requester) -> list[ContactKind]:
    kinds: tuple[ContactKind, ...] = ("email", "phone")
    return [kind for kind in kinds if getattr(requester, kind)]


def _at_once(state: Ticket, command: RegisterRequest) -> list[Any]:
    """A request that says all is triaged as it comes; any other waits for the desk, which has a deadline.

    Where the very same is open already it follows that, unless an emergency line takes over at once.
    """
    triage = TriageTicket(
        category=state.category, severity=state.severity, grid=state.grid, at=command.at, rules=command.rules,
        calendar=command.calendar,
    )  # fmt: skip
    row = permitted(state, triage)
    if command.match and not (isinstance(row, Row) and row.to == "transferred"):
        merge = MergeTicket(
            primary=command.match.primary, repeat=command.match.repeat, reason_code="same_words",
            at=command.at, rules=command.rules,
        )  # fmt: skip
        if isinstance(permitted(state, merge), Row):
            return following.merge(state, merge)
    if isinstance(row, Refusal):
        return [deadline("triage", state, command)]
    return _triage(state, triage)


def _already(state: Ticket, command: RegisterRequest) -> Refusal:
    if (state.source, state.external_id) != (command.source, command.request.external_id):
        raise ValueError(f"ticket number {state.id} stands for two requests")
    return Refusal(
        command="RegisterRequest", state=state.state, problem="duplicate",
        detail=f"request {state.external_id} is ticket {state.id} already",
    )  # fmt: skip


def _triage(state: Ticket, command: TriageTicket) -> list[Any]:
    known = replace(state, category=command.category, severity=command.severity, grid=command.grid)
    return [*corrected(state, command), *(transferred(command.category, command) or accepted(known, command))]


def _raise_alarm(state: Ticket, command: RaiseAlarm) -> list[Any]:
    """A burst of one device is one ticket while it is open; the first alarm opens it like any request."""
    if state.state not in ("new", *OPEN):
        raise alarms.AlarmOfAnEndedTicket(state.id)
    begun = _register(state, command.request) if state.state == "new" else []
    return [*begun, *alarms.raised(_after(state, begun), command)]


def _report_offline(state: Ticket, command: ReportOffline) -> list[Any]:
    """Whoever is to mend the device knows already."""
    if state.state != "new":
        return []
    said = command.said
    offline = ticket.SensorWentOffline(source=command.request.source, device=said.device, kind=said.kind)
    return [*_register(state, command.request), offline]


def _after(state: Ticket, facts: list[Any]) -> Ticket:
    for fact in facts:
        state = evolve(state, fact)
    return state


def _decline(_state: Ticket, command: DeclineTicket) -> list[Any]:
    path, by = command.statutory_path, announced(command.actor).id
    return [ticket.TicketDeclined(reason_code=command.reason_code, statutory_path=path, by=by, at=command.at)]


def _observe(state: Ticket, command: Observe) -> list[Any]:
    """What is no legal move is on record, and nothing follows from it."""
    if isinstance(command.fact, dispatch.AssignmentRevoked):
        return _on_revoked(state, command.fact, command)
    follow = FOLLOWS.get(type(command.fact))
    if follow is None or not rows(state.state, type(command.fact)):
        return [command.fact]
    return [command.fact, *follow(state, command.fact, command)]


def _on_revoked(state: Ticket, fact: dispatch.AssignmentRevoked, command: Observe) -> list[Any]:
    """Who takes over begins with a running clock."""
    back = [resumed(state, command, fact.reason_code)] if state.state == "suspended" else []
    return [*back, fact]


def _suspect(state: Ticket, command: SuspectDuplicate) -> list[Any]:
    """Said while somebody may still merge it."""
    late = not rows(state.state, SuspectDuplicate) or state.more.primary
    return [] if late or not command.alike else [ticket.DuplicateSuspected(alike=list(command.alike))]


def _on_done(state: Ticket, fact: dispatch.AssignmentDone, command: Observe) -> list[Any]:
    """Row 15; on row 17 the outcome has been verified in the same breath."""
    return [] if state.state == "handled" else reported(state, fact, command)


def _on_return(state: Ticket, _fact: dispatch.AssignmentReturned, command: Observe) -> list[Any]:
    often = too_often(state, command, "returns", state.more.returns + 1)
    return [*often, *alarms.given_back(state, command)] if state.desk else often


def _on_objection(state: Ticket, _fact: dispatch.ObjectionOpened, command: Observe) -> list[Any]:
    """The adjudicator has a clock of his own; the ticket's runs on."""
    return [deadline("objection", state, command)]


def _on_rating(state: Ticket, fact: evaluation.RatingSubmitted, command: Observe) -> list[Any]:
    """Done again where row 19 allows it; else the rating closes the ticket, row 18."""
    (again,) = (row for row in rows(state.state, type(fact)) if row.to == "in_progress")
    if any(guard(state, command) for guard in again.guards):
        closed = ticket.TicketClosed(
            rated=True, resolved=fact.resolved, satisfaction=fact.satisfaction, at=command.at
        )
        return [closed, *embittered(state, fact)]
    return reopened(state, fact, command)


def _on_rating_expired(_state: Ticket, _fact: evaluation.RatingExpired, command: Observe) -> list[Any]:
    return [ticket.TicketClosed(rated=False, at=command.at)]


DECISIONS: Mapping[type, Callable[[Ticket, Any], list[Any]]] = {
    TriageTicket: _triage,
    DeclineTicket: _decline,
    CancelTicket: following.cancelled,
    MergeTicket: following.merge,
    desk.UnmergeTicket: following.unmerge,
    desk.SplitTicket: children.split,
    desk.WaiveChild: children.waive,
    **ORDERS,
    **order_life.DECISIONS,
}

UNASKED: Mapping[type, Callable[[Any, Any], list[Any]]] = {
    RegisterRequest: _register,
    Observe: _observe,
    RingAlarm: ring,
    SuspectDuplicate: _suspect,
    RaiseAlarm: _raise_alarm,
    ReportOffline: _report_offline,
    ClearAlarm: alarms.cleared,
    RepeatAlarm: alarms.again,
    PlanVisits: order_life.plan_visits,
    CheckVisit: check,
}
"""What is not a person's wish: it is never refused for its actor, it has an effect or none."""

FOLLOWS: Mapping[type[Event], Callable[[Ticket, Any, Observe], list[Any]]] = {
    dispatch.AssignmentDone: _on_done,
    dispatch.AssignmentReturned: _on_return,
    dispatch.ObjectionOpened: _on_objection,
    evaluation.RatingSubmitted: _on_rating,
    evaluation.RatingExpired: _on_rating_expired,
}
"""What the ticket itself does when another service has published a fact."""
