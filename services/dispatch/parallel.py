"""Two are asked at once in an emergency: who is on duty and the grid officer; the first who accepts leads."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from contracts import dispatch
from services.dispatch.case import Beside, Case
from services.dispatch.filters import Option

TOGETHER = ("rota", "grid_officer")


def partner(state: Case, chosen: Option, ranking: Sequence[Option]) -> Option | None:
    """Who is asked at the same time as the chosen one, or None."""
    if state.severity != "emergency" or chosen.kind not in TOGETHER:
        return None
    others = (one for one in ranking if one.kind in TOGETHER and one.kind != chosen.kind)
    return next(others, None)


def facing(state: Case, command: Any) -> Case:
    """The case as the one who speaks sees it: with his own offer in front."""
    mine = [one for one in state.beside if one.assignment == command.assignment]
    return in_front(state, mine[0]) if mine else state


def in_front(state: Case, one: Beside) -> Case:
    """The same offers with another in front."""
    assert state.assignment
    assert state.assignee
    former = Beside(
        assignment=state.assignment, assignee=state.assignee, kind=state.kind, hop=state.hop, unit=state.unit
    )
    rest = tuple(each for each in state.beside if each != one)
    return replace(
        state, assignment=one.assignment, assignee=one.assignee, kind=one.kind, unit=one.unit,
        beside=(*rest, former),
    )  # fmt: skip


def withdrawn(state: Case, reason: str) -> list[dispatch.AssignmentWithdrawn]:
    """The offers beside the one in front end."""
    return [
        dispatch.AssignmentWithdrawn(
            assignment=one.assignment, assignee=one.assignee, kind=one.kind, reason=reason
        )
        for one in state.beside
    ]


def expired(state: Case) -> list[dispatch.OfferExpired]:
    """None of those who were asked at the same time has answered."""
    return [
        dispatch.OfferExpired(assignment=one.assignment, assignee=one.assignee, kind=one.kind, hop=one.hop)
        for one in state.beside
    ]
