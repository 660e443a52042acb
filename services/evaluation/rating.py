"""Taking a rating, pure: who has proved to be the requester, and when guessing ends."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import evaluation
from contracts.intake import RatingGiven
from contracts.problem import Refusal
from services.evaluation.case import Case, Proof
from services.evaluation.integrity import Seen, look


class Limits(Struct, frozen=True, kw_only=True):
    """After `attempts` wrong codes none counts for `seconds`; after `locks` such times, none any more."""

    attempts: int
    seconds: float
    locks: int


class TakeRating(Struct, frozen=True, kw_only=True):
    """Both questions are answered; `proof` is what the answer has shown, None where it is worth nothing."""

    said: RatingGiven
    at: datetime
    limits: Limits
    proof: Proof | None = None
    publisher: str = ""
    shut: bool = False
    """Whether the publisher has sent so many wrong codes that none of its codes is looked at."""
    seen: Seen | None = None


class GuessFailed(Struct, frozen=True):
    """A wrong code, and which user of the broker it came from; private."""

    publisher: str = ""


def take(state: Case, command: TakeRating) -> list[Any]:
    """The rating as a fact, or why it is not taken; whoever guesses is counted and locked out."""
    proof = command.proof
    if command.said.code and (command.shut or _locked(state, command.at)):
        return [_refusal("locked", 429, "no code is looked at now; the link still holds")]
    if proof is None and not (command.said.code or command.said.token):
        return [_refusal("unproven", 403, "neither the token of the link nor the code is given")]
    if proof is None or proof.round not in (state.round, None):
        return [*_counted(state, command), _refusal("unproven", 403, "that is no key of this round")]
    said = command.said
    return [
        *([look(state, said, command.seen)] if command.seen else []),
        evaluation.RatingSubmitted(
            round=state.round, resolved=said.resolved, satisfaction=said.satisfaction, reason=said.reason,
            assignee=state.assignee, assignee_kind=state.assignee_kind, way=proof.way,  # type: ignore[arg-type]
        ),
    ]  # fmt: skip


def _locked(state: Case, at: datetime) -> bool:
    until = state.more.locked_until
    return until is not None and at < until


def _counted(state: Case, command: TakeRating) -> list[Any]:
    """A link cannot be guessed, so only codes count: else anybody could lock out a requester's link."""
    if not command.said.code:
        return []
    limits, guesses = command.limits, state.more.guesses + 1
    if guesses % limits.attempts:
        return [GuessFailed(command.publisher)]
    until = command.at + timedelta(seconds=limits.seconds)
    if guesses >= limits.attempts * limits.locks and state.window_ends_at:
        until = state.window_ends_at
    return [GuessFailed(command.publisher), evaluation.RatingLocked(round=state.round, until=until)]


def _refusal(problem: str, status: int, detail: str) -> Refusal:
    return Refusal(command="TakeRating", state="asked", problem=problem, status=status, detail=detail)


def after_guess(case: Case, _fact: GuessFailed) -> Case:
    """One guess more."""
    return replace(case, aside=replace(case.more, guesses=case.more.guesses + 1))


def after_locked(case: Case, fact: evaluation.RatingLocked) -> Case:
    """Shut until then."""
    return replace(case, aside=replace(case.more, locked_until=fact.until))
