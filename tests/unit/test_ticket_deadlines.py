"""When spans end: in minutes wherever they fall, in working days by the notices of the State Council."""

from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.terms import CHINA
from contracts.worktime import Calendar, covered, parsed, warning
from services.console.ticket.deadline import explained
from services.ticket.commands import Rule

WORKED = {date(2025, 9, 28): True, date(2025, 10, 11): True}
FREE = {date(2025, 10, day): False for day in (1, 2, 3, 6, 7, 8)}
AUTUMN = Calendar(WORKED | FREE, date(2025, 12, 31))
"""National Day and Mid-autumn Festival 2025: a Sunday and a Saturday are worked."""


def china(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("since", "span", "due"),
    [
        (china(9, 30, 10), "5min", china(9, 30, 10) + timedelta(minutes=5)),
        (china(9, 30, 23), "2h", china(10, 1, 1)),
        (china(9, 30, 10), "15d", china(10, 15, 10)),
        (china(9, 30, 10), "1wd", china(10, 10)),  # Thursday 9 October, after the holiday
        (china(9, 30, 10), "3wd", china(10, 12)),  # 9, 10, and the Saturday that is worked
        (china(9, 26, 17), "1wd", china(9, 29)),  # Friday; the Sunday after it is worked
        (china(10, 3, 12), "1wd", china(10, 10)),  # begun on a holiday
        (china(9, 1, 0), "1wd", china(9, 3)),  # the day it begins is not counted, from its first moment on
        (datetime(2025, 9, 1, 16, 30, tzinfo=UTC), "1wd", china(9, 4)),  # in China it is the 2nd already
    ],
)
def test_a_span_ends(since: datetime, span: str, due: datetime) -> None:
    found = AUTUMN.due(since, span)
    assert found == due
    assert found.utcoffset() == timedelta(0)


def test_the_days_that_were_not_counted_can_be_told() -> None:
    since, due = china(9, 30, 10), china(10, 12)
    assert AUTUMN.skipped(since, due) == [date(2025, 10, day) for day in range(1, 9)]


@pytest.mark.parametrize(
    "span", ["", "3", "wd", "0wd", "-1h", "3 wd", "3wd ", "1.5h", "３wd", "12345d", "3w"]
)
def test_what_is_no_span_is_refused(span: str) -> None:
    with pytest.raises(ValueError, match="no span of time"):
        parsed(span)


def test_the_warning_comes_after_four_fifths() -> None:
    assert warning(china(9, 1), china(9, 6)) == china(9, 5)


def test_a_year_without_a_notice_ends_what_is_decided() -> None:
    assert covered([2025, 2024, 2027]) == date(2025, 12, 31)
    assert covered([]) == date.min


def test_what_a_policy_says_of_the_source_goes_before_the_category_and_that_before_the_severity() -> None:
    value = {
        "general": "15d", "urgent": "3wd",
        "by_category": {"gas": {"general": "2h"}},
        "by_source": {"urn:sensor": {"general": "5min"}},
    }  # fmt: skip
    rule = Rule("handling", 1, value)
    assert rule.span("general", "gas", "urn:sensor") == "5min"
    assert rule.span("general", "gas", "urn:hotline") == "2h"
    assert rule.span("general", None, "urn:hotline") == "15d"
    assert rule.span("urgent", "gas", "urn:sensor") == "3wd"


def test_an_explanation_says_when_the_calendar_is_no_longer_the_one_that_counted() -> None:
    since = china(9, 30, 10)
    said = {"kind": "handling", "policy": "handling", "policy_version": 1, "span": "3wd",
            "since": since.isoformat(), "due_at": AUTUMN.due(since, "3wd").isoformat()}  # fmt: skip
    history = [{"type": "cn.fengge.ticket.DeadlineSet.v1", "time": since, "data": said}]
    (then,) = explained(history, AUTUMN, since)
    assert (then.working_days, len(then.skipped), then.as_counted) == (3, 8, True)
    (now,) = explained(history, Calendar(), since)
    assert (now.due_at, now.skipped, now.as_counted) == (then.due_at, [], False)
    assert "changed since" in str(now)


def told(name: str, when: datetime, /, **data: object) -> dict[str, object]:
    written = {
        key: value.isoformat() if isinstance(value, datetime) else value for key, value in data.items()
    }
    return {"type": f"cn.fengge.ticket.{name}.v1", "time": when, "data": written}


def test_an_explanation_names_pauses_and_extensions() -> None:
    since, due_at = china(9, 1, 10), china(9, 16, 10)
    li, lead = {"role": "assignee", "id": "li"}, {"role": "supervisor", "id": "lead"}
    history = [
        told("DeadlineSet", since, kind="handling", policy="handling", policy_version=1, since=since,
             span="15d", due_at=due_at),
        told("TicketSuspended", china(9, 2), plan="spare_part", at=china(9, 2), review_at=china(9, 9)),
        told("TicketResumed", china(9, 4), at=china(9, 4), paused_at=china(9, 2), due_at=china(9, 18, 10)),
        told("DeadlineExtended", china(9, 5), span="2wd", reason_code="weather", asked_by=li, by=lead,
             before=china(9, 18, 10), due_at=china(9, 23)),
        told("TicketSuspended", china(9, 6), plan="rain", at=china(9, 6), review_at=china(9, 9)),
    ]  # fmt: skip
    (one,) = explained(history, AUTUMN, china(9, 7))
    assert (one.granted, one.due_at, one.ended_at) == (due_at, china(9, 23), None)
    assert [(pause.why, pause.until) for pause in one.pauses] == [
        ("plan spare_part", china(9, 4)), ("plan rain", None),
    ]  # fmt: skip
    assert "asked by li, granted by lead" in str(one)
    assert "paused for 2 d 0 h" in str(one)
    assert "was due 2025-09-16 10:00" in str(one)


def test_a_deadline_that_is_set_anew_ends_the_one_before() -> None:
    one = told(
        "DeadlineSet", china(9, 1), kind="handling", policy="handling", policy_version=1, due_at=china(9, 16)
    )
    other = told(
        "DeadlineSet", china(9, 2), kind="handling", policy="handling", policy_version=1, due_at=china(9, 4)
    )
    first, second = explained([one, other], AUTUMN, china(9, 3))
    assert (first.ended_at, second.ended_at) == (china(9, 2), None)
