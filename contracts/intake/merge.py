"""What a desk says of requests for the same thing."""

from contracts.intake.said import Said
from contracts.terms import Code, TicketNo


class MergeOrdered(Said, frozen=True, kw_only=True):
    """The ticket is about the same as `primary` and is to follow it (row 5)."""

    primary: TicketNo


class UnmergeOrdered(Said, frozen=True, kw_only=True):
    """The ticket is about something else after all: it stands for itself again (row 5)."""

    reason_code: Code
