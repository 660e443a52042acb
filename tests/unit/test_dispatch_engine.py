"""Who is asked next, told as pools and choices."""

import random
from collections import Counter
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from contracts import dispatch
from services.dispatch.engine import Alarm, Pool, choose, weigh
from services.dispatch.filters import FILTERS, Item, Option

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIFT = Item(
    category="lift_broken", version=1, list="need", mode="sequential",
    kinds=("property_company", "department"), skills=frozenset({"lift"}),
)  # fmt: skip
MEALS = Item(
    category="older_meals", version=2, list="service_item", mode="sequential",
    kinds=("social_organization",), skills=frozenset({"meals"}),
)  # fmt: skip


def option(assignee: str, kind: str, **known: object) -> Option:
    found = {"unit": None, "skills": frozenset({"lift", "meals"}), "closeness": 3, "load_cap": 10, "open": 0}
    return Option(assignee=assignee, kind=kind, **{**found, "taken": 0, **known})  # type: ignore[arg-type]


def pool(*options: Option, item: Item | None = LIFT) -> Pool:
    return Pool(place="990101001001", item=item, options=options)


DESK = option("CD-01", "community_desk", skills=frozenset())


def chosen(found: Pool, *tried: str) -> str | None:
    choice = choose(found, tried)
    return choice.option.assignee if choice else None


def test_the_order_of_kinds_comes_before_every_score() -> None:
    assert chosen(pool(option("DEP", "department", closeness=5), option("PM", "property_company"))) == "PM"


def test_within_a_kind_the_nearer_is_asked() -> None:
    far, near = option("A", "department", closeness=2), option("B", "department", closeness=4)
    assert chosen(pool(far, near)) == "B"


def test_equals_are_told_apart_by_what_they_have_taken_then_by_code() -> None:
    busy, idle = option("A", "department", taken=3), option("B", "department", taken=2)
    assert chosen(pool(busy, idle)) == "B"
    assert chosen(pool(option("B", "department"), option("A", "department"))) == "A"


def test_who_was_asked_before_is_not_asked_again() -> None:
    assert chosen(pool(option("A", "department"), option("B", "department")), "A") == "B"


def test_a_social_organisation_needs_a_contract_with_quota_left() -> None:
    without = option("SO", "social_organization")
    used_up = option("SO", "social_organization", contract="HT-1", quota_left=0)
    covered = option("SO", "social_organization", contract="HT-1", quota_left=1)
    assert chosen(pool(without, DESK, item=MEALS)) == "CD-01"
    assert chosen(pool(used_up, DESK, item=MEALS)) == "CD-01"
    assert chosen(pool(covered, DESK, item=MEALS)) == "SO"


def test_the_desk_is_the_last_resort_even_when_it_was_asked_before() -> None:
    assert chosen(pool(DESK), "CD-01") == "CD-01"
    assert chosen(pool(DESK, item=None)) == "CD-01"


def test_nobody_at_all_is_no_choice() -> None:
    assert chosen(pool()) is None


def test_the_explanation_shows_the_order_of_kinds_and_the_points() -> None:
    choice = choose(pool(option("PM", "property_company", open=5), DESK), ())
    assert choice
    assert choice.explanation.kinds == ["property_company", "department", "community_desk"]
    assert choice.explanation.candidates[0].points == {"near": 30, "skill": 5, "free": 10, "timely": 5}
    assert choice.explanation.candidates[0].score == 50


KEPT_OUT: dict[str, tuple[Option, Item]] = {
    # filter: whom it keeps out, and from which work
    "outside_fence": (option("X", "grid_officer"), LIFT),
    "conflict_of_interest": (
        option("X", "property_company"), replace(LIFT, about=frozenset({"property_company"}))
    ),
    "identity_class": (option("X", "property_company"), replace(LIFT, identity="full")),
    "lacks_skill": (option("X", "property_company", skills=frozenset()), LIFT),
    "off_duty": (option("X", "property_company", on_duty=False), LIFT),
    "opted_out": (option("X", "property_company", opted_out=True), LIFT),
    "not_available": (option("X", "property_company", available=False), LIFT),
    "no_contract": (option("X", "social_organization"), MEALS),
    "contract_expired": (
        option("X", "social_organization", contract="HT", quota_left=1, contract_expired=True), MEALS
    ),
    "quota_used_up": (option("X", "social_organization", contract="HT", quota_left=0), MEALS),
    "load_cap": (option("X", "property_company", open=10), LIFT),
}  # fmt: skip


@pytest.mark.parametrize("reason", FILTERS)
def test_every_filter_excludes_and_says_why(reason: str) -> None:
    kept_out, item = KEPT_OUT[reason]
    choice = choose(pool(kept_out, DESK, item=item), ())
    assert choice
    assert choice.option.assignee == "CD-01"
    assert [(one.assignee, one.reason) for one in choice.explanation.excluded] == [("X", reason)]


@pytest.mark.parametrize("reason", FILTERS)
def test_a_desk_is_kept_from_work_by_nothing_but_being_off_duty(reason: str) -> None:
    kept_out, item = KEPT_OUT[reason]
    asked = chosen(pool(replace(kept_out, kind="community_desk"), item=item))
    assert asked == (None if reason == "off_duty" else "X")


def test_who_calls_in_time_is_asked_first_but_only_for_so_much() -> None:
    late = option("A", "department", contacts=100, in_time=0)
    timely = option("B", "department", contacts=100, in_time=100)
    assert chosen(pool(late, timely)) == "B"
    nearer = replace(late, closeness=4)
    assert chosen(pool(nearer, timely)) == "A"


def test_a_substitute_is_asked_after_who_is_on_duty() -> None:
    gas = replace(LIFT, kinds=("rota",), skills=frozenset())
    duty, substitute = option("B", "rota", open=9), option("A", "rota", turn=1)
    assert chosen(pool(duty, substitute, item=gas)) == "B"
    assert chosen(pool(duty, substitute, item=gas), "B") == "A"


def test_a_ruling_comes_before_the_order_of_kinds_and_the_fence_but_not_before_a_conflict() -> None:
    ruled = dispatch.Precedent(assignee="GO", reason_code="in_their_list", ruled_at=NOON)
    officer, company = option("GO", "grid_officer"), option("PM", "property_company")
    assert chosen(replace(pool(officer, company), precedent=ruled)) == "GO"
    assert chosen(replace(pool(officer, company), precedent=ruled), "GO") == "PM"
    about = replace(LIFT, about=frozenset({"grid_officer"}))
    assert chosen(replace(pool(officer, company, item=about), precedent=ruled)) == "PM"


def test_a_rota_without_anybody_on_duty_and_a_contract_that_ended_are_alarms() -> None:
    gas = replace(LIFT, kinds=("rota", "department"), skills=frozenset())
    choice = choose(pool(option("R", "rota", on_duty=False), option("D", "department"), item=gas), ())
    assert choice
    assert (choice.option.assignee, choice.alarms) == ("D", [Alarm("rota_gap", "990101001001")])
    ended = option("SO", "social_organization", contract="HT-1", quota_left=1, contract_expired=True)
    other = option("S2", "social_organization", contract="HT-2", quota_left=1)
    gone = choose(pool(ended, DESK, item=MEALS), ())
    served = choose(pool(ended, other, item=MEALS), ())
    assert gone
    assert served
    assert (gone.alarms, served.alarms) == ([Alarm("contract_expired", "HT-1")], [])


def test_over_10_000_equal_tickets_nobody_has_more_than_a_fifth_above_the_mean() -> None:
    """The most timely one with the most room would win every single comparison."""
    dice = random.Random(1)
    people = [
        option(f"P{n:02}", "department", contacts=100, in_time=dice.randrange(101), load_cap=100_000,
               open=dice.randrange(50_000))
        for n in range(12)
    ]  # fmt: skip
    had: Counter[str] = Counter()
    for _ in range(10_000):
        now = [replace(one, recent=float(had[one.assignee])) for one in people]
        had[chosen(pool(*now)) or ""] += 1
    assert max(had.values()) <= 1.2 * 10_000 / len(people)
    assert len(had) == len(people)


RULED = dispatch.Precedent(assignee="B", reason_code="r", ruled_at=NOON)


@pytest.mark.parametrize(
    ("by", "second", "precedent"),
    [
        ("kind", option("A", "department"), None),
        ("score", option("C", "property_company", closeness=2), None),
        ("recent", option("A", "property_company", recent=0.5), None),
        ("taken", option("A", "property_company", taken=2), None),
        ("code", option("C", "property_company"), None),
        ("ruling", option("A", "property_company"), RULED),
    ],
)
def test_what_put_the_first_before_the_second_is_told(
    by: str, second: Option, precedent: dispatch.Precedent | None
) -> None:
    found = weigh(replace(pool(option("B", "property_company"), second), precedent=precedent), ())
    assert (found.ranked[0][0].assignee, found.decided_by) == ("B", by)


def test_one_alone_is_before_nobody_and_nobody_is_left_out_of_what_was_weighed() -> None:
    crowd = [option(f"P{n:02}", "property_company") for n in range(30)]
    strangers = [option(f"X{n:02}", "grid_officer") for n in range(20)]
    found = weigh(pool(*crowd, *strangers), ())
    assert (len(found.ranked), len(found.excluded)) == (30, 20)
    assert weigh(pool(crowd[0]), ()).decided_by is None
