"""The life of a ticket, pure: one table of moves, decisions that return facts, and how facts change it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import dispatch, evaluation, ticket
from contracts.event import Event
from contracts.intake import Requester, RequestSubmitted
from contracts.problem import Refusal


class Rule(Struct, frozen=True):
    """A policy as the decision needs it: figures by key, and the version a fact names."""

    name: str
    version: int
    value: Mapping[str, Any]

    def seconds(self, severity: str) -> timedelta:
        """The span this policy allows at `severity`."""
        return timedelta(seconds=self.value[severity])


class Intake(Struct, frozen=True, kw_only=True):
    """What was said and by whom; kept apart from the ticket and never published."""

    title: str
    body: str
    address: str | None = None
    occurred_at: datetime | None = None
    requester: Requester | None = None


class Ticket(Struct, frozen=True, kw_only=True):
    """The state of one ticket; `intake` is present only in the transaction that receives it."""

    id: str
    sequence: int = 0
    state: str = "new"
    source: str = ""
    external_id: str = ""
    channel: str = ""
    severity: str = "general"
    category: str | None = None
    grid: str | None = None
    requester_ref: str | None = None
    lives_alone: bool = False
    received_at: datetime | None = None
    due_at: datetime | None = None
    assignment: str | None = None
    assignee: str | None = None
    assignee_kind: str | None = None
    reworks: int = 0
    resolved: str | None = None
    satisfaction: str | None = None
    intake: Intake | None = None


class RegisterRequest(Struct, frozen=True, kw_only=True):
    """Make a ticket of a request."""

    source: str
    request: RequestSubmitted
    at: datetime
    rules: Mapping[str, Rule]


class TriageTicket(Struct, frozen=True, kw_only=True):
    """The desk says what and where it is."""

    category: str
    severity: str
    grid: str
    at: datetime
    rules: Mapping[str, Rule]


class DeclineTicket(Struct, frozen=True, kw_only=True):
    """The desk does not accept the request."""

    reason_code: str
    statutory_path: str
    operator: str


class CancelTicket(Struct, frozen=True, kw_only=True):
    """The requester takes it back."""

    reason_code: str
    confirmed: bool


class Observe(Struct, frozen=True, kw_only=True):
    """Another service has published a fact about this ticket."""

    fact: Event
    at: datetime
    rules: Mapping[str, Rule]


class RequestRecorded(Struct, frozen=True):
    """What was said, for the vault only."""

    intake: Intake
    at: datetime


OPEN = ("received", "accepted", "dispatching", "assigned", "in_progress")
LIVE = (*OPEN, "handled", "awaiting_rating")

MOVES: dict[tuple[str, type[Event]], str] = {
    ("new", ticket.TicketReceived): "received",
    ("received", ticket.TicketTransferred): "transferred",
    ("received", ticket.TicketDeclined): "declined",
    ("received", ticket.TicketAccepted): "accepted",
    ("accepted", dispatch.DispatchStarted): "dispatching",
    ("accepted", dispatch.OfferMade): "dispatching",
    ("dispatching", dispatch.AssignmentAccepted): "assigned",
    ("assigned", dispatch.FirstContactMade): "in_progress",
    ("in_progress", ticket.TicketHandled): "handled",
    ("handled", ticket.TicketVerified): "awaiting_rating",
    ("awaiting_rating", ticket.TicketClosed): "closed",
    ("awaiting_rating", ticket.TicketReopened): "in_progress",
    **{(state, ticket.TicketCancelled): "cancelled" for state in OPEN},
}
"""Every legal move (DOMAIN.md §1): state and fact → next state."""


def initial(key: str) -> Ticket:
    """A ticket nobody has heard of yet."""
    return Ticket(id=key)


def decide(state: Ticket, command: Any) -> list[Any]:
    """The facts that follow from `command` in `state`; a Refusal where the move is not legal."""
    return DECISIONS[type(command)](state, command)


def evolve(state: Ticket, fact: Any) -> Ticket:
    """The ticket after `fact`; a fact that is no legal move is on record but moves nothing."""
    change = CHANGES.get(type(fact))
    moved = MOVES.get((state.state, type(fact)))
    if moved is not None:
        state = replace(state, state=moved)
    elif type(fact) in MOVING:
        return state
    return change(state, fact) if change else state


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


def _after_received(state: Ticket, fact: ticket.TicketReceived) -> Ticket:
    return replace(
        state, source=fact.source, external_id=fact.external_id, channel=fact.channel, severity=fact.severity,
        category=fact.category, grid=fact.grid, requester_ref=fact.requester_ref,
        lives_alone=fact.lives_alone,
    )  # fmt: skip


def _after_assigned(state: Ticket, fact: dispatch.AssignmentAccepted) -> Ticket:
    return replace(state, assignment=fact.assignment, assignee=fact.assignee, assignee_kind=fact.kind)


CHANGES: dict[type, Callable[[Ticket, Any], Ticket]] = {
    RequestRecorded: lambda state, fact: replace(state, intake=fact.intake, received_at=fact.at),
    ticket.TicketReceived: _after_received,
    ticket.TicketAccepted: lambda state, fact: replace(
        state, category=fact.category, severity=fact.severity, grid=fact.grid
    ),
    ticket.DeadlineSet: lambda state, fact: replace(state, due_at=fact.due_at),
    dispatch.AssignmentAccepted: _after_assigned,
    ticket.TicketReopened: lambda state, fact: replace(state, reworks=fact.reworks),
    ticket.TicketClosed: lambda state, fact: replace(
        state, resolved=fact.resolved, satisfaction=fact.satisfaction
    ),
}
MOVING = frozenset(fact for _, fact in MOVES)
