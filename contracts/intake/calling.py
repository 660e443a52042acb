"""What came of a call to a requester who has not rated."""

from typing import ClassVar

from contracts.intake.request import Area
from contracts.intake.said import Said
from contracts.terms import CallOutcome, Code, Resolved, Satisfaction


class CallbackMade(Said, frozen=True, kw_only=True):
    """An operator has called; who was reached and rates answers both questions (row 17)."""

    AREA: ClassVar[Area] = "rating"
    outcome: CallOutcome
    resolved: Resolved | None = None
    satisfaction: Satisfaction | None = None
    reason: Code | None = None
