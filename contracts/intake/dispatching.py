"""What a desk orders about who does the work: assign, reassign, take back, call departments (吹哨)."""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.intake.request import Area, Words
from contracts.intake.said import Said
from contracts.terms import Code, Dated, WhistleCause, dated


class AssignmentOrdered(Said, frozen=True, kw_only=True):
    """The desk names who is asked, an assignee or a unit's, while nobody has taken the work."""

    AREA: ClassVar[Area] = "assignment"
    assignee: Code
    reason_code: Code


class ReassignmentOrdered(Said, frozen=True, kw_only=True):
    """The desk takes the work from whoever has it and names who is asked instead (改派)."""

    AREA: ClassVar[Area] = "assignment"
    assignee: Code
    reason_code: Code


class WithdrawalOrdered(Said, frozen=True, kw_only=True):
    """The desk takes an offer or the work back; the engine asks the next candidate."""

    AREA: ClassVar[Area] = "assignment"
    reason_code: Code


class WhistleBlown(Said, frozen=True, kw_only=True):
    """Departments are called to the place and have to be there by `arrive_by` (街乡吹哨、部门报到).

    The lead keeps the work; the words of `basis` stay inside.
    """

    AREA: ClassVar[Area] = "assignment"
    cause: WhistleCause
    departments: Annotated[list[Code], Meta(max_length=10)]
    arrive_by: Dated
    reason_code: Code
    basis: Words = ""

    def __post_init__(self) -> None:
        dated(self.arrive_by)


class ArrivalReported(Said, frozen=True, kw_only=True):
    """A department that was called is there: itself says so, or the desk; `at`: when, without it now."""

    AREA: ClassVar[Area] = "assignment"
    department: Code
    at: Dated | None = None

    def __post_init__(self) -> None:
        dated(self.at)
