"""The messages of a file against the contracts, one after the other: what each does wrong, and where."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from contracts.cloudevent import SINGLE, UNREADABLE, CloudEvent, encode
from contracts.conformance import hints
from contracts.conformance.finding import Finding
from contracts.event import Event
from contracts.gate import admit
from contracts.intake import RequestSubmitted
from contracts.problem import ContractViolation
from contracts.publisher.files import BadRow, events_in

AHEAD = timedelta(minutes=5)
"""By which a clock may be wrong."""
Message = tuple[str, bytes | BadRow]
"""Where it is, and one structured event as it would be sent; or why the line is none."""


def messages(file: Path, source: str) -> Iterator[Message]:
    """The messages of a file: JSON lines; one JSON document (an event or a batch); or CSV rows of `source`.

    Raises OSError, and UnicodeDecodeError for CSV that is not UTF-8.
    """
    if file.suffix == ".csv":
        for number, row in enumerate(events_in(file, source), 1):
            if isinstance(row, BadRow):
                yield f"{file}:{row.line}", row
            else:
                yield f"{file}: row {number}", encode([row])[1]
    elif file.suffix == ".json":
        yield from _document(file)
    else:
        with file.open("rb") as lines:
            yield from ((f"{file}:{number}", line) for number, line in enumerate(lines, 1) if line.strip())


def _document(file: Path) -> Iterator[Message]:
    body = file.read_bytes()
    try:
        parts = msgspec.json.decode(body, type=list[msgspec.Raw])
    except UNREADABLE:
        yield str(file), body
    else:
        yield from ((f"{file}[{number}]", bytes(part)) for number, part in enumerate(parts))


class Checker:
    """Reads messages in order and remembers what they said; `sources` are the system's own, any if none."""

    def __init__(self, sources: Collection[str], now: datetime) -> None:
        self._sources, self._now = sources, now
        self._said: dict[tuple[str, str], tuple[str, Any]] = {}
        self._requests: dict[tuple[str, str], tuple[str, str]] = {}

    def check(self, where: str, message: bytes | BadRow) -> Iterator[Finding]:
        """What is wrong, or odd, with one message."""
        if isinstance(message, BadRow):
            yield _error(where, "data", message.why)
            return
        try:
            event = admit(SINGLE, message)
        except ContractViolation as violation:
            yield from _violated(where, violation)
        else:
            yield from self._consistent(where, event)
        for problem, pointer, detail in hints.about(message):
            yield _warning(where, problem, detail, pointer)

    def _consistent(self, where: str, event: CloudEvent[Event]) -> Iterator[Finding]:
        if self._sources and event.source not in self._sources:
            yield _error(where, "forbidden", f"{event.source} is not your source", "/source")
        if event.time > self._now + AHEAD:
            yield Finding(
                where=where,
                level="warning",
                problem="future",
                detail="it has not happened yet",
                pointer="/time",
            )
        yield from self._repeated(where, event)

    def _repeated(self, where: str, event: CloudEvent[Event]) -> Iterator[Finding]:
        says = event.type, event.subject, event.data
        first, said = self._said.setdefault((event.source, event.id), (where, says))
        if first != where and said != says:
            yield _error(where, "id-reused", f"another event has this id: {first}", "/id")
        elif first != where:
            detail = f"said before ({first}): it has its effect once"
            yield _warning(where, "repeated", detail, "/id")
        elif isinstance(event.data, RequestSubmitted):
            number = event.source, event.data.external_id
            before, ident = self._requests.setdefault(number, (where, event.id))
            if ident != event.id:
                detail = f"this request is a ticket already: {before}"
                yield _error(where, "duplicate", detail, "/data/external_id")


def _violated(where: str, violation: ContractViolation) -> Iterator[Finding]:
    if not violation.errors:
        yield _error(where, violation.problem, violation.detail)
    for error in violation.errors:
        yield _error(where, violation.problem, error.detail, error.pointer)


def _error(where: str, problem: str, detail: str, pointer: str = "") -> Finding:
    return Finding(where=where, level="error", problem=problem, detail=detail, pointer=pointer)


def _warning(where: str, problem: str, detail: str, pointer: str) -> Finding:
    return Finding(where=where, level="warning", problem=problem, detail=detail, pointer=pointer)
