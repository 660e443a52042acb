"""Who may have a case count in no rate: one asks, two others approve, and it can be taken back."""

from datetime import UTC, datetime
from functools import reduce
from typing import Any

import pytest

from contracts import evaluation
from contracts.actor import Actor
from contracts.problem import Refusal
from contracts.terms import Role
from services.evaluation.case import Case
from services.evaluation.domain import decide, evolve
from services.evaluation.exclusion import AskExclusion, DecideExclusion
from services.evaluation.rates import NAMES
from services.evaluation.tally import counted

CASE = Case(
    id="T", state="closed", ended="closed", received_at=datetime(2026, 11, 3, tzinfo=UTC), assignee="firm",
    round=1, resolved="no", satisfaction="very_dissatisfied", on_time=True,
)  # fmt: skip


def who(id_: str, role: Role = "supervisor") -> Actor:
    return Actor(role=role, id=id_)


def asked(by: Actor) -> AskExclusion:
    return AskExclusion(ground="malicious", by=by)


def said(by: Actor, approved: bool = True) -> DecideExclusion:
    return DecideExclusion(approved=approved, by=by, reason_code="not_said")


ASKED = asked(who("firm", "assignee"))


def after(case: Case, *commands: Any) -> Case:
    """The case after these commands, each of which is taken."""
    for command in commands:
        facts = decide(case, command)
        assert not any(isinstance(fact, Refusal) for fact in facts), facts
        case = reduce(evolve, facts, case)
    return case


def names(case: Case) -> set[str]:
    bits = counted(case).bits
    return {name for index, name in enumerate(NAMES) if bits >> index & 1}


def test_with_the_second_approval_it_counts_as_excluded_alone_and_all_three_are_named() -> None:
    case = after(CASE, ASKED, said(who("one")))
    assert "rated" in names(case)
    (fact,) = decide(case, said(who("two", "adjudicator")))
    assert fact == evaluation.CaseExcluded(
        ground="malicious", asked_by=who("firm", "assignee"), seconded_by=who("one"),
        by=who("two", "adjudicator"),
    )  # fmt: skip
    assert names(evolve(case, fact)) == {"cases", "excluded"}


@pytest.mark.parametrize(
    ("before", "command", "status"),
    [
        ((), asked(who("other", "assignee")), 403),
        ((), asked(who("firm", "operator")), 403),
        ((ASKED,), ASKED, 409),
        ((), said(who("one")), 409),
        ((ASKED,), said(who("firm")), 403),
        ((ASKED,), said(who("one", "operator")), 403),
        ((asked(who("boss")),), said(who("boss")), 403),
        ((ASKED, said(who("one"))), said(who("one", "adjudicator")), 403),
        ((ASKED, said(who("one")), said(who("two"))), ASKED, 409),
    ],
    ids=[
        "another unit asks", "an operator asks", "asked twice", "nothing is asked", "the doer approves",
        "an operator approves", "who asked approves", "the same person approves twice", "it is excluded",
    ],
)  # fmt: skip
def test_is_refused(before: tuple[Any, ...], command: Any, status: int) -> None:
    (refusal,) = decide(after(CASE, *before), command)
    assert isinstance(refusal, Refusal)
    assert refusal.status == status


def test_an_unknown_ticket_is_not_excluded() -> None:
    (refusal,) = decide(Case(id="N"), ASKED)
    assert refusal.status == 404


def test_what_is_refused_counts_and_may_be_asked_again() -> None:
    case = after(CASE, ASKED, said(who("one")), said(who("two"), approved=False))
    assert "rated" in names(case)
    assert case.more.claim is None
    after(case, ASKED)


def test_one_person_takes_it_back_and_it_counts_again() -> None:
    case = after(CASE, ASKED, said(who("one")), said(who("two")), said(who("three"), approved=False))
    assert names(case) == names(CASE)
