"""The life of a ticket, pure: what follows from a command in a state, as facts or as a refusal."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from contracts import dispatch, evaluation, ticket
from contracts.event import Event
from contracts.problem import Refusal
from services.ticket.commands import (
    CancelTicket,
    DeclineTicket,
    Observe,
    RegisterRequest,
    Rule,
    TriageTicket,
)
from services.ticket.life import MOVES, OPEN, Intake, RequestRecorded, Ticket, evolve, initial

__all__ = ["decide", "evolve", "initial"]


def decide(state: Ticket, command: Any) -> list[Any]:
    """The facts that follow from `command` in `state`; a Refusal where the move is not legal."""
    return DECISIONS[type(command)](state, command)


def _register(state: Ticket, command: RegisterRequest) -> list[Any]:
    request = command.request
    if state.state != "new":
        return [_already(state, command)]
    intake = Intake(
        title=request.title, body=request.body, address=request.address,
        occurred_at=request.occurred_at, requester=request.requester,
    )  # fmt: skip
    received = ticket.TicketReceived(
        source=command.source, external_id=request.external_id, channel=request.channel,
        severity=request.severity, category=request.category, grid=request.grid,
        requester_ref=state.id if request.requester else None, lives_alone=request.lives_alone,
        language=request.requester.language if request.requester else "zh",
    )  # fmt: skip
    facts = [RequestRecorded(intake, command.at), received]
    line = command.rules["emergency_lines"].value.get(request.category or "")
    if line:
        return [*facts, ticket.TicketTransferred(line=line, reason_code=request.category or "")]
    if request.category and request.grid:
        return facts + _accepted(evolve(state, received), request.category, request.grid, command)
    return [*facts, _deadline("triage", request.severity, command.at, command.rules)]


def _already(state: Ticket, command: RegisterRequest) -> Refusal:
    if (state.source, state.external_id) != (command.source, command.request.external_id):
        raise ValueError(f"ticket number {state.id} stands for two requests")
    return Refusal(
        command="RegisterRequest", state=state.state, problem="duplicate",
        detail=f"request {state.external_id} is ticket {state.id} already",
    )  # fmt: skip


def _accepted(state: Ticket, category: str, grid: str, command: RegisterRequest | TriageTicket) -> list[Any]:
    severity: Any = command.severity if isinstance(command, TriageTicket) else state.severity
    accepted = ticket.TicketAccepted(
        category=category, severity=severity, grid=grid, channel=state.channel,  # type: ignore[arg-type]
        source=state.source, lives_alone=state.lives_alone,
    )  # fmt: skip
    return [accepted, _deadline("handling", severity, command.at, command.rules)]


def _triage(state: Ticket, command: TriageTicket) -> list[Any]:
    if state.state != "received":
        return [_refusal(state, command)]
    return _accepted(state, command.category, command.grid, command)


def _decline(state: Ticket, command: DeclineTicket) -> list[Any]:
    if state.state != "received":
        return [_refusal(state, command)]
    return [
        ticket.TicketDeclined(
            reason_code=command.reason_code, statutory_path=command.statutory_path, by=command.operator
        )
    ]


def _cancel(state: Ticket, command: CancelTicket) -> list[Any]:
    if state.state not in OPEN:
        return [_refusal(state, command)]
    if state.severity == "emergency" and not command.confirmed:
        return [_refusal(state, command, "a safety matter is cancelled only when confirmed")]
    return [ticket.TicketCancelled(reason_code=command.reason_code)]


def _observe(state: Ticket, command: Observe) -> list[Any]:
    follow = FOLLOWS.get(type(command.fact))
    return [command.fact, *(follow(state, command.fact, command) if follow else [])]


def _on_done(state: Ticket, fact: dispatch.AssignmentDone, command: Observe) -> list[Any]:
    if state.state != "in_progress":
        return []
    handled = ticket.TicketHandled(
        assignment=fact.assignment, assignee=fact.assignee, assignee_kind=fact.kind, resolved=fact.resolved,
        unresolved_reason=fact.unresolved_reason, reworks=state.reworks,
        on_time=state.due_at is None or command.at <= state.due_at,
    )  # fmt: skip
    return [handled, ticket.TicketVerified(by="rule", reworks=state.reworks)]


def _on_rating(state: Ticket, fact: evaluation.RatingSubmitted, command: Observe) -> list[Any]:
    if state.state != "awaiting_rating":
        return []
    unhappy = fact.resolved == "no" or fact.satisfaction in ("dissatisfied", "very_dissatisfied")
    if unhappy and state.reworks < command.rules["reworks_at_most"].value["reworks"]:
        reopened = ticket.TicketReopened(
            reworks=state.reworks + 1, resolved=fact.resolved, satisfaction=fact.satisfaction
        )
        return [reopened, _deadline("rework", state.severity, command.at, command.rules)]
    return [ticket.TicketClosed(rated=True, resolved=fact.resolved, satisfaction=fact.satisfaction)]


def _on_rating_expired(state: Ticket, _fact: evaluation.RatingExpired, _command: Observe) -> list[Any]:
    return [ticket.TicketClosed(rated=False)] if state.state == "awaiting_rating" else []


def _deadline(kind: Any, severity: str, at: datetime, rules: Mapping[str, Rule]) -> ticket.DeadlineSet:
    rule = rules[f"{kind}_seconds"]
    return ticket.DeadlineSet(
        kind=kind, due_at=at + rule.seconds(severity), policy=rule.name, policy_version=rule.version
    )


def _refusal(state: Ticket, command: Any, why: str | None = None) -> Refusal:
    name = type(command).__name__
    if state.state == "new":
        return Refusal(
            command=name, state="new", problem="unknown-ticket", status=404, detail=f"no ticket {state.id}"
        )
    allowed = sorted({fact.__name__ for (present, fact) in MOVES if present == state.state})
    return Refusal(
        command=name,
        state=state.state,
        allowed=allowed,
        detail=why or f"a {state.state} ticket cannot do this",
    )


DECISIONS: dict[type, Callable[[Ticket, Any], list[Any]]] = {
    RegisterRequest: _register,
    TriageTicket: _triage,
    DeclineTicket: _decline,
    CancelTicket: _cancel,
    Observe: _observe,
}

FOLLOWS: dict[type[Event], Callable[[Ticket, Any, Observe], list[Any]]] = {
    dispatch.AssignmentDone: _on_done,
    evaluation.RatingSubmitted: _on_rating,
    evaluation.RatingExpired: _on_rating_expired,
}
"""What the ticket itself does when another service has published a fact."""
