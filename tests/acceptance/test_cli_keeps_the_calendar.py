"""An operator reads the working calendar, changes a day, and enters the notice for the next year."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import Fengge

NEXT = "day,works,name\n2027-01-01,no,元旦\n2027-02-06,yes,春节\n"


def test_the_days_of_a_year_are_listed_and_one_can_be_changed(fengge: Fengge) -> None:
    said = fengge("calendar", "show", "2026")
    assert "2026-10-10" in said
    assert "worked 调休上班" in said
    fengge("calendar", "set", "2026-07-01", "--free", "--name", "防汛停工", "--by", "chen")
    (changed,) = [day for day in fengge.json("calendar", "show", "2026")["days"] if day["by"] == "chen"]
    assert changed == {"day": "2026-07-01", "works": False, "name": "防汛停工", "by": "chen"}


def test_the_next_notice_is_entered_as_a_whole(fengge: Fengge, tmp_path: Path) -> None:
    sheet = tmp_path / "2027.csv"
    sheet.write_text(NEXT)
    before = fengge.json("calendar", "show", "2027")
    assert (before["covered"], before["days"]) == ("2026-12-31", [])
    fengge("calendar", "enter", "2027", str(sheet), "--notice", "国办发明电〔2026〕x号")
    after = fengge.json("calendar", "show", "2027")
    assert after["covered"] == "2027-12-31"
    assert [day["works"] for day in after["days"]] == [False, True]
    assert after["days_ahead"] == before["days_ahead"] + 365


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2028-01-03,no,元旦", "not in 2027"),
        ("2027-01-32,no,元旦", "there is no day 2027-01-32"),
        ("2027-01-01,perhaps,元旦", "neither yes"),
        ("2027-01-01,no,", "must not be empty"),
        ("2027-01-01,yes,元旦", "does not differ from its week"),
        ("2027-01-01,no,元旦\n2027-01-01,no,元旦", "already stands on line"),
    ],
)
def test_a_notice_with_a_mistake_changes_nothing_and_says_where(
    fengge: Fengge, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    before = fengge.json("calendar", "show", "2027")["days"]
    sheet = tmp_path / "2027.csv"
    sheet.write_text(f"day,works,name\n2027-05-03,no,劳动节\n{line}\n")
    output = fengge("calendar", "enter", "2027", str(sheet), "--notice", "x", status=1)
    assert said in output + capsys.readouterr().err
    assert fengge.json("calendar", "show", "2027")["days"] == before
