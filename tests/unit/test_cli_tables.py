"""Tables stand straight whatever their language."""

from datetime import UTC, datetime

import pytest

from cli.say import fit, shown, table, width


@pytest.mark.parametrize(
    ("text", "columns"), [("", 0), ("ticket", 6), ("工单", 4), ("工单 ok", 7), ("e\u0301", 1)]
)
def test_a_chinese_character_takes_two_columns(text: str, columns: int) -> None:
    assert width(text) == columns


def test_text_is_filled_up_or_cut_to_its_columns() -> None:
    assert fit("工单", 6) == "工单  "
    assert fit("工单编号", 6) == "工单… "
    assert fit("number", 4) == "num…"
    assert all(width(fit("社区受理台 desk", columns)) == columns for columns in range(1, 20))


def test_columns_start_under_each_other() -> None:
    lines = table(("社区 community", "tickets"), [("善食社区", 12), ("desk", 3)]).splitlines()
    ends = [
        width(line[: line.rindex(cell)]) for line, cell in zip(lines[::2], ("tickets", "12"), strict=False)
    ]
    assert len(set(ends)) == 1
    assert lines[1].startswith("─" * width("社区 community"))
    assert width(lines[3][: lines[3].index("3")]) == ends[0]


def test_values_are_shown_as_people_read_them() -> None:
    assert [shown(None), shown(True), shown(False), shown(3)] == ["", "yes", "no", "3"]
    assert len(shown(datetime(2026, 11, 16, tzinfo=UTC))) == len("2026-11-16 08:00:00")
