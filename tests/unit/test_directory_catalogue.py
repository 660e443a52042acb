"""The catalogue: one category has many names, one name leads to one category, versions follow each other."""

from datetime import date

from services.dispatch.directory.catalogue import Entry, alias_map, clashes, overlaps

YEAR_END = date(2025, 12, 31)
NEW_YEAR = date(2026, 1, 1)
MEALS = Entry("meals", 1, ("老年助餐", "meals for older people", "送餐"), date(2024, 1, 1), YEAR_END)
MEALS_2 = Entry("meals", 2, ("老年助餐", "meals for older people", "善食房"), NEW_YEAR, None)
NOISE = Entry("noise", 1, ("噪音", "noise"), date(2024, 1, 1), None)


def test_every_name_leads_to_its_category() -> None:
    names = alias_map([MEALS, MEALS_2, NOISE], NEW_YEAR)
    assert names["老年助餐"] == names["善食房"] == names["meals"] == "meals"
    assert names["噪音"] == "noise"


def test_width_case_and_spaces_make_no_difference() -> None:
    names = alias_map([MEALS], YEAR_END)
    assert names["mealsforolderpeople"] == "meals"
    assert alias_map([Entry("X", 1, ("ＡＢ c",), YEAR_END, None)], YEAR_END) == {"x": "X", "abc": "X"}


def test_a_version_holds_through_its_last_day_and_no_longer() -> None:
    assert "送餐" in alias_map([MEALS, MEALS_2], YEAR_END)
    assert "送餐" not in alias_map([MEALS, MEALS_2], NEW_YEAR)


def test_versions_that_follow_each_other_do_not_overlap() -> None:
    assert overlaps([MEALS, MEALS_2, NOISE]) == []


def test_two_versions_in_force_on_one_day_overlap() -> None:
    early = Entry("meals", 2, (), YEAR_END, None)
    assert overlaps([MEALS, early]) == [(early, MEALS)]


def test_a_name_that_leads_to_two_categories_is_a_clash_only_while_both_hold() -> None:
    rival = Entry("banquet", 1, ("善食房",), date(2025, 1, 1), None)
    assert clashes([MEALS_2, rival]) == [("善食房", rival, MEALS_2)]
    assert clashes([MEALS, rival]) == []
