"""Calls to who has not rated, pure: three in three working days, by an operator, and no default answer."""

from datetime import datetime, time, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import evaluation, intake
from contracts.problem import Refusal
from contracts.terms import CHINA
from services.evaluation.case import Case

LAST = ("reached_rated", "reached_refused", "wrong_number")
"""Outcomes after which nobody calls again in this round."""
SATURDAY = 5


class Calls(Struct, frozen=True, kw_only=True):
    """So many calls within so many working days; the policy `rating_callback`.

    They are due when no more than `before_seconds` of the window are left.
    """

    attempts: int
    days: int
    before_seconds: float


class RecordCall(Struct, frozen=True, kw_only=True):
    """A call was made; `trusted` says that its publisher may speak for requesters."""

    said: intake.CallbackMade
    at: datetime
    rule: Calls
    trusted: bool


def earliest(now: datetime, days: int) -> datetime:
    """When the first call of a round may have been at the earliest, if today is to be in its `days`.

    Working days are Monday to Friday in China; the calendar of holidays is the ticket service's.
    """
    day, left = now.astimezone(CHINA).date(), days - 1
    while left:
        day -= timedelta(days=1)
        left -= day.weekday() < SATURDAY
    return datetime.combine(day, time(), CHINA)


def record(state: Case, command: RecordCall) -> list[Any]:
    """The call as a fact, with the rating where there is one; or why it is not taken."""
    if why := _improper(state, command):
        return [_refusal(state, why, "not-allowed", 403)]
    if why := _over(state, command):
        return [_refusal(state, why)]
    said = command.said
    call = evaluation.CallbackMade(
        round=state.round, number=state.more.calls + 1, outcome=said.outcome, at=command.at, by=said.actor
    )
    if said.outcome != "reached_rated":
        return [call]
    if said.resolved is None or said.satisfaction is None:
        return [_refusal(state, "who rates answers both questions: resolved, satisfaction", "data", 422)]
    rating = evaluation.RatingSubmitted(
        round=state.round, resolved=said.resolved, satisfaction=said.satisfaction, reason=said.reason,
        assignee=state.assignee, assignee_kind=state.assignee_kind, way="callback",  # type: ignore[arg-type]
    )  # fmt: skip
    return [call, rating]


def _improper(state: Case, command: RecordCall) -> str | None:
    by = command.said.actor
    if by.role != "operator" or by.id == state.assignee:
        return "only an operator calls, who has not done the work"
    return None if command.trusted else "its publisher may not speak for requesters"


def _over(state: Case, command: RecordCall) -> str | None:
    more, rule = state.more, command.rule
    if more.uncallable:
        return "the requester does not want to rate, or the number is wrong: nobody calls again"
    if more.calls >= rule.attempts:
        return f"{rule.attempts} calls were made"
    if more.called_at and more.called_at < earliest(command.at, rule.days):
        return f"the {rule.days} working days since the first call are over"
    return None


def _refusal(state: Case, detail: str, problem: str = "illegal-move", status: int = 409) -> Refusal:
    return Refusal(command="RecordCall", state=state.state, problem=problem, status=status, detail=detail)


def after_call(case: Case, fact: evaluation.CallbackMade) -> Case:
    """One call more; until the window ends the requester may still rate by himself."""
    more = replace(
        case.more, calls=fact.number, called_at=case.more.called_at or fact.at,
        uncallable=fact.outcome in LAST,
    )  # fmt: skip
    return replace(case, aside=more)
