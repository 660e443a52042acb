"""When a standing order's visits take place: days by its rule, moved off holidays, at its time of day."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile

from dateutil.rrule import rrulestr

from contracts.plan import Plan
from contracts.terms import CHINA
from contracts.worktime import Calendar

SLACK = timedelta(days=31)
"""By how much a day may be moved; no closure lasts longer."""
HORIZON = timedelta(days=731)
"""How far ahead a visit is looked for; a rule without one is over."""

_DAY = timedelta(days=1)
_PARTS = {
    "FREQ": r"DAILY|WEEKLY|MONTHLY",
    "INTERVAL": r"[1-9][0-9]?",
    "BYDAY": r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU))*",
    "BYMONTHDAY": r"-?([1-9]|[12][0-9]|3[01])(,-?([1-9]|[12][0-9]|3[01]))*",
    "BYSETPOS": r"-?[1-9](,-?[1-9])*",
    "WKST": r"MO|SU",
}
"""What of RFC 5545 a rule may say: the plan tells its end and its time of day itself."""


def wrong(plan: Plan) -> str | None:
    """What of a plan makes no sense by itself, in words; None where all does."""
    parts = [part.partition("=") for part in plan.rule.split(";")]
    names = [name for name, _, _ in parts]
    for name, _, value in parts:
        if name not in _PARTS or not re.fullmatch(_PARTS[name], value) or names.count(name) > 1:
            return f"{name}={value} is not taken in a rule"
    try:
        starts = date.fromisoformat(plan.starts_on)
        ends = date.fromisoformat(plan.ends_on) if plan.ends_on else date.max
        rrulestr(plan.rule, dtstart=datetime.combine(starts, time.min))
    except ValueError as error:
        return str(error)
    return "it ends before it starts" if ends < starts else None


def visits(plan: Plan, calendar: Calendar, after: datetime) -> Iterator[datetime]:
    """The moments of the visits after `after`, in UTC, in order, as far as the horizon; each of them once.

    Days that are moved onto the same working day make one visit.
    """
    at = time.fromisoformat(plan.at)
    last: date | None = None
    for nominal in _days(plan, (after - SLACK).astimezone(CHINA).date(), after + HORIZON):
        day = _moved(plan.holidays, nominal, calendar)
        if day is None or day == last:
            continue
        last = day
        moment = datetime.combine(day, at, CHINA).astimezone(UTC)
        if moment > after:
            yield moment


def _days(plan: Plan, first: date, until: datetime) -> Iterator[date]:
    starts = datetime.combine(date.fromisoformat(plan.starts_on), time.min)
    ends = min(date.fromisoformat(plan.ends_on or "9999-12-31"), until.astimezone(CHINA).date())
    found = rrulestr(plan.rule, dtstart=starts).xafter(datetime.combine(first, time.min), inc=True)
    return takewhile(lambda day: day <= ends, (moment.date() for moment in found))


def _moved(holidays: str, day: date, calendar: Calendar) -> date | None:
    """The day of the visit; None where it does not take place."""
    if holidays == "keep" or calendar.works(day):
        return day
    if holidays == "skip":
        return None
    while not calendar.works(day):
        day += _DAY if holidays == "after" else -_DAY
    return day
