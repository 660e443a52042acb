"""Flow's pure half: buckets, slots, what a piece of the history comes to, and how it is told."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.flow_tables import bars
from contracts.registry import EVENTS, SERVICES
from services.console.flow import charts, counting, domain
from services.console.flow.buckets import LAST, RESOLUTION, bucket_of, ceiling, percentile
from services.console.flow.counting import Counted, Heat, Open, Row, Standing, steps
from services.console.flow.slots import LENGTH, PERIODS, Period, slot_of, window, window_since
from services.console.flow.wording import duration, event
from services.console.flow.words import EVENTS as WORDED

NOW = datetime(2026, 11, 26, 9, 7, 30, tzinfo=UTC)
TICKET = "cn.fengge.ticket.TicketReceived.v1"


@given(st.floats(min_value=0.001, max_value=3_800_000))
def test_a_time_lies_below_the_ceiling_of_its_bucket_and_not_far(seconds: float) -> None:
    high = ceiling(bucket_of(seconds))
    assert seconds <= high * (1 + 1e-9)
    assert high <= seconds * (1 + RESOLUTION) * (1 + 1e-9)


def test_what_takes_no_time_or_less_or_for_ever_has_a_bucket() -> None:
    assert bucket_of(0) == bucket_of(-5) == bucket_of(0.0005) == 0
    assert bucket_of(10**9) == LAST


@given(
    st.lists(st.floats(min_value=0.001, max_value=100_000), min_size=1), st.sampled_from([0.5, 0.95, 0.99])
)
def test_a_percentile_is_that_of_the_times_and_at_most_a_tenth_too_high(
    times: list[float], share: float
) -> None:
    counts = Counter(map(bucket_of, times))
    exact = sorted(times)[max(0, -int(-share * len(times) // 1) - 1)]
    found = percentile(counts, share)
    assert found is not None
    assert exact * (1 - 1e-9) <= found <= exact * (1 + RESOLUTION) * (1 + 1e-9)


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None


@given(st.datetimes(min_value=datetime(2020, 1, 2), max_value=datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_moment_lies_in_one_slot_of_each_grain(moment: datetime) -> None:
    for grain, length in LENGTH.items():
        slot = slot_of(grain, moment)
        assert slot <= moment < slot + length
        assert slot_of(grain, slot) == slot


def test_days_begin_at_midnight_in_china() -> None:
    assert slot_of("day", NOW) == datetime(2026, 11, 25, 16, tzinfo=UTC)


@pytest.mark.parametrize("period", list(PERIODS))
def test_a_period_ends_with_the_present_slot(period: Period) -> None:
    found = window(period, NOW)
    assert found.slots[-1] <= NOW < found.until
    assert len(found.slots) == PERIODS[period][1]


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=390)))
def test_since_a_moment_is_told_in_slots_that_are_still_kept(back: timedelta) -> None:
    found = window_since(NOW - back, NOW)
    assert found.since <= NOW - back
    assert found.slots[-1] <= NOW < found.until
    assert len(found.slots) <= 400


def row(no: int, type_: str = TICKET, cause: str = "", ticket: str = "T") -> Row:
    return Row(no, ticket, domain.publisher(type_), no, type_, NOW, cause)


def test_what_is_older_than_a_grain_keeps_is_not_counted_in_it() -> None:
    counted = Counted()
    old = Row(1, "T", "ticket", 1, TICKET, NOW - timedelta(days=5), "")
    counting.count([old], {}, NOW, counted)
    assert {grain for grain, _, _ in counted.events} == {"hour", "day"}


def test_a_wait_runs_from_the_cause_and_clocks_that_differ_make_it_no_time() -> None:
    counted = Counted()
    known = {"a": ("gateway", NOW - timedelta(seconds=1)), "b": ("outside", NOW + timedelta(seconds=9))}
    counting.count([row(1, cause="a"), row(2, cause="b"), row(3, cause="nobody knows")], known, NOW, counted)
    found = {
        (giver, bucket): n for (grain, _, giver, _, bucket), n in counted.waits.items() if grain == "day"
    }
    assert found == {("gateway", bucket_of(1)): 1, ("outside", 0): 1}


def stands(
    state: str = "dispatching", path: tuple[str, ...] = ("A", "B"), due: float | None = None
) -> Standing:
    due_at = None if due is None else NOW + timedelta(hours=due)
    return Standing(state, path, "garbage", NOW, due_at)


def heat(counted: Counted) -> dict[tuple[str, str], Heat]:
    return {(parent, cell): sums for (parent, _, cell, _), sums in counted.heat.items()}


def test_a_ticket_counts_once_on_each_step_of_its_way() -> None:
    counted = Counted()
    counting.place([row(1)], {"T": stands(due=-1)}, {}, NOW, counted)
    one = Heat(received=1, waiting=1, late=1)
    assert heat(counted) == {("", "A"): one, ("A", "B"): one, ("B", "B"): one}
    assert list(steps([])) == [("", "-"), ("-", "-")]


@pytest.mark.parametrize("state", ["suspended", "pending_info"])
def test_while_the_clock_stands_nobody_is_late(state: str) -> None:
    counted = Counted()
    counting.place([row(1)], {"T": stands(state, due=-1)}, {}, NOW, counted)
    assert {sums.late for sums in counted.heat.values()} == {0}


@given(
    st.lists(
        st.sampled_from(["received", "dispatching", "suspended", "closed", "awaiting_rating"]), min_size=1
    )
)
def test_whatever_a_ticket_goes_through_it_counts_as_it_stands(states: list[str]) -> None:
    total, before = Heat(), dict[str, Open]()
    for number, state in enumerate(states):
        counted = Counted()
        kind = TICKET if number == 0 else "cn.fengge.ticket.DeadlineSet.v1"
        counting.place([row(number, kind)], {"T": stands(state, ("A",), -1)}, before, NOW, counted)
        before = {ticket: one for ticket, one in {**before, **counted.opens}.items() if one}
        for (parent, _, _, _), sums in counted.heat.items():
            if parent == "":
                total = Heat(
                    *(getattr(total, n) + getattr(sums, n) for n in ("received", "done", "waiting", "late"))
                )
    waits = states[-1] not in counting.NOT_WAITING
    assert (total.received, total.waiting, total.late) == (1, waits, waits and states[-1] != "suspended")
    assert bool(before) == waits


def test_every_fact_of_a_service_has_words_in_both_languages() -> None:
    facts = {name for name in EVENTS if domain.publisher(name) in SERVICES}
    assert {f"{domain.publisher(name)}.{domain.short(name)}" for name in facts} == set(WORDED)
    assert event(TICKET, "zh") == "接收"
    assert event(TICKET, "en") == "received"
    assert event("cn.fengge.ticket.NewFact.v1", "zh") == "NewFact"


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [(0.0042, "4.2 毫秒", "4.2 ms"), (0.34, "340 毫秒", "340 ms"), (2.5, "2.5 秒", "2.5 s"),
     (720, "12 分", "12 min"), (270_000, "3.1 天", "3.1 d")],
)  # fmt: skip
def test_a_duration_has_two_digits(seconds: float, zh: str, en: str) -> None:
    assert (duration(seconds, "zh"), duration(seconds, "en")) == (zh, en)


def test_bars_leave_only_nothing_blank() -> None:
    assert bars([0, 1, 1000]) == " ▁█"
    assert len(bars([1] * 100)) <= 31


def test_the_darkest_shade_is_for_the_largest_and_none_for_nothing() -> None:
    assert [domain.shade(count, 100) for count in (0, 1, 25, 26, 100)] == [0, 1, 1, 2, 4]


def test_the_highest_bar_fills_the_strip_and_what_is_rare_is_still_seen() -> None:
    drawn = charts.strip(domain.Kind("", "ticket", 10_001, (0, 1, 10_000)))
    assert [bar.height for bar in drawn.bars] == [1.0, charts.STRIP]
    assert all(bar.x >= 0 and bar.x + bar.width <= charts.WIDTH for bar in drawn.bars)
    assert charts.strip(domain.Kind("", "ticket", 0, ())).bars == ()


@given(st.lists(st.floats(min_value=0.0001, max_value=10**8), min_size=3, max_size=3).map(sorted))
def test_marks_lie_on_the_scale_in_their_order(times: list[float]) -> None:
    drawn = charts.spans([domain.Spread("ticket", "dispatch", "", 1, *times)])
    (row_,) = drawn.rows
    assert charts.LEFT <= row_.p50 <= row_.p95 <= row_.p99 <= charts.WIDTH - charts.RIGHT
    assert [tick.x for tick in drawn.ticks] == sorted(tick.x for tick in drawn.ticks)
    assert charts.spans([]).rows == ()
