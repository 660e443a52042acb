"""Open claims (抢单): all who could be asked may take it, the first valid one has it, and must call soon."""

from collections.abc import Callable
from typing import Any

from contracts import dispatch
from services.dispatch import guards, quota
from services.dispatch.case import Case, evolve, released
from services.dispatch.commands import ClaimOffer, ExpireOffer
from services.dispatch.engine import Choice, known_item
from services.dispatch.fence import lists_say
from services.dispatch.filters import DESK, excluded
from services.dispatch.records import Awaited, Claimed

NextOffer = Callable[[Case, Any], list[Any]]


def open_to_all(state: Case, choice: Choice, command: Any) -> list[Any]:
    """It can be claimed for a while by everybody who could be asked; nothing where only a desk is left."""
    item = known_item(command.pool)
    if item.mode != "claim" or state.hop or state.severity == "emergency" or choice.option.kind == DESK:
        return []
    return [
        dispatch.ClaimOpened(
            assignment=f"{state.id}.{state.hop + 1}", hop=state.hop + 1, explanation=choice.explanation,
            expires_at=command.windows.offer_ends(state.severity, command.at, "claim"),
        )
    ]  # fmt: skip


def claim(state: Case, command: ClaimOffer) -> list[Any]:
    """The first valid claim has it; everybody else is told why not."""
    if why := _why_not(state, command):
        return [guards.refusal(state, command, why)]
    option = command.option
    assert option
    taken = Claimed(assignee=option.assignee, kind=option.kind, unit=option.unit)
    due_at = command.windows.contact_due(state.severity, command.at)
    accepted = dispatch.AssignmentAccepted(
        assignment=command.assignment, assignee=option.assignee, kind=option.kind, hop=state.hop,
        unit=option.unit, contact_due_at=due_at,
    )  # fmt: skip
    held = quota.reserved(option, command.pool.rules, command.at)
    return [taken, accepted, Awaited(due_at), *held]


def _why_not(state: Case, command: ClaimOffer) -> str | None:
    if state.state == "new":
        return "nobody knows it"
    if state.state != "claimable" or state.assignment != command.assignment:
        taken = state.claimed and state.assignment == command.assignment
        return "somebody was faster" if taken else "it is not to be claimed now"
    if state.expires_at and command.at > state.expires_at:
        return "the time to claim it is over"
    if command.option is None:
        return f"{command.assignee} does not cover this place"
    item = known_item(command.pool)
    if why := excluded(item, command.option, frozenset(state.tried)):
        listed = f" ({lists_say(item)})" if why == "outside_fence" else ""
        return f"{command.assignee} cannot be asked: {why}{listed}"
    if command.open_claims >= command.pool.rules.open_claims:
        return f"{command.assignee} has {command.open_claims} open claims already; finish one first"
    return None


def over(state: Case, command: ExpireOffer, next_offer: NextOffer) -> list[Any]:
    """Nobody has claimed it: people are asked one by one. Who has claimed it and does not call loses it."""
    if state.state == "claimable":
        return next_offer(state, command)
    assert state.assignment
    assert state.assignee
    revoked = dispatch.AssignmentRevoked(
        assignment=state.assignment, assignee=state.assignee, kind=state.kind, hop=state.hop,
        reason_code="no_first_contact",
    )  # fmt: skip
    return [revoked, *released(state), *next_offer(evolve(state, revoked), command)]
