"""Cases that count in no rate, pure: a unit asks, two other people approve, anyone of them takes it back."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import evaluation
from contracts.actor import Actor
from contracts.problem import Refusal
from contracts.terms import ExclusionGround
from services.evaluation.case import Case, Claim

REVIEWERS = ("supervisor", "adjudicator")


class AskExclusion(Struct, frozen=True, kw_only=True):
    """The case is to count in no rate."""

    ground: ExclusionGround
    by: Actor


class DecideExclusion(Struct, frozen=True, kw_only=True):
    """Somebody approves what was asked, or does not."""

    approved: bool
    by: Actor
    reason_code: str


def ask(state: Case, command: AskExclusion) -> list[Any]:
    """The request as a fact, or why it is none."""
    if state.received_at is None:
        return [_refusal(command, state, f"no ticket {state.id}", "unknown-ticket", 404)]
    if state.more.excluded or state.more.claim:
        return [_refusal(command, state, "it is excluded, or that is asked for already")]
    own = command.by.role == "assignee" and command.by.id == state.assignee
    if not own and command.by.role != "supervisor":
        return [_refused(command, state, "only who has done the work, or a supervisor, asks for it")]
    return [evaluation.ExclusionRequested(ground=command.ground, by=command.by)]


def settle(state: Case, command: DecideExclusion) -> list[Any]:
    """The first approval, the second with which it holds, a refusal, or the end of what held."""
    claim, by = state.more.claim, command.by
    if by.role not in REVIEWERS or by.id == state.assignee:
        return [_refused(command, state, "only a supervisor or an adjudicator decides, who has not done it")]
    if claim is None:
        return _revoked(state, command)
    if not command.approved:
        reason = command.reason_code
        return [evaluation.ExclusionRefused(ground=claim.ground, by=by, reason_code=reason)]
    if by.id in (claim.asked_by.id, claim.seconded_by.id if claim.seconded_by else None):
        return [_refused(command, state, "another person must approve")]
    if claim.seconded_by is None:
        return [evaluation.ExclusionSeconded(ground=claim.ground, by=by)]
    return [
        evaluation.CaseExcluded(
            ground=claim.ground, by=by, asked_by=claim.asked_by, seconded_by=claim.seconded_by
        )
    ]


def _revoked(state: Case, command: DecideExclusion) -> list[Any]:
    ground: Any = state.more.excluded
    if command.approved or not ground:
        return [_refusal(command, state, "no exclusion is asked for")]
    return [evaluation.ExclusionRevoked(ground=ground, reason_code=command.reason_code, by=command.by)]


def _refused(command: Any, state: Case, detail: str) -> Refusal:
    return _refusal(command, state, detail, "not-allowed", 403)


def _refusal(
    command: Any, state: Case, detail: str, problem: str = "illegal-move", status: int = 409
) -> Refusal:
    return Refusal(
        command=type(command).__name__, state=state.state, problem=problem, status=status, detail=detail
    )


def after_requested(case: Case, fact: evaluation.ExclusionRequested) -> Case:
    """Two have to decide."""
    return _with(case, claim=Claim(ground=fact.ground, asked_by=fact.by))


def after_seconded(case: Case, fact: evaluation.ExclusionSeconded) -> Case:
    """One has approved."""
    assert case.more.claim
    return _with(case, claim=replace(case.more.claim, seconded_by=fact.by))


def after_refused(case: Case, _fact: evaluation.ExclusionRefused) -> Case:
    """Nothing is asked any more."""
    return _with(case, claim=None)


def after_excluded(case: Case, fact: evaluation.CaseExcluded) -> Case:
    """It counts in no rate."""
    return _with(case, claim=None, excluded=fact.ground)


def after_revoked(case: Case, _fact: evaluation.ExclusionRevoked) -> Case:
    """It counts again."""
    return _with(case, excluded=None)


def _with(case: Case, **aside: Any) -> Case:
    return replace(case, aside=replace(case.more, **aside))
