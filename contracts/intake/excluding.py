"""What a unit and its reviewers say of a case that is to count in no rate."""

from typing import ClassVar

from contracts.intake.request import Area
from contracts.intake.said import Said
from contracts.terms import Code, ExclusionGround


class ExclusionAsked(Said, frozen=True, kw_only=True):
    """Who has done the work, or a supervisor, asks that the case count in no rate."""

    AREA: ClassVar[Area] = "rating"
    ground: ExclusionGround


class ExclusionDecided(Said, frozen=True, kw_only=True):
    """A supervisor or an adjudicator approves it or not; two must, and neither has asked.

    Not approved, an exclusion that holds already is taken back.
    """

    AREA: ClassVar[Area] = "rating"
    approved: bool
    reason_code: Code | None = None
