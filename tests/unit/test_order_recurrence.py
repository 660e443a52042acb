"""When visits take place: days by a rule, moved or not by the working calendar, at a time of day in China."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest
from msgspec.structs import replace

from contracts.plan import Plan
from contracts.terms import CHINA
from contracts.worktime import Calendar
from services.ticket.recurrence import visits, wrong

PLAN = Plan(category="haircut", grid="g", rule="FREQ=WEEKLY;BYDAY=TH", at="09:30", starts_on="2026-09-01")
GOLDEN_WEEK = Calendar(
    {date(2026, 9, 20): True, date(2026, 10, 10): True, date(2026, 9, 25): False}
    | {date(2026, 10, day): False for day in (1, 2, 5, 6, 7)}
)
"""2026: 1 to 7 October are free, the Saturday after them is worked."""


def told(plan: Plan, number: int, after: datetime = datetime(2026, 9, 20, tzinfo=UTC)) -> list[str]:
    return [
        f"{moment.astimezone(CHINA):%m-%d %H:%M}"
        for moment in islice(visits(plan, GOLDEN_WEEK, after), number)
    ]


@pytest.mark.parametrize(
    ("holidays", "days"),
    [
        ("keep", ["09-24", "10-01", "10-08"]),
        ("skip", ["09-24", "10-08", "10-15"]),
        ("before", ["09-24", "09-30", "10-08"]),
        ("after", ["09-24", "10-08", "10-15"]),
    ],
)
def test_a_visit_on_a_holiday_is_kept_skipped_or_moved(holidays: str, days: list[str]) -> None:
    plan = replace(PLAN, holidays=holidays)
    assert told(plan, 3) == [f"{day} 09:30" for day in days]


def test_days_moved_onto_one_make_one_visit() -> None:
    daily = replace(PLAN, rule="FREQ=DAILY", holidays="after")
    days = told(daily, 4, datetime(2026, 9, 30, 12, tzinfo=UTC))
    assert days == ["10-08 09:30", "10-09 09:30", "10-10 09:30", "10-12 09:30"]


def test_a_make_up_saturday_is_a_working_day() -> None:
    saturdays = replace(PLAN, rule="FREQ=WEEKLY;BYDAY=SA", holidays="skip")
    assert told(saturdays, 1) == ["10-10 09:30"]
    assert told(saturdays, 2) == ["10-10 09:30"]


def test_what_is_moved_is_found_from_any_moment_on() -> None:
    after = replace(PLAN, holidays="after")
    whole = list(islice(visits(after, GOLDEN_WEEK, datetime(2026, 9, 1, tzinfo=UTC)), 12))
    for index, moment in enumerate(whole):
        assert list(islice(visits(after, GOLDEN_WEEK, moment), 11 - index)) == whole[index + 1 :]
        just_before = moment - timedelta(seconds=1)
        assert next(visits(after, GOLDEN_WEEK, just_before)) == moment


def test_every_second_week_counts_from_the_start() -> None:
    fortnight = replace(PLAN, rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", starts_on="2026-09-03")
    assert told(fortnight, 3) == ["10-01 09:30", "10-15 09:30", "10-29 09:30"]


def test_the_last_friday_of_each_month() -> None:
    assert told(replace(PLAN, rule="FREQ=MONTHLY;BYDAY=-1FR"), 2) == ["09-25 09:30", "10-30 09:30"]


def test_the_time_of_day_is_that_of_china() -> None:
    early = replace(PLAN, at="07:00")
    assert next(visits(early, GOLDEN_WEEK, datetime(2026, 9, 23, 22, 59, tzinfo=UTC))) == datetime(
        2026, 9, 23, 23, 0, tzinfo=UTC
    )


def test_after_the_last_day_there_is_none() -> None:
    assert told(replace(PLAN, ends_on="2026-10-01"), 9) == ["09-24 09:30", "10-01 09:30"]
    never = replace(PLAN, rule="FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=5MO")
    assert told(never, 1) == []


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;INTERVAL=0", "FREQ=DAILY;COUNT=3", "FREQ=DAILY;UNTIL=20261231",
        "FREQ=DAILY;BYHOUR=9", "FREQ=WEEKLY;BYDAY=MO;BYDAY=TU", "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=DAILY;BYDAY=",
    ],
)  # fmt: skip
def test_a_rule_that_says_something_else_is_refused_with_the_part_that_does(rule: str) -> None:
    assert "is not taken in a rule" in (wrong(replace(PLAN, rule=rule)) or "")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"starts_on": "2026-02-30"}, "day"),
        ({"ends_on": "2026-08-31"}, "ends before it starts"),
    ],
)
def test_days_that_do_not_exist_or_stand_in_the_wrong_order_are_refused(
    changes: dict[str, str], why: str
) -> None:
    assert why in (wrong(replace(PLAN, **changes)) or "")
    assert wrong(PLAN) is None
