"""Rows 15 and 17: the lead has done the work, children have done theirs, and somebody checks it."""

from typing import Any

from contracts import dispatch, ticket
from services.ticket.clock import deadline, resumed
from services.ticket.guards import children_done, waited_for
from services.ticket.state import Ticket

Outcome = dispatch.AssignmentDone | ticket.OutcomeKept


def reported(state: Ticket, outcome: Outcome, command: Any) -> list[Any]:
    """Who reports while the clock stands ends the pause; while children are open the report is kept."""
    back = [resumed(state, command, "work_done")] if state.more.pause else []
    if children_done(state, command):
        return [*back, _kept(state, outcome)]
    due_at = back[0].due_at if back else state.due_at
    handled = ticket.TicketHandled(
        assignment=outcome.assignment, assignee=outcome.assignee, assignee_kind=outcome.kind,
        resolved=outcome.resolved, unresolved_reason=outcome.unresolved_reason, reworks=state.reworks,
        on_time=due_at is None or command.at <= due_at,
    )  # fmt: skip
    verifier = command.rules["verifier"].span(state.severity, state.category, state.source)
    if verifier == "rule":
        return [*back, handled, *verified(state, "rule", command)]
    return [*back, handled, deadline("verification", state, command)]


def verified(state: Ticket, by: str, command: Any) -> list[Any]:
    """The requester is asked; a part of another ticket's work has none, and is closed."""
    part = state.more.parent is not None
    checked = ticket.TicketVerified(by=by, reworks=state.reworks, asked=not part)
    return [checked, ticket.TicketClosed(rated=False, at=command.at)] if part else [checked]


def _kept(state: Ticket, outcome: Outcome) -> ticket.OutcomeKept:
    return ticket.OutcomeKept(
        assignment=outcome.assignment, assignee=outcome.assignee, kind=outcome.kind,
        resolved=outcome.resolved, unresolved_reason=outcome.unresolved_reason, waits_for=waited_for(state),
    )  # fmt: skip
