"""From the bytes of a CSV file to checked rows, with every error named by file, line, column and reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from services.dispatch.directory.schemas import FileKind

CELL_LIMIT = 100_000


@dataclass(frozen=True, slots=True, order=True)
class RowError:
    """Why a file was refused: where it stands and what is wrong with it, in plain words."""

    file: str
    line: int
    column: str
    why: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}"
        return f"{where}, column {self.column}: {self.why}" if self.column else f"{where}: {self.why}"


@dataclass(frozen=True, slots=True)
class Row:
    """One checked row and the line on which it begins."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A file as read: its good rows, the errors of the others, and the first key column of every row."""

    file: str
    kind: FileKind
    rows: tuple[Row, ...]
    errors: tuple[RowError, ...]
    named: frozenset[str]

    def error(self, row: Row, column: str, why: str) -> RowError:
        """An error at one value of one row."""
        return RowError(self.file, row.line, label(self.kind, column), why)


@dataclass(frozen=True, slots=True)
class _Raw:
    line: int
    values: dict[str, str]


class _Unreadable(Exception):
    """The file as a whole cannot be read."""

    def __init__(self, line: int, column: str, why: str) -> None:
        super().__init__(why)
        self.line, self.column, self.why = line, column, why


def label(kind: FileKind, column: str) -> str:
    """The column as people see it: its name and its Chinese title."""
    field = kind.schema.fields.get(column)
    return f"{column} ({field.metadata['title']})" if field else column


def read_table(file: str, content: bytes, kind: FileKind) -> Table:
    """Reads a whole file; nothing is raised, what is wrong stands in the errors of the table."""
    try:
        raw = _read_rows(content, kind)
    except _Unreadable as fault:
        return Table(file, kind, (), (RowError(file, fault.line, fault.column, fault.why),), frozenset())
    rows, faults = _load(file, kind, raw)
    faults += _repeated(file, kind, rows)
    named = frozenset(row.values.get(kind.key[0], "") for row in raw)
    return Table(file, kind, tuple(rows), tuple(faults), named)


def _decode(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise _Unreadable(line, "", "not UTF-8; save the sheet as 'CSV UTF-8' (另存为 CSV UTF-8)") from None
    if (place := text.find("\0")) >= 0:
        raise _Unreadable(text.count("\n", 0, place) + 1, "", "holds a NUL character, which no text may")
    return text


def _read_rows(content: bytes, kind: FileKind) -> list[_Raw]:
    csv.field_size_limit(CELL_LIMIT)
    reader = csv.reader(io.StringIO(_decode(content), newline=""), strict=True)
    try:
        header = next(reader, None)
        if not header or not any(header):
            raise _Unreadable(1, "", "the first line must be a header that names the columns")
        return list(_records(reader, _columns(header, kind)))
    except csv.Error as fault:
        raise _Unreadable(max(reader.line_num, 1), "", f"not readable as CSV: {fault}") from None


def _columns(header: list[str], kind: FileKind) -> list[str]:
    """Names of the columns in file order; a header may use the names or the Chinese titles."""
    titles = {str(field.metadata["title"]): name for name, field in kind.schema.fields.items()}
    columns = [titles.get(title.strip(), title.strip()) for title in header]
    while not columns[-1]:  # spreadsheets leave empty columns at the end
        columns.pop()
    for column in columns:
        if column not in kind.schema.fields:
            known = ", ".join(kind.schema.fields)
            raise _Unreadable(1, column, f"unknown column; {kind.name} may have: {known}")
        if columns.count(column) > 1:
            raise _Unreadable(1, label(kind, column), "the column stands twice in the header")
    for name, field in kind.schema.fields.items():
        if field.required and name not in columns:
            raise _Unreadable(1, label(kind, name), "the column is missing from the header")
    return columns


def _records(reader: Any, columns: list[str]) -> Iterator[_Raw]:
    line = reader.line_num + 1
    for record in reader:
        if any(value.strip() for value in record):
            values = {
                name: value.strip() for name, value in zip(columns, record, strict=False) if value.strip()
            }
            # An overlong record keeps its surplus under a name no schema knows, so that it is refused below.
            surplus = {"": "surplus"} if any(record[len(columns) :]) else {}
            yield _Raw(line, values | surplus)
        line = reader.line_num + 1


def _load(file: str, kind: FileKind, raw: list[_Raw]) -> tuple[list[Row], list[RowError]]:
    rows: list[Row] = []
    errors: list[RowError] = []
    for record in raw:
        try:
            rows.append(Row(record.line, kind.schema.load(record.values)))
        except ValidationError as fault:
            errors += _explain(file, kind, record.line, fault.messages_dict)
    return rows, errors


def _explain(file: str, kind: FileKind, line: int, messages: Mapping[str, Any]) -> Iterable[RowError]:
    for column, reasons in messages.items():
        if column == "":
            yield RowError(file, line, "", "the row has more values than the header has columns")
            continue
        words = reasons if isinstance(reasons, list) else [str(reasons)]
        yield from (RowError(file, line, label(kind, column), why) for why in words)


def _repeated(file: str, kind: FileKind, rows: Iterable[Row]) -> list[RowError]:
    """Rows whose key already stands further up in the same file."""
    first: dict[tuple[Any, ...], int] = {}
    errors = []
    for row in rows:
        key = tuple(row.values[column] for column in kind.key)
        if (line := first.setdefault(key, row.line)) != row.line:
            words = f"{' '.join(map(str, key))} already stands on line {line}"
            errors.append(RowError(file, row.line, label(kind, kind.key[0]), words))
    return errors
