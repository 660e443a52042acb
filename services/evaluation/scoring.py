"""Departments scored bottom-up, pure: by the subdistrict or the community where the ticket lies."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts.dispatch import AssignmentAccepted, DepartmentArrived, DepartmentMissed
from contracts.intake import DepartmentScored
from contracts.problem import Refusal
from services.evaluation.case import Aside, Case, Scored
from services.evaluation.tally import month_of

SPEAKERS = ("supervisor", "operator")
CELL, COMMUNITY, SUBDISTRICT = 12, 12, 9
"""Digits of a code of a place (GB/T 10114 and the statistical code of communities), filled up with zeros."""


class ScoreDepartment(Struct, frozen=True, kw_only=True):
    """Somebody scores; `event` is what he said it by."""

    said: DepartmentScored
    at: datetime
    event: str


class ScoreTaken(Struct, frozen=True, kw_only=True):
    """A score counts from now on; private: who gave which is nobody's to know."""

    ticket: str
    department: str
    rater: str
    month: str
    score: int
    reason_code: str | None
    by: str
    given_at: datetime
    event: str

    @property
    def place(self) -> tuple[str, str, str]:
        """Where one takes the place of another."""
        return self.ticket, self.department, self.rater


def score(state: Case, command: ScoreDepartment) -> list[Any]:
    """The score as a private fact, or why it is not taken."""
    said = command.said
    if state.received_at is None:
        return [_refusal(state, f"no ticket {state.id}", "unknown-ticket", 404)]
    if why := _improper(state, said):
        return [_refusal(state, why, "not-allowed", 403)]
    if said.department not in departments(state):
        return [_refusal(state, f"the ticket was never with a department {said.department}")]
    month = month_of(command.at)
    if earlier := _earlier(state, said, month):
        return [_refusal(state, f"{said.rater} has scored it in {earlier}, which is over: that score stands")]
    return [
        ScoreTaken(
            ticket=state.id, department=said.department, rater=said.rater, month=month, score=said.score,
            reason_code=said.reason_code, by=said.actor.id, given_at=command.at, event=command.event,
        )
    ]  # fmt: skip


def _improper(state: Case, said: DepartmentScored) -> str | None:
    by = said.actor
    if said.rater == said.department or by.id in (said.department, state.assignee):
        return "nobody scores himself"
    if by.role not in SPEAKERS:
        return "only a supervisor or an operator speaks for a rater"
    if said.rater not in raters(state.grid):
        return "only the subdistrict and the community score in whose area the ticket lies"
    return None


def _earlier(state: Case, said: DepartmentScored, month: str) -> str | None:
    """An earlier month in which the same was scored by the same."""
    same = (said.department, said.rater)
    months = (one.month for one in state.more.scored if (one.department, one.rater) == same)
    return next((each for each in months if each != month), None)


def _refusal(state: Case, detail: str, problem: str = "illegal-move", status: int = 409) -> Refusal:
    return Refusal(
        command="ScoreDepartment", state=state.state, problem=problem, status=status, detail=detail
    )


def raters(grid: str | None) -> frozenset[str]:
    """Codes of the subdistrict and the community above a cell; none where its code does not tell them."""
    if grid is None or not grid.isdigit() or len(grid) < CELL:
        return frozenset()
    return frozenset((grid[:COMMUNITY], grid[:SUBDISTRICT].ljust(CELL, "0")))


def departments(case: Case) -> frozenset[str]:
    """Units of departments that have accepted the work, or were called to the place, at any time."""
    present = _unit(case.assignee_kind, case.unit, case.assignee)
    return frozenset((*case.more.departments, *present))


def with_department(case: Case, fact: AssignmentAccepted) -> Aside | None:
    """What is kept aside once this work is accepted: of a department, that the ticket was with it."""
    return _kept(case, _unit(fact.kind, fact.unit, fact.assignee))


def after_called(case: Case, fact: DepartmentArrived | DepartmentMissed) -> Case:
    """A department that was called to the place is scored for it, whether it came or not."""
    return replace(case, aside=_kept(case, _unit("department", fact.unit, fact.assignee)))


def _kept(case: Case, new: tuple[str, ...]) -> Aside | None:
    units = tuple(sorted({*departments(case), *new}))
    return case.aside if units == case.more.departments else replace(case.more, departments=units)


def _unit(kind: str | None, unit: str | None, assignee: str | None) -> tuple[str, ...]:
    code = unit or assignee
    return (code,) if kind == "department" and code else ()


def after_scored(case: Case, fact: ScoreTaken) -> Case:
    """Who has scored whom, and when, without the score."""
    new = Scored(department=fact.department, rater=fact.rater, month=fact.month)
    scored = tuple(one for one in case.more.scored if one != new)
    return replace(case, aside=replace(case.more, scored=(*scored, new)))
