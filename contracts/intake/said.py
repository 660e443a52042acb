"""What people say about a ticket, each in a role."""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.actor import Actor
from contracts.intake.request import Area, Inbound
from contracts.terms import (
    Body,
    Code,
    Dated,
    EmergencyLine,
    Label,
    Missing,
    Resolved,
    Satisfaction,
    Severity,
    dated,
)


class Said(Inbound, frozen=True, kw_only=True):
    """What a person says about a ticket, and in which role."""

    AREA: ClassVar[Area] = "request"
    actor: Actor


class InformationAsked(Said, frozen=True, kw_only=True):
    """The desk asks the requester for what is missing; the clock pauses (row 4)."""

    missing: Annotated[list[Missing], Meta(max_length=5)]


class InformationGiven(Said, frozen=True, kw_only=True):
    """What was missing is there; `words` stay inside, the clock runs again (row 4)."""

    words: Body


class SuspensionAsked(Said, frozen=True, kw_only=True):
    """The assignee asks for a pause by a plan, until `review_at` (row 12)."""

    plan: Code
    review_at: Dated
    requester_told: bool

    def __post_init__(self) -> None:
        dated(self.review_at)


class SuspensionDecided(Said, frozen=True, kw_only=True):
    """A supervisor approves the pause that was asked for, or does not (row 12)."""

    approved: bool
    reason_code: Code | None = None


class SuspensionEnded(Said, frozen=True, kw_only=True):
    """The work goes on before the review date (row 12)."""

    reason_code: Code


class ExtensionAsked(Said, frozen=True, kw_only=True):
    """The assignee asks for more time, e.g. `3wd`, before the deadline (row 13)."""

    span: Code
    reason_code: Code


class ExtensionDecided(Said, frozen=True, kw_only=True):
    """A supervisor grants the time that was asked for, or does not (row 13)."""

    approved: bool
    reason_code: Code | None = None


class ReminderSent(Said, frozen=True, kw_only=True):
    """Somebody urges (催办); no clock is touched."""


class SupervisionOrdered(Said, frozen=True, kw_only=True):
    """A supervisor takes the ticket under supervision (督办), `escalated` one level up as well (row 14)."""

    reason_code: Code
    escalated: bool = False


class OutcomeVerified(Said, frozen=True, kw_only=True):
    """The verifier has checked the outcome: passed, or sent back with a reason (rows 16, 17)."""

    passed: bool
    reason_code: Code | None = None


class ReopeningAsked(Said, frozen=True, kw_only=True):
    """The requester is not satisfied with an outcome, also after closing (row 19)."""

    resolved: Resolved
    satisfaction: Satisfaction


class FinalAnswerProposed(Said, frozen=True, kw_only=True):
    """A supervisor signs a final answer as the first (row 20)."""

    answer_code: Code


class FinalAnswerSigned(Said, frozen=True, kw_only=True):
    """Another person signs the answer that was proposed; with that it is given (row 20)."""

    answer_code: Code


class SeverityCorrected(Said, frozen=True, kw_only=True):
    """The severity is another: it may rise at any time and falls only with a reason."""

    severity: Severity
    reason_code: Code | None = None


class HandOverReported(Said, frozen=True, kw_only=True):
    """An emergency line was called and has it under `reference`; `at`: when, without it now."""

    line: EmergencyLine
    reference: Label
    at: Dated | None = None

    def __post_init__(self) -> None:
        dated(self.at)


class CommentAdded(Said, frozen=True, kw_only=True):
    """A note on the ticket; the requester sees it unless it is `internal`. No clock is touched."""

    words: Annotated[Body, Meta(min_length=1)]
    internal: bool = True
