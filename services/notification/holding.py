"""What keeps a message back that could go out: the night, and a destination that has had its share."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from contracts.terms import CHINA


def quiet_for(at: datetime, rule: Mapping[str, Any]) -> float:
    """Seconds until the quiet hours end, 0 outside them; `rule` has `from` and `to` (HH:MM in China)."""
    begins, ends = time.fromisoformat(rule["from"]), time.fromisoformat(rule["to"])
    here = at.astimezone(CHINA)
    inside = begins <= here.time() < ends if begins <= ends else not ends <= here.time() < begins
    if not inside:
        return 0.0
    morning = datetime.combine(here.date(), ends, CHINA)
    if morning <= here:
        morning += timedelta(days=1)
    return (morning - here).total_seconds()


def admitted(next_at: datetime | None, now: datetime, seconds: float, burst: int) -> tuple[datetime, float]:
    """One more message to a destination: when its share is used up from now on, and how long to wait first.

    The generic cell rate algorithm (ITU-T I.371): one each `seconds` on average, `burst` of them at once.
    Where there is a wait, nothing is used up.
    """
    used_until = max(next_at or now, now)
    wait = (used_until - now).total_seconds() - (burst - 1) * seconds
    if wait > 0:
        return used_until, wait
    return used_until + timedelta(seconds=seconds), 0.0
