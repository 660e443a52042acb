"""The lists are adjusted by hand: a new version follows the old one, and what changed can be told."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from psycopg.types.range import Range

from services.dispatch.directory.adjusting import NotPossible, adjusted, ended
from services.dispatch.directory.availability import read_hours
from services.dispatch.directory.exporting import as_file, as_text, as_texts
from services.dispatch.directory.history import changes
from services.dispatch.directory.rows import read_table
from services.dispatch.directory.schemas import FILE_KINDS

KIND = next(kind for kind in FILE_KINDS if kind.name == "catalogue")
HEAD = "category,version,list,name_zh,name_en,path,mode,kinds,verification,valid_from,valid_to\n"
NOISE = "noise,{},need,噪音,noise,环境,sequential,grid_officer;department,none,{},{}\n"


def lists(*rows: str) -> list[dict[str, Any]]:
    """Versions as the database has them."""
    table = read_table("catalogue.csv", (HEAD + "".join(rows)).encode(), KIND)
    assert table.errors == ()
    return [dict(row.values) for row in table.rows]


ONE = lists(NOISE.format(1, "2024-01-01", ""))
DECEMBER = date(2026, 12, 1)


def test_the_next_version_begins_where_the_one_before_ends() -> None:
    old, new = adjusted(ONE, "noise", DECEMBER, {"mode": "direct", "kinds": "department"})
    assert (old["version"], old["valid_to"]) == ("1", "2026-11-30")
    assert (new["version"], new["valid_from"], new["valid_to"]) == ("2", "2026-12-01", "")
    assert (new["mode"], new["kinds"], new["name_zh"]) == ("direct", "department", "噪音")


def test_a_version_between_two_others_ends_before_the_later_one() -> None:
    both = lists(NOISE.format(1, "2024-01-01", "2026-12-31"), NOISE.format(2, "2027-01-01", ""))
    _, new = adjusted(both, "noise", DECEMBER, {"mode": "direct"})
    assert (new["version"], new["valid_to"]) == ("3", "2026-12-31")


@pytest.mark.parametrize(
    ("category", "first", "setting", "why"),
    [
        ("din", DECEMBER, {"mode": "direct"}, "no list has din on 2026-12-01"),
        ("noise", date(2023, 1, 1), {"mode": "direct"}, "no list has noise on 2023-01-01"),
        ("noise", date(2024, 1, 1), {"mode": "direct"}, "the next can begin on 2024-01-02"),
        ("noise", DECEMBER, {"version": "7"}, "version follows from"),
        ("noise", DECEMBER, {"mode": "sequential"}, "what version 1 says already"),
    ],
)
def test_what_is_no_adjustment_is_refused_in_words(
    category: str, first: date, setting: dict[str, str], why: str
) -> None:
    with pytest.raises(NotPossible, match=why):
        adjusted(ONE, category, first, setting)


def test_a_category_ends_with_its_last_version() -> None:
    assert [row["valid_to"] for row in ended(ONE, "noise", DECEMBER)] == ["2026-12-01"]
    both = lists(NOISE.format(1, "2024-01-01", "2026-12-31"), NOISE.format(2, "2027-01-01", ""))
    with pytest.raises(NotPossible, match="version 2 begins on 2027-01-01"):
        ended(both, "noise", DECEMBER)


def test_what_changed_is_told_against_the_version_itself_or_the_one_before() -> None:
    after = lists(
        NOISE.format(1, "2024-01-01", "2026-11-30"),
        NOISE.format(2, "2026-12-01", "").replace("sequential", "direct"),
    )
    first, second = changes(ONE, after)
    assert (first.version, first.changes) == (1, {"valid_to": (None, date(2026, 11, 30))})
    assert (second.version, second.valid_from) == (2, DECEMBER)
    assert second.changes["mode"] == ("sequential", "direct")
    assert second.changes["valid_from"] == (date(2024, 1, 1), DECEMBER)


def test_the_same_again_is_no_change_and_a_new_category_has_nothing_before_it() -> None:
    assert changes(ONE, ONE) == []
    (new,) = changes([], ONE)
    assert (new.category, new.list, new.changes) == ("noise", "need", {})


def test_a_file_that_was_written_reads_as_the_rows_it_was_written_from() -> None:
    written = as_file(KIND, [as_texts(row) for row in ONE])
    assert written.startswith(b"\xef\xbb\xbf")
    assert [row.values for row in read_table("catalogue.csv", written, KIND).rows] == ONE


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (12, "12"),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 0, 0, tzinfo=UTC), "2026-01-31 08:00"),
        (["a", "b"], "a;b"),
        ([], ""),
    ],
)
def test_values_are_written_as_the_import_reads_them(value: Any, text: str) -> None:
    assert as_text(value) == text


def test_weekly_hours_are_written_as_they_are_read() -> None:
    spans = read_hours("Mon-Tue 18:00-02:00")
    text = as_text([Range(first, last) for first, last in spans])
    assert [span for item in text.split(";") for span in read_hours(item)] == [
        (1080, 1440), (1440, 1560), (2520, 2880), (2880, 3000)
    ]  # fmt: skip
