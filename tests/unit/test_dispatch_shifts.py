"""The rota told in turns: who is on duty, where nobody is, who follows whom, and what is told of it when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contracts import dispatch
from contracts.terms import CHINA
from services.dispatch import commands
from services.dispatch.domain import decide, evolve, initial
from services.dispatch.engine import Pool
from services.dispatch.handover import passing
from services.dispatch.shifts import Gap, Shift, gaps, on_duty, relieved_at
from services.dispatch.watching import ForeseeGaps, Watch, foreseen
from services.notification.correspondence import Correspondence
from services.notification.messages import NOTES
from tests.unit.test_dispatch_domain import (
    DESK,
    ITEM,
    NOON,
    TICKET,
    WINDOWS,
    accept,
    contact,
    give_back,
    given,
    names,
    option,
    start,
)  # fmt: skip

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 11, 23, tzinfo=CHINA)
CELL = "990101001000"


def shift(who: str, first: int, last: int, role: str = "duty", days: int | None = 1, **more: Any) -> Shift:
    """Somebody's hours of the day from Monday on, again every `days`."""
    return Shift(assignee=who, role=role, from_at=MONDAY + first * HOUR, to_at=MONDAY + last * HOUR,
                 repeat_days=days, **more)  # fmt: skip


EARLY, LATE, NIGHT = shift("RO-1", 8, 16), shift("RO-2", 16, 24), shift("RO-3", 0, 8)
ROUND = [EARLY, LATE, NIGHT]


def gap(first: int, last: int | None) -> Gap:
    return Gap(from_at=MONDAY + first * HOUR, to_at=None if last is None else MONDAY + last * HOUR)


@pytest.mark.parametrize(
    ("shifts", "found"),
    [
        (ROUND, []),
        ([EARLY, LATE], [gap(0, 8), gap(24, 32), gap(48, 56)]),
        ([EARLY, LATE, replace(NIGHT, role="substitute")], []),
        ([EARLY, LATE, replace(NIGHT, until=MONDAY + DAY)], [gap(24, 32), gap(48, 56)]),
        ([EARLY, LATE, replace(NIGHT, since=MONDAY + DAY)], [gap(0, 8)]),
        ([replace(one, until=MONDAY + 2 * DAY) for one in ROUND], [gap(48, None)]),
        ([shift("RO-1", 0, 60, days=None)], [gap(60, None)]),
        ([shift("RO-1", 0, 60, days=None), shift("RO-2", 100, 124, days=None)], [gap(60, 100)]),
        ([], [gap(0, None)]),
    ],
    ids=["round the clock", "no nights", "a substitute", "ends", "begins later", "the rota ends", "once",
         "over the horizon", "nobody"],
)  # fmt: skip
def test_a_gap_is_where_nobody_is_on_duty_not_even_a_substitute(
    shifts: list[Shift], found: list[Gap]
) -> None:
    assert gaps(shifts, MONDAY, MONDAY + 3 * DAY) == found


def test_a_gap_that_has_begun_is_told_from_now_on() -> None:
    assert gaps([EARLY, LATE], MONDAY + 3 * HOUR, MONDAY + DAY) == [gap(3, 8)]


def test_shifts_of_long_ago_come_again_in_their_turn() -> None:
    every_fourth = shift("RO-1", 8, 16, days=4)
    found = gaps([every_fourth], MONDAY + 400 * DAY, MONDAY + 402 * DAY)
    assert found == [gap(400 * 24, 400 * 24 + 8), gap(400 * 24 + 16, 404 * 24 + 8)]


def test_on_duty_are_those_of_the_hour_substitutes_last() -> None:
    there = [replace(EARLY, assignee="RO-9", role="substitute"), replace(EARLY, role="leader"), EARLY, LATE]
    assert [(one.assignee, one.role) for one in on_duty(there, MONDAY + 9 * HOUR)] == [
        ("RO-1", "duty"), ("RO-9", "substitute"), ("RO-1", "leader")
    ]  # fmt: skip
    assert on_duty([EARLY], MONDAY + 16 * HOUR) == []


def test_two_shifts_in_a_row_are_one_time_on_duty() -> None:
    double = [EARLY, replace(LATE, assignee="RO-1"), NIGHT]
    assert relieved_at(double, "RO-1", MONDAY + 9 * HOUR) == MONDAY + DAY
    assert relieved_at(double, "RO-3", MONDAY + 9 * HOUR) == MONDAY + 9 * HOUR


def watched(*looks: list[Gap]) -> tuple[Watch, list[list[Any]]]:
    """A rota's watch after some looks ahead, and what each has told."""
    state, told = initial(f"RT-{CELL}"), []
    for ahead in looks:
        facts = decide(state, ForeseeGaps(ticket=state.id, gaps=tuple(ahead), at=MONDAY))
        for fact in facts:
            state = evolve(state, fact)
        told.append([one for one in facts if isinstance(one, dispatch.RotaGapForeseen)])
    return state, told


def test_a_gap_ahead_is_told_once_with_its_hours() -> None:
    state, (first, again, running) = watched([gap(48, 56)], [gap(48, 56)], [gap(50, 56)])
    assert [(one.cell, one.starts_at, one.ends_at) for one in first] == [
        (CELL, MONDAY + 48 * HOUR, MONDAY + 56 * HOUR)
    ]
    assert (again, running) == ([], [])
    assert state.told == (gap(48, 56),)


def test_a_gap_that_grows_or_comes_back_is_told_again() -> None:
    _, (_, grown, filled, back) = watched([gap(48, 56)], [gap(48, 64)], [], [gap(48, 56)])
    assert [len(grown), len(filled), len(back)] == [1, 0, 1]
    _, (first, open_end) = watched([gap(48, 56)], [gap(48, None)])
    assert ([one.ends_at for one in open_end], len(first)) == ([None], 1)


def test_only_rotas_with_something_new_are_looked_into() -> None:
    rotas = {CELL: ROUND, "C2": [EARLY, LATE]}
    (first,) = foreseen(rotas, {}, MONDAY, MONDAY + DAY)
    assert (first.ticket, first.gaps) == ("RT-C2", (gap(0, 8),))
    assert foreseen(rotas, {"RT-C2": [gap(0, 8)]}, MONDAY + HOUR, MONDAY + DAY) == []
    (over,) = foreseen(rotas, {"RT-C2": [gap(0, 8)]}, MONDAY + 9 * HOUR, MONDAY + 10 * HOUR)
    assert over.gaps == ()


def test_the_supervisor_reads_the_hours_of_the_gap() -> None:
    fact = dispatch.RotaGapForeseen(cell=CELL, starts_at=MONDAY, ends_at=None)
    note = NOTES[dispatch.RotaGapForeseen]
    blanks = note.blanks(Correspondence(id=f"RT-{CELL}"), fact)
    assert note.audience == "supervisor"
    assert (blanks["cell"], blanks["from"], blanks["until"]) == (CELL, "2026-11-23 00:00", "-")


FIRST, SECOND = option("RO-1", "rota"), option("RO-2", "rota")
RESTING = replace(FIRST, on_duty=False)
ROTA = replace(ITEM, kinds=("rota", "grid_officer"))
THEN = Pool(place=CELL, item=ROTA, options=[FIRST, DESK])
NOW = Pool(place=CELL, item=ROTA, options=[RESTING, SECOND, DESK])


def hand_over(pool: Pool = NOW) -> commands.HandOver:
    return commands.HandOver(pool=pool, windows=WINDOWS, at=NOON + 8 * HOUR)


@pytest.mark.parametrize("happened", [(), (accept(1, "RO-1"),)], ids=["offered", "accepted"])
def test_what_nobody_has_begun_goes_to_who_is_on_duty_now(happened: tuple[Any, ...]) -> None:
    revoked, offer = decide(given(start(THEN), *happened), hand_over())
    assert (revoked.assignee, revoked.reason_code) == ("RO-1", "shift_over")
    assert (offer.assignee, offer.hop) == ("RO-2", 2)


def test_who_went_off_duty_has_refused_nothing_and_may_be_asked_in_his_next_shift() -> None:
    state = given(start(THEN), hand_over())
    back = Pool(place=CELL, item=ROTA, options=[FIRST, replace(SECOND, on_duty=False), DESK])
    _, offer = decide(state, hand_over(back))
    assert offer.assignee == "RO-1"
    returned = given(
        start(Pool(place=CELL, item=ROTA, options=[FIRST, SECOND, DESK])), give_back(1, "RO-1", NOW)
    )
    assert [one.assignee for one in decide(returned, hand_over(back))[1:] if hasattr(one, "expires_at")] == [
        "CD-1"
    ]


def test_who_has_called_the_requester_keeps_it_over_his_shift() -> None:
    assert decide(given(start(THEN), accept(1, "RO-1"), contact(1, "RO-1")), hand_over()) == []


def test_nothing_but_a_rotas_work_changes_hands() -> None:
    assert decide(given(start()), hand_over()) == []
    assert decide(initial(TICKET), hand_over()) == []


def test_the_hand_over_list_says_what_passes_from_whom_to_whom_and_when() -> None:
    held = [
        {"id": "T1", "state": "accepted", "grid": CELL, "assignee": "RO-1"},
        {"id": "T2", "state": "contacted", "grid": CELL, "assignee": "RO-1"},
        {"id": "T3", "state": "offered", "grid": CELL, "assignee": "RO-3"},
    ]
    rows = passing(held, {CELL: ROUND}, MONDAY + 9 * HOUR)
    assert [(row["ticket"], row["from"], row["to"], row["passes"]) for row in rows] == [
        ("T3", "RO-3", "RO-1", True), ("T1", "RO-1", "RO-2", True), ("T2", "RO-1", "RO-2", False)
    ]  # fmt: skip
    assert [row["at"] for row in rows] == [MONDAY + 9 * HOUR, MONDAY + 16 * HOUR, MONDAY + 16 * HOUR]
    (alone,) = passing(held[:1], {CELL: [EARLY]}, MONDAY + 9 * HOUR)
    assert (alone["to"], alone["passes"]) == (None, False)
    assert names(decide(given(start(THEN)), hand_over())) == ["AssignmentRevoked", "OfferMade"]
    assert datetime(2026, 11, 23, 8, tzinfo=UTC) == rows[1]["at"]
