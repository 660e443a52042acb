"""Departments are scored by those in whose area they worked; what is told of it names no single score."""

from datetime import UTC, datetime
from functools import reduce
from typing import Any

import msgspec
import pytest

from contracts import evaluation
from contracts.actor import Actor
from contracts.cloudevent import SINGLE
from contracts.dispatch import AssignmentAccepted, DepartmentArrived, DepartmentMissed
from contracts.gate import admit
from contracts.intake import DepartmentScored
from contracts.problem import ContractViolation, Refusal
from contracts.registry import events_of
from contracts.release import RELEASED
from contracts.terms import AssigneeKind, Role
from services.evaluation.case import Case
from services.evaluation.domain import decide, evolve
from services.evaluation.scoresheet import Row, Sums, told
from services.evaluation.scoring import ScoreDepartment, ScoreTaken, raters

OCTOBER = datetime(2026, 10, 31, 15, 59, tzinfo=UTC)
NOVEMBER = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
"""A minute later: the first of November in China."""
SAMPLE = msgspec.json.decode(
    (RELEASED / "samples" / "cn.fengge.intake.DepartmentScored.v1.json").read_bytes()
)
COMMUNITY, STREET = "990101001003", "990101001000"
NEW = Case(id="T", received_at=OCTOBER, grid="99010100100300")


def accepted(assignee: str, kind: AssigneeKind, unit: str | None = None) -> AssignmentAccepted:
    return AssignmentAccepted(
        assignment="T-1", assignee=assignee, kind=kind, hop=1, contact_due_at=OCTOBER, unit=unit
    )


CASE = reduce(
    evolve,
    [
        accepted("li", "department", "water"),
        accepted("parks", "department"),
        accepted("firm", "property_company"),
    ],
    NEW,
)
"""It was with two departments, then with a firm."""


def test_a_department_that_was_called_to_the_place_is_scored_whether_it_came_or_not() -> None:
    came = DepartmentArrived(
        whistle=1,
        assignee="fire-1",
        unit="fire",
        at=OCTOBER,
        in_time=True,
        by=Actor(role="supervisor", id="s"),
    )
    missed = DepartmentMissed(whistle=1, assignee="roads", arrive_by=OCTOBER)
    case = reduce(evolve, [came, missed], CASE)
    for department in ("fire", "roads", "water"):
        assert taken(case, given(department=department)).department == department


def given(
    score: int = 4, rater: str = COMMUNITY, department: str = "water", role: Role = "supervisor",
    by: str = "chen", at: datetime = OCTOBER,
) -> ScoreDepartment:  # fmt: skip
    said = DepartmentScored(
        ticket="7K3M-9QXR-2B4D-T8WZ", actor=Actor(role=role, id=by), department=department, rater=rater,
        score=score,
    )  # fmt: skip
    return ScoreDepartment(said=said, at=at, event="e")


def after(case: Case, *commands: ScoreDepartment) -> Case:
    """The case after these commands, each of which is taken."""
    return reduce(evolve, [taken(case, command) for command in commands], case)


def taken(case: Case, command: ScoreDepartment) -> ScoreTaken:
    (fact,) = decide(case, command)
    assert isinstance(fact, ScoreTaken), fact
    return fact


def refusal(case: Case, command: ScoreDepartment) -> Refusal:
    (fact,) = decide(case, command)
    assert isinstance(fact, Refusal), fact
    return fact


def test_who_has_had_it_at_any_time_is_scored_by_community_and_subdistrict() -> None:
    fact = taken(CASE, given(score=5))
    assert (fact.place, fact.score, fact.month) == (("T", "water", COMMUNITY), 5, "2026-10")
    assert taken(CASE, given(department="parks", rater=STREET, role="operator")).department == "parks"


def test_who_had_it_before_departments_were_noted_is_not_forgotten_when_it_passes_on() -> None:
    old = Case(id="T", received_at=OCTOBER, grid=NEW.grid, assignee="li", assignee_kind="department")
    passed_on = evolve(old, accepted("firm", "property_company"))
    assert taken(passed_on, given(department="li")).department == "li"


def test_work_of_no_department_keeps_nothing_aside() -> None:
    assert evolve(NEW, accepted("firm", "property_company")).aside is None


def test_that_a_score_was_given_is_published_by_no_fact() -> None:
    assert not {type(taken(CASE, given()))} & {*events_of(evaluation)}


def test_the_case_keeps_who_has_scored_whom_and_not_the_score() -> None:
    low, high = after(CASE, given(score=1)), after(CASE, given(score=5))
    assert low == high != CASE


@pytest.mark.parametrize(
    ("command", "why", "status"),
    [
        (given(department="roads"), "never with a department roads", 409),
        (given(department="firm"), "never with a department firm", 409),
        (given(department=STREET, rater=STREET), "nobody scores himself", 403),
        (given(by="water"), "nobody scores himself", 403),
        (given(by="firm"), "nobody scores himself", 403),
        (given(role="assignee"), "only a supervisor or an operator", 403),
        (given(rater="990101001004"), "in whose area the ticket lies", 403),
        (given(rater="990101000000"), "in whose area the ticket lies", 403),
    ],
)  # fmt: skip
def test_it_is_refused_with_the_reason_and_without_the_score(command: Any, why: str, status: int) -> None:
    found = refusal(CASE, command)
    assert (why in found.detail, found.status) == (True, status)


def test_a_ticket_nobody_has_heard_of_is_unknown() -> None:
    assert refusal(Case(id="T"), given()).status == 404


@pytest.mark.parametrize("grid", [None, "yard-7", "9901"])
def test_where_the_cell_tells_neither_community_nor_subdistrict_nobody_scores(grid: str | None) -> None:
    assert raters(grid) == frozenset()


def test_within_the_month_a_rater_may_score_again_and_after_it_the_score_stands() -> None:
    case = after(CASE, given(score=2))
    assert taken(case, given(score=3)).score == 3
    assert "scored it in 2026-10" in refusal(case, given(score=3, at=NOVEMBER)).detail
    assert taken(case, given(rater=STREET, at=NOVEMBER)).month == "2026-11"
    assert taken(case, given(department="parks", at=NOVEMBER)).department == "parks"


def test_of_three_raters_the_mean_over_all_scores_is_told_and_of_two_no_number() -> None:
    # 5 + 4 + 2 + 2 = 13 of three raters, one of whom has scored twice: 13 / 4 = 3.25
    rows = told([
        Sums(department="parks", raters=2, scores=40, total=200),
        Sums(department="water", raters=3, scores=4, total=13),
    ])  # fmt: skip
    assert rows == [Row(department="parks"), Row(department="water", raters=3, scores=4, mean=3.25)]


@pytest.mark.parametrize("score", [0, 6, 4.5, "4"])
def test_a_score_that_is_none_stops_at_the_gate(score: Any) -> None:
    with pytest.raises(ContractViolation):
        admit(SINGLE, msgspec.json.encode({**SAMPLE, "data": {**SAMPLE["data"], "score": score}}))
    assert admit(SINGLE, msgspec.json.encode(SAMPLE)).data == msgspec.convert(
        SAMPLE["data"], DepartmentScored
    )
