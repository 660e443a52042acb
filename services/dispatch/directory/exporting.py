"""Directory rows as the files they come from: what is exported imports back as it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from psycopg.types.range import Range

from contracts.terms import CHINA
from services.dispatch.directory.availability import written
from services.dispatch.directory.schemas import FileKind


def as_file(kind: FileKind, rows: Iterable[Mapping[str, str]]) -> bytes:
    """A file of this kind (RFC 4180) with a byte order mark, without which Excel misreads Chinese."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(kind.schema.fields))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def as_texts(row: Mapping[str, Any]) -> dict[str, str]:
    """The values of a row as people write them into the file."""
    return {column: as_text(value) for column, value in row.items()}


def as_text(value: Any) -> str:
    """One value as the import reads it: lists with semicolons, local times, yes and no, nothing for None."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.astimezone(CHINA):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case Range():
            return ";".join(written([(value.lower, value.upper)]))  # type: ignore[list-item]
        case str() | int():
            return str(value)
    return ";".join(map(as_text, value))
