"""The desk names who is asked, or takes work back: its reason is shown beside the engine's."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from contracts import dispatch
from services.dispatch import desk_guards, guards, quota
from services.dispatch.case import Case, evolve, released
from services.dispatch.desk import AssignTicket, Order, ReassignTicket, TakeBack
from services.dispatch.engine import choose, known_item
from services.dispatch.filters import DESK, FILTERS, hindrance

NextOffer = Callable[[Case, Any], list[Any]]

ASSIGNABLE = ("open", "blocked", "claimable", "offered")
HELD = ("accepted", "contacted")


def assign(state: Case, command: AssignTicket) -> list[Any]:
    """Whoever is named is asked; offers that stand are taken back."""
    if state.state in HELD:
        return [guards.refusal(state, command, f"{state.assignee} has it already; reassign it")]
    return _ordered(state, command, ASSIGNABLE)


def reassign(state: Case, command: ReassignTicket) -> list[Any]:
    """Whoever has it loses it, and whoever is named is asked."""
    if state.state in ASSIGNABLE:
        return [guards.refusal(state, command, "nobody has accepted it; assign it")]
    return _ordered(state, command, HELD)


def take_back(state: Case, command: TakeBack, next_offer: NextOffer) -> list[Any]:
    """Whoever was asked or has it loses it; he is not asked again, the next candidate is."""
    refused = _refused(state, command, ("offered", *HELD), desk_guards.TAKING_BACK)
    if refused:
        return refused
    facts = revoked(state, command)
    for fact in facts:
        state = evolve(state, fact)
    return [*facts, *next_offer(state, command)]


def revoked(state: Case, command: Order) -> list[Any]:
    """Every offer that stands and the work itself end by the order; a held unit of a contract is free."""
    if state.state not in ("offered", *HELD):
        return []
    ended = [(one.assignment, one.assignee, one.kind, one.hop) for one in state.beside]
    ended.append((state.assignment or "", state.assignee or "", state.kind, state.hop))
    return [
        *(
            dispatch.AssignmentRevoked(
                assignment=assignment, assignee=assignee, kind=kind, hop=hop, reason_code=command.reason_code,
                by=command.actor,
            )
            for assignment, assignee, kind, hop in ended
        ),
        *released(state),
    ]  # fmt: skip


def _ordered(state: Case, command: AssignTicket, states: tuple[str, ...]) -> list[Any]:
    refused = _refused(state, command, states, desk_guards.ORDERING)
    if refused:
        return refused
    facts = revoked(state, command)
    for fact in facts:
        state = evolve(state, fact)
    return [*facts, *_offer(state, command)]


def _refused(
    state: Case, command: Order, states: tuple[str, ...], checked: tuple[guards.Guard, ...]
) -> list[Any]:
    if state.state in states:
        return guards.hindered(state, command, checked)
    why = "whose it is, is disputed: the adjudicator rules" if state.state == "objection_open" else ""
    return [guards.refusal(state, command, why or f"the dispatch is {state.state}: nobody has or awaits it")]


def _offer(state: Case, command: AssignTicket) -> list[Any]:
    option, hop = command.option, state.hop + 1
    assert option
    offer = dispatch.OfferMade(
        assignment=f"{state.id}.{hop}", assignee=option.assignee, kind=option.kind, hop=hop, unit=option.unit,
        expires_at=command.windows.offer_ends(state.severity, command.at), mode="direct",
        explanation=_explained(state, command),
    )  # fmt: skip
    return [offer, *quota.reserved(option, command.pool.rules, command.at)]


def _explained(state: Case, command: AssignTicket) -> dispatch.Explanation:
    """What the engine would have said, and who has decided otherwise."""
    item, option, choice = known_item(command.pool), command.option, choose(command.pool, state.tried)
    assert option
    kinds: Any = [*(kind for kind in item.kinds if kind != DESK), DESK]
    said = (
        choice.explanation
        if choice
        else dispatch.Explanation(place=command.pool.place or "unknown", kinds=kinds, candidates=[])
    )
    waived = [name for name in FILTERS if option.kind != DESK and hindrance(item, option, (name,))]
    order = dispatch.Ordered(by=command.actor, reason_code=command.reason_code, waived=waived)
    return replace(said, ordered=order)
