"""What the command tells: tables that stand straight in Chinese too, JSON for scripts, failures."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Annotated, Any

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Write JSON for scripts instead of a table.")]


class Failure(Exception):
    """What was asked cannot be done; the message says why and what to do. Ends with exit status 1."""


def width(text: str) -> int:
    """How many columns `text` takes in a terminal: Chinese characters take two (UAX #11)."""
    return sum(_columns(character) for character in text)


def fit(text: str, columns: int) -> str:
    """`text` filled up with spaces, or cut and ended with …, to exactly `columns`."""
    if width(text) > columns:
        taken = 0
        kept = ""
        for character in text:
            taken += _columns(character)
            if taken > columns - 1:
                break
            kept += character
        text = kept + "…"
    return text + " " * (columns - width(text))


def table(titles: Sequence[str], rows: Sequence[Sequence[object]], widest: int = 60) -> str:
    """Rows under their titles (of one line or several), each column as wide as it needs, at most `widest`."""
    head = [*zip_longest(*(title.split("\n") for title in titles), fillvalue="")]
    cells = [*head, *([shown(value) for value in row] for row in rows)]
    columns = [min(widest, max(width(line[index]) for line in cells)) for index in range(len(titles))]
    lines = ["  ".join(map(fit, line, columns)).rstrip() for line in cells]
    lines.insert(len(head), "  ".join("─" * each for each in columns))
    return "\n".join(lines)


def shown(value: object) -> str:
    """A value as people read it: local time to the second, yes and no, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    return str(value)


def as_json(document: Any) -> None:
    """Prints a document as JSON."""
    print(json.dumps(document, ensure_ascii=False, indent=1, default=_plain))


def listing(rows: Sequence[Mapping[str, Any]], json: bool, nothing: str, titles: Sequence[str] = ()) -> None:
    """Prints rows as a table or as JSON; `nothing` says what it means that there are none."""
    if json:
        as_json(rows)
    elif not rows:
        print(nothing)
    else:
        heads = titles or tuple(key.replace("_", " ") for key in rows[0])
        print(table(heads, [list(row.values()) for row in rows]))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    return str(value)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
