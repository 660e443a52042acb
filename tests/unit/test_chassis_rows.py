"""Arrays for PostgreSQL written as literals."""

from datetime import UTC, datetime

import pytest

from chassis.rows import array, as_copy, columns, texts


def test_texts_keep_quotes_backslashes_and_commas() -> None:
    assert texts(['a"b', "c\\d", "e,f", ""]) == '{"a\\"b","c\\\\d","e,f",""}'


@pytest.mark.parametrize(
    ("values", "literal"),
    [
        ([1, -2], "{1,-2}"),
        ([datetime(2026, 11, 22, 8, tzinfo=UTC)], '{"2026-11-22T08:00:00+00:00"}'),
        (["蜂"], '{"蜂"}'),
    ],
)
def test_values_of_one_kind_become_one_literal(values: list[object], literal: str) -> None:
    assert array(values) == literal


@pytest.mark.parametrize("values", [[None, "a"], [True, False], [], [1, 1.5]])
def test_other_values_are_left_to_the_driver(values: list[object]) -> None:
    assert array(values) == values


def test_rows_become_columns() -> None:
    assert columns([("a", 1), ("b", 2)], 2) == ['{"a","b"}', "{1,2}"]


def test_copied_rows_escape_what_copy_reads_as_its_own() -> None:
    assert as_copy([("a\tb", "c\nd"), ("e\\f\r", "")]) == "a\\tb\tc\\nd\ne\\\\f\\r\t\n"
