"""Many states to rows and back in one statement each: JSON is the bridge, columns stay columns."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

S = TypeVar("S", bound=Struct)


def as_json(rows: Sequence[Any]) -> str:
    """Rows as one JSON array for `json_to_recordset`."""
    return msgspec.json.encode(rows).decode()


def from_json(struct: type[S], rows: Iterable[tuple[str]]) -> list[S]:
    """One struct per row of `to_json(...)::text`."""
    text = "[" + ",".join(row[0] for row in rows) + "]"
    return msgspec.json.decode(text, type=list[struct])  # type: ignore[valid-type]


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[Any]:
    """Rows of `width` values turned into columns, one array each, for `unnest`."""
    return [array([row[index] for row in rows]) for index in range(width)]


def unseen(array: str) -> str:
    """An array in a statement, of whose length the planner knows nothing.

    A short one would make it plan anew each time, as if that cost nothing: up to twice the time of the answer
    (PostgreSQL 15, plan_cache_mode).
    """
    return f"(SELECT {array})"


def array(values: Sequence[Any]) -> Sequence[Any] | str:
    """Texts, numbers or moments as one literal, others as they are.

    psycopg would look at each value by itself, and at each text with a regular expression.
    """
    kinds = set(map(type, values))
    if kinds == {str}:
        return texts(values)
    if kinds == {int}:
        return "{" + ",".join(map(str, values)) + "}"
    if kinds == {datetime}:
        return "{" + ",".join([f'"{value.isoformat()}"' for value in values]) + "}"
    return values


def texts(values: Sequence[str]) -> str:
    """Texts as the literal of a text[] (PostgreSQL 8.15.2), to be cast by the statement."""
    return "{" + ",".join([f'"{_escaped(value)}"' for value in values]) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def as_copy(rows: Iterable[Sequence[str]]) -> str:
    """Rows of texts as the input of `COPY … FROM STDIN` (text format; PostgreSQL 15, COPY, File Formats)."""
    return "".join([_copied("\0".join(row)) for row in rows])


def _copied(row: str) -> str:
    # No text of ours holds a NUL, so it can stand between the columns while their own tabs are written as \t.
    escaped = row.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return escaped.replace("\0", "\t") + "\n"
