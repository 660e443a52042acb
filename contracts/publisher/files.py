"""Events from files: CloudEvents as JSON lines, or requests as CSV with one column per member."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import msgspec

from contracts.cloudevent import SINGLE, CloudEvent, decode, opened
from contracts.event import Event, type_of
from contracts.intake import Requester, RequestSubmitted
from contracts.problem import ContractViolation
from contracts.publisher.client import check

csv.field_size_limit(1_000_000)

REQUESTER = tuple(f"requester_{member}" for member in Requester.__struct_fields__)
POINT = ("lon", "lat")
COLUMNS = (*RequestSubmitted.__struct_fields__, *REQUESTER, *POINT, "datum")


@dataclass(frozen=True)
class BadRow:
    """A row that is no event: file, line and why."""

    file: Path
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.why}"


def events_in(file: Path, source: str) -> Iterator[CloudEvent[Event] | BadRow]:
    """The events of a file, row by row; `source` is that of CSV rows, JSON lines carry their own."""
    yield from _requests(file, source) if file.suffix == ".csv" else _cloudevents(file)


def _cloudevents(file: Path) -> Iterator[CloudEvent[Event] | BadRow]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                check(line)
                (event,) = decode(SINGLE, line)
                yield opened(event)
            except ContractViolation as violation:
                yield BadRow(file, number, violation.detail)


def _requests(file: Path, source: str) -> Iterator[CloudEvent[Event] | BadRow]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        for row in rows:
            try:
                yield _request(row, source)
            except ContractViolation as violation:
                yield BadRow(file, rows.line_num, violation.detail)


def _location(cells: dict[str, str]) -> dict[str, object] | None:
    point = {name: round(1_000_000 * float(cells.pop(name))) for name in POINT if name in cells}
    return point | {"datum": cells.pop("datum", None)} if point else None


def _request(row: dict[str, str], source: str) -> CloudEvent[Event]:
    """Empty cells are absent; `requester_name`, `requester_phone`, `requester_email` become the requester.

    `lon` and `lat` (degrees) and `datum` become the location.
    """
    cells = {name: cell for name, cell in row.items() if name in COLUMNS and cell and cell.strip()}
    requester = {name.removeprefix("requester_"): cells.pop(name) for name in REQUESTER if name in cells}
    try:
        parts = {"requester": requester or None, "location": _location(cells)}
        request = msgspec.convert(cells | parts, RequestSubmitted, strict=False)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        raise ContractViolation("data", 422, str(error)) from error
    # The same row has the same id, so a file may be sent twice; a changed row is another event.
    ident = uuid5(NAMESPACE_URL, f"{source}\n{msgspec.json.encode(request).decode()}")
    return CloudEvent(
        specversion="1.0", id=str(ident), source=source, type=type_of(RequestSubmitted),
        time=datetime.now(UTC), data=request,
    )  # fmt: skip
