"""Many states to rows and back in one statement each: JSON is the bridge, columns stay columns."""

from collections.abc import Iterable, Sequence
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
    return [_array([row[index] for row in rows]) for index in range(width)]


def _array(values: list[Any]) -> list[Any] | str:
    """Texts as one literal (psycopg would search each with a regular expression), others as they are."""
    if values and all(type(value) is str for value in values):
        return texts(values)
    return values


def texts(values: Sequence[str]) -> str:
    """Texts as the literal of a text[] (PostgreSQL 8.15.2), to be cast by the statement."""
    return "{" + ",".join([f'"{_escaped(value)}"' for value in values]) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
