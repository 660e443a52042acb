"""What a standing order asks for: what is done, where, and when again."""

from typing import Literal

from msgspec import Struct

from contracts.terms import Code, Day, Label, Minutes, Recurrence, TimeOfDay


class Plan(Struct, frozen=True, kw_only=True):
    """Visits by a rule from `starts_on` to `ends_on`, at a time of day in Asia/Shanghai.

    Where nobody works on a day, the visit takes place all the same, not at all, or on the next working day
    before or after. Its ticket is opened `ahead` minutes before. Where somebody lives alone, a visit that is
    not confirmed `confirm_within` minutes after its time is followed by a welfare check.
    """

    category: Label
    grid: Code
    rule: Recurrence
    at: TimeOfDay
    starts_on: Day
    ends_on: Day | None = None
    holidays: Literal["keep", "skip", "before", "after"] = "keep"
    lives_alone: bool = False
    confirm_within: Minutes | None = None
    ahead: Minutes = 0
