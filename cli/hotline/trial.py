"""A dry run: what would come of each message of a file, by a city's file; nothing is sent."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from cli.say import Failure
from cli.sheet import rows_of
from contracts import intake
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.hotline.city import City
from contracts.hotline.inward import event_of
from contracts.problem import ContractViolation

Row = Mapping[str, Any]
NOTES: Mapping[str, str] = {
    "category": "no category: the model or the desk sorts it",
    "grid": "no grid: the address says where, or the desk finds out",
    "requester": "nobody to call back",
}
"""What an order may leave open, and what follows from that."""


def rows(path: Path) -> list[Row]:
    """The messages of a file: rows of a CSV sheet, a JSON array, or JSON lines; raises Failure."""
    if path.suffix == ".csv":
        return list(rows_of(path))
    try:
        text = path.read_bytes()
        found = msgspec.json.decode(text) if text.lstrip()[:1] == b"[" else _lines(text)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {error}") from None
    if not all(isinstance(each, dict) for each in found):
        raise Failure(f"{path}: every message is to be a JSON object")
    return list(found)


def _lines(text: bytes) -> list[Any]:
    return [msgspec.json.decode(line) for line in text.splitlines() if line.strip()]


def tried(city: City, messages: Iterable[Row], now: datetime) -> list[dict[str, Any]]:
    """What would come of each message: an event, or why not; each with its number from 1 on."""
    read = _read_by(city)
    seen: dict[str, Event] = {}
    found = []
    for number, row in enumerate(messages, 1):
        told: dict[str, Any] = {"line": number}
        try:
            told |= _event(event_of(city, row, now), seen)
        except ContractViolation as wrong:
            told |= {"event": None, "errors": [f"{each.pointer}: {each.detail}" for each in wrong.errors]}
        found.append(told | {"unread": sorted(row.keys() - read)})
    return found


def _event(event: CloudEvent[Event], seen: dict[str, Event]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "event": type(event.data).__name__, "id": event.id, "ticket": event.partitionkey, "time": event.time,
    }  # fmt: skip
    if seen.setdefault(event.id, event.data) != event.data:
        return told | {"event": None, "errors": [f"the id {event.id} says something else further up"]}
    if isinstance(event.data, intake.RequestSubmitted):
        order = event.data
        told |= {name: getattr(order, name) for name in ("category", "severity", "grid")}
        told["notes"] = [note for name, note in NOTES.items() if getattr(order, name) is None]
    return told


def _read_by(city: City) -> set[str]:
    """The fields of which the city's file makes something."""
    read: set[str] = set()
    for field in msgspec.structs.astuple(city.fields):
        read |= set(field if isinstance(field, list) else [field])
    return read
