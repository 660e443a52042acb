"""Who objects: a requester to a decline, a unit to an assignment; and what an adjudicator rules."""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.intake.request import Area, Inbound, Words
from contracts.intake.said import Said
from contracts.terms import Code, ReturnCode


class DeclineObjected(Said, frozen=True, kw_only=True):
    """The requester, or an operator for him, objects to a decline; once, and in time (row 3)."""

    AREA: ClassVar[Area] = "request"


class AssignmentDisputed(Inbound, frozen=True, kw_only=True):
    """A unit gives an assignment back and disputes that it is its own: an adjudicator decides (row 10).

    The words of `basis` stay inside; `basis_code` names the list, law or clause and is published.
    """

    AREA: ClassVar[Area] = "assignment"
    assignment: Code
    assignee: Code
    code: ReturnCode
    basis: Annotated[Words, Meta(min_length=1)]
    proposed_unit: Code
    basis_code: Code | None = None


class ObjectionRuled(Said, frozen=True, kw_only=True):
    """The adjudicator has ruled whose it is: an assignee, or a unit's; the words of `basis` stay inside."""

    AREA: ClassVar[Area] = "assignment"
    assignee: Code
    reason_code: Code
    basis: Words = ""
