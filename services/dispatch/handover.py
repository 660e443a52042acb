"""The hand-over list: which open tickets pass from whom to whom at the change of shift, pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.dispatch.shifts import Shift, on_duty, relieved_at

BEGUN = "contacted"
"""The state in which whoever has called the requester keeps the ticket over his shift."""


def passing(
    held: Iterable[Mapping[str, Any]], rotas: Mapping[str, Sequence[Shift]], now: datetime
) -> list[dict[str, Any]]:
    """For each ticket that a rota holds, when its holder is relieved and by whom; the next first.

    `passes` says that it goes over by itself; what has been begun stays, and so does what nobody relieves.
    """
    rows = [_row(case, rotas.get(case["grid"], ()), now) for case in held]
    return sorted(rows, key=lambda row: (row["at"], row["from"], row["ticket"]))


def _row(case: Mapping[str, Any], shifts: Sequence[Shift], now: datetime) -> dict[str, Any]:
    holder = case["assignee"]
    at = relieved_at(shifts, holder, now)
    next_on = [one.assignee for one in on_duty(shifts, at) if one.assignee != holder]
    to = next_on[0] if next_on else None
    return {
        "at": at, "cell": case["grid"], "from": holder, "to": to, "ticket": case["id"],
        "state": case["state"], "passes": to is not None and case["state"] != BEGUN,
    }  # fmt: skip
