"""Units of a social organisation's contract: held by an offer, used up by the work, freed by all else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts import dispatch
from contracts.terms import CHINA
from services.dispatch.filters import Option
from services.dispatch.records import ContractReserved
from services.dispatch.rules import Rules


def reserved(option: Option, rules: Rules, at: datetime) -> Sequence[Any]:
    """The unit that an offer holds, of the month in China, and a warning when little is left after it."""
    if not option.contract:
        return []
    held = ContractReserved(option.contract, month_of(at))
    left, little = (option.quota_left or 1) - 1, option.quota * rules.warn_percent // 100
    if not left <= little < left + 1:
        return [held]
    low = dispatch.DispatchAlarmed(reason="quota_low", about=option.contract, left=left, quota=option.quota)
    return [held, low]


def month_of(at: datetime) -> str:
    """The first day of the month that a moment lies in, in China."""
    return f"{at.astimezone(CHINA):%Y-%m-01}"
