"""Whose it is, is disputed: given back, an objection is opened, an adjudicator rules, the ruling binds."""

from typing import Any

from contracts import dispatch
from services.dispatch import guards, quota
from services.dispatch.case import Case, evolve, released
from services.dispatch.commands import (
    AcceptAssignment,
    DisputeAssignment,
    ReturnAssignment,
    RuleObjection,
)
from services.dispatch.records import GroundsRecorded, ReturnableUntil, RulingRecorded

HELD = ("offered", "accepted")


def dispute(state: Case, command: DisputeAssignment) -> list[Any]:
    """A unit gives it back and will not have it decided by who is asked next."""
    return guards.held(state, command, HELD, guards.DISPUTING) or [
        *given_back(state, command), opened(state, command, "dispute")
    ]  # fmt: skip


def given_back(state: Case, command: ReturnAssignment | DisputeAssignment) -> list[Any]:
    """The return with its reason; the words stay here."""
    grounds = GroundsRecorded(
        assignment=command.assignment, assignee=command.assignee, at=command.at, code=command.code,
        basis=command.basis or "", basis_code=command.basis_code, proposed_unit=command.proposed_unit,
    )  # fmt: skip
    returned = dispatch.AssignmentReturned(
        assignment=command.assignment, assignee=command.assignee, kind=state.kind, hop=state.hop,
        code=command.code, proposed_unit=command.proposed_unit, basis_code=command.basis_code,
    )  # fmt: skip
    return [*([grounds] if grounds.basis else []), returned, *released(state)]


def opened(
    state: Case, command: ReturnAssignment | DisputeAssignment, cause: Any
) -> dispatch.ObjectionOpened:
    """What an adjudicator has to decide; nobody is asked meanwhile."""
    return dispatch.ObjectionOpened(
        assignment=command.assignment, assignee=command.assignee, kind=state.kind, cause=cause,
        code=command.code, unit=state.unit, proposed_unit=command.proposed_unit,
        basis_code=command.basis_code,
    )  # fmt: skip


def rule(state: Case, command: RuleObjection) -> list[Any]:
    """Who is named has it at once: there is no offer that he might leave."""
    if state.state != "objection_open":
        return [guards.refusal(state, command, "no objection is open")]
    refused = guards.hindered(state, command, guards.RULING)
    if refused or command.named is None:
        return refused
    named, hop = command.named, state.hop + 1
    ruled = dispatch.ObjectionRuled(
        assignment=f"{state.id}.{hop}", assignee=named.assignee, kind=named.kind, hop=hop, unit=named.unit,
        reason_code=command.reason_code, by=command.actor,
    )  # fmt: skip
    return [
        _recorded(state, command), ruled, *quota.reserved(named, command.pool.rules, command.at),
        *accepted(evolve(state, ruled), command),
    ]  # fmt: skip


def accepted(state: Case, command: AcceptAssignment | RuleObjection) -> list[Any]:
    """Whoever was asked, or named by a ruling, has it from now on; he may return it for a while."""
    assert state.assignment
    assert state.assignee
    taken = dispatch.AssignmentAccepted(
        assignment=state.assignment, assignee=state.assignee, kind=state.kind, hop=state.hop, unit=state.unit,
        contact_due_at=command.windows.contact_due(state.severity, command.at),
    )  # fmt: skip
    return [taken, ReturnableUntil(command.windows.return_ends(state.severity, command.at))]


def _recorded(state: Case, command: RuleObjection) -> RulingRecorded:
    assert command.named
    pool = command.pool
    return RulingRecorded(
        at=command.at, category=pool.item.category if pool.item else state.category,
        grid=pool.place or state.grid, assignee=command.named.assignee, unit=command.named.unit,
        reason_code=command.reason_code, basis=command.basis, by=command.actor.id,
    )  # fmt: skip
