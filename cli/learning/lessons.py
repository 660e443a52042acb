"""Labelled texts out of CSV files: which columns are the text, which one is the label."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from cli.say import Failure
from cli.sheet import rows_of

TITLE, BODY, CATEGORY = "title", "body", "category"
"""The columns of exported corrections."""


class Lessons(Struct, frozen=True):
    """Texts and their labels, row by row; `left_out` are labels with too few of them."""

    texts: list[str]
    labels: list[str]
    left_out: dict[str, int] = {}

    def only(self, wanted: Sequence[bool]) -> "Lessons":
        """Those rows."""
        kept = [place for place, yes in enumerate(wanted) if yes]
        return Lessons([self.texts[place] for place in kept], [self.labels[place] for place in kept])

    def and_(self, more: "Lessons") -> "Lessons":
        """Both, one after the other."""
        return Lessons([*self.texts, *more.texts], [*self.labels, *more.labels])


def columns(text: str) -> list[str]:
    """The names in a list like `title,body`; raises Failure."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise Failure("--text names no column")
    return found


def table_of(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a file that has these columns; raises Failure."""
    rows = rows_of(path)
    if not rows:
        raise Failure(f"{path} has no rows")
    if missing := [name for name in needed if name not in rows[0]]:
        raise Failure(f"{path} has no column {', '.join(missing)}; it has {', '.join(rows[0])}")
    return rows


def text_of(row: dict[str, str], names: Sequence[str]) -> str:
    """The text of a row, as the service puts title and body together."""
    return " ".join(row[name] for name in names if row[name])


def lessons_of(path: Path, text: Sequence[str], label: str, least: int = 1) -> Lessons:
    """The labelled rows of a file; labels with fewer than `least` rows are left out. Raises Failure."""
    rows = [row for row in table_of(path, [*text, label]) if row[label].strip() and text_of(row, text)]
    many = Counter(row[label].strip() for row in rows)
    left_out = {name: count for name, count in many.items() if count < least}
    kept = [row for row in rows if row[label].strip() not in left_out]
    return Lessons([text_of(row, text) for row in kept], [row[label].strip() for row in kept], left_out)
