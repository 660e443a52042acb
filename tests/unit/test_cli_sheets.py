"""Tables as spreadsheet programs open them."""

import zipfile
from pathlib import Path

import pytest

from cli.sheets import as_csv, write_xlsx

TITLES = ("key", "share")
ROWS = [("街道", 0.5), ("=1+1", None)]


def test_csv_is_read_as_utf_8_and_what_looks_like_a_formula_is_none() -> None:
    assert as_csv(TITLES, ROWS) == "\ufeffkey,share\r\n街道,0.5\r\n'=1+1,\r\n"


def test_a_sheet_holds_shares_as_numbers_and_no_formula(tmp_path: Path) -> None:
    pytest.importorskip(
        "xlsxwriter", reason="XlsxWriter is not in this environment yet: make lock, make test"
    )
    write_xlsx(tmp_path / "card.xlsx", "2026-10 unit", TITLES, ROWS)
    with zipfile.ZipFile(tmp_path / "card.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
    assert "<v>0.5</v>" in sheet
    assert "<f>" not in sheet
    assert "街道" in texts
    assert "=1+1" in texts
