"""Tables as files that spreadsheet programs open."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.say import Failure

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Comma-separated values (RFC 4180) with a byte order mark, without which Excel misreads Chinese."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerows([titles, *([_harmless(cell) for cell in row] for row in rows)])
    return "\ufeff" + written.getvalue()


def write_xlsx(path: Path, name: str, titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """One sheet with a heading that stays; shares are shown in per cent."""
    try:
        import xlsxwriter
    except ImportError:
        raise Failure("--format xlsx needs the library XlsxWriter; csv opens in the same programs.") from None
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(name[:31])
        bold, share = book.add_format({"bold": True}), book.add_format({"num_format": "0.0%"})
        sheet.write_row(0, 0, titles, bold)
        sheet.freeze_panes(1, 1)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                sheet.write(number, column, cell, *([share] if isinstance(cell, float) else []))
        sheet.autofit()


def _harmless(cell: Any) -> Any:
    """What begins like a formula is no formula: it may come from another office's category names."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
