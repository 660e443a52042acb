"""Who is asked next, told as pools and choices."""

import pytest

from services.dispatch.engine import Item, Option, Pool, choose

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


@pytest.mark.parametrize(
    ("excluded", "reason"),
    [
        (option("X", "property_company", skills=frozenset()), "lacks_skill"),
        (option("X", "property_company", open=10), "load_cap"),
        (option("X", "property_company", on_duty=False), "off_duty"),
    ],
)
def test_a_hard_filter_excludes_and_says_why(excluded: Option, reason: str) -> None:
    choice = choose(pool(excluded, DESK), ())
    assert choice
    assert choice.option.assignee == "CD-01"
    assert [(one.assignee, one.reason) for one in choice.explanation.excluded] == [("X", reason)]


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
    assert choice.explanation.candidates[0].points == {"near": 30, "skill": 5, "free": 10}
    assert choice.explanation.candidates[0].score == 45
