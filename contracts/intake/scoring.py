"""What a subdistrict or community says of a department's work."""

from typing import ClassVar

from contracts.intake.request import Area
from contracts.intake.said import Said
from contracts.terms import Code, Score


class DepartmentScored(Said, frozen=True, kw_only=True):
    """Of the work of `department` on the ticket, by the `rater` in whose area it lies.

    Again by the same rater in the same month it takes the place of the first.
    """

    AREA: ClassVar[Area] = "rating"
    department: Code
    rater: Code
    score: Score
    reason_code: Code | None = None
