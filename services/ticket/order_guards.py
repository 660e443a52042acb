"""What must hold before a standing order is opened, changed or resumed: why it must not be, or None."""

from typing import Any

from services.ticket import recurrence
from services.ticket.orders import ChangeStandingOrder, OpenStandingOrder, StandingOrder


def legible_plan(_state: Any, command: OpenStandingOrder | ChangeStandingOrder) -> str | None:
    """A rule of days that can be read, and a time in which it holds."""
    return recurrence.wrong(command.plan) if command.plan else None


def a_visit_ahead(state: StandingOrder, command: Any) -> str | None:
    """There is something to look forward to."""
    plan: Any = getattr(command, "plan", None) or state.plan
    after = max(state.seen or command.at, command.at)
    ahead = next(recurrence.visits(plan, command.calendar, after), None)
    return None if ahead else "by this plan there is no visit in the next two years"
