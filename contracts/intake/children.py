"""What a desk says of work that several units do."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.intake.said import Said
from contracts.terms import Code, Label, Severity, TicketNo


class Part(Struct, frozen=True, kw_only=True):
    """What another unit is to do, and where; as grave as the whole where nothing is said."""

    category: Label
    grid: Code
    severity: Severity | None = None
    mandatory: bool = True


class SplitOrdered(Said, frozen=True, kw_only=True):
    """Other units have a part in it (加派): each part becomes a ticket of its own (row 15)."""

    parts: Annotated[list[Part], Meta(max_length=10)]


class WaiverOrdered(Said, frozen=True, kw_only=True):
    """The ticket is not to wait for this part any more (row 15)."""

    child: TicketNo
    reason_code: Code
