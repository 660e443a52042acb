"""What each kind of a hotline's message says: one small function for each, and the table of them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from contracts import intake
from contracts.event import Event
from contracts.hotline.city import Kind, Unit
from contracts.hotline.record import Record, Unclear, longest, quoted

Said = dict[str, Any]
TITLE = 40
"""Characters of the words that stand in for a missing title."""
UNITS = re.compile(r"[,，、;；]\s*")


def _order(record: Record) -> Said:
    city, fields = record.city, record.city.fields
    words = record.text(fields.body) or ""
    title = record.text(fields.title) or words[:TITLE]
    if not title:
        raise Unclear(fields.title, "is missing, and there are no words to take its place")
    place = record.joined(fields.place)
    category = longest(record.joined(fields.category), city.categories)
    said = {
        "external_id": record.needed(fields.number), "channel": "hotline_12345", "title": title,
        "body": _with_kept(record, words), "category": category,
        "severity": record.word(fields.severity, city.severity), "grid": longest(place, city.grids),
        "address": place.replace("/", "") or None, "location": _location(record),
        "requester": _requester(record),
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


def _with_kept(record: Record, words: str) -> str:
    """The words, and what else the hotline says that whoever does the work should know."""
    kept = [f"{field}：{said}" for field in record.city.fields.kept if (said := record.text(field))]
    return "\n".join([words, *kept] if words else kept)


def _location(record: Record) -> Said | None:
    fields = record.city.fields
    if fields.lon is None or fields.lat is None or record.text(fields.lon) is None:
        return None
    found: Said = {"lon": record.microdegrees(fields.lon), "lat": record.microdegrees(fields.lat)}
    return found | ({"datum": record.city.datum} if record.city.datum else {})


def _requester(record: Record) -> Said | None:
    fields = record.city.fields
    found = {"name": record.text(fields.caller), "phone": record.text(fields.phone)}
    return {name: value for name, value in found.items() if value} or None


def _as(role: str) -> Callable[[Record], Said]:
    """Who speaks: the hotline, in this role."""
    return lambda record: {"actor": {"role": role, "id": record.city.speaker}}


def _supervision(record: Record) -> Said:
    return _as("supervisor")(record) | {"reason_code": _reason(record) or "hotline"}


def _escalation(record: Record) -> Said:
    return _supervision(record) | {"escalated": True}


def _split(record: Record) -> Said:
    """A part for each unit that is named."""
    grid = longest(record.joined(record.city.fields.place), record.city.grids)
    parts = []
    for name, unit in _units(record):
        category, where = unit.category, unit.grid or grid
        if category is None or where is None:
            raise Unclear(
                str(record.city.fields.units), f"of {name} the city's file says no category and grid"
            )
        parts.append({"category": category, "grid": where})
    return _as("operator")(record) | {"parts": parts}


def _units(record: Record) -> list[tuple[str, Unit]]:
    field, table = str(record.city.fields.units), record.city.units
    names = [name for name in UNITS.split(record.needed(field)) if name]
    if unknown := next((name for name in names if name not in table), None):
        raise Unclear(field, f"the city's file knows no unit {quoted(unknown)}")
    return [(name, table[name]) for name in names]


def _ruling(record: Record) -> Said:
    (name, unit), *more = _units(record)
    if more or unit.assignee is None:
        raise Unclear(
            str(record.city.fields.units), f"{name} is not one unit with an assignee in the city's file"
        )
    reason = _reason(record) or "hotline"
    return _as("adjudicator")(record) | {"assignee": unit.assignee, "reason_code": reason}


def _withdrawal(record: Record) -> Said:
    """The hotline has decided it: safety matters are confirmed with that."""
    return _as("operator")(record) | {"reason_code": _reason(record) or "withdrawn", "confirmed": True}


def _rating(record: Record) -> Said:
    city, fields = record.city, record.city.fields
    resolved = record.word(fields.resolved, city.resolved)
    satisfaction = record.word(fields.satisfaction, city.satisfaction)
    return {"resolved": resolved, "satisfaction": satisfaction}


def _rework(record: Record) -> Said:
    """What is not said is the worst that it can be: the outcome is not accepted."""
    said = _rating(record)
    return _as("operator")(record) | {
        "resolved": said["resolved"] or "no", "satisfaction": said["satisfaction"] or "dissatisfied",
    }  # fmt: skip


def _callback(record: Record) -> Said:
    said = _rating(record)
    outcome = record.word(record.city.fields.outcome, record.city.outcomes)
    if outcome is None and None in said.values():
        field = record.city.fields.outcome or record.city.fields.resolved
        raise Unclear(str(field), "is missing: was the requester reached, and what did he say?")
    said |= {"outcome": outcome or "reached_rated", "reason": _reason(record)}
    return _as("operator")(record) | {name: value for name, value in said.items() if value is not None}


def _extension(record: Record) -> Said:
    approved = record.word(record.city.fields.approved, record.city.approved)
    if approved is None:
        raise Unclear(str(record.city.fields.approved), "is missing")
    reason = {} if approved else {"reason_code": _reason(record) or "hotline"}
    return _as("supervisor")(record) | {"approved": approved} | reason


def _words(record: Record) -> Said:
    return _as("operator")(record) | {"words": record.needed(str(record.city.fields.words))}


def _reason(record: Record) -> str | None:
    """The code of a reason; one that the city's file does not know is not passed on: it may be free words."""
    said = record.text(record.city.fields.reason)
    return record.city.reasons.get(said, "other") if said else None


KINDS: Mapping[Kind, tuple[type[Event], Callable[[Record], Said]]] = {
    "order": (intake.RequestSubmitted, _order),
    "remind": (intake.ReminderSent, _as("operator")),
    "supervise": (intake.SupervisionOrdered, _supervision),
    "escalate": (intake.SupervisionOrdered, _escalation),
    "split": (intake.SplitOrdered, _split),
    "reassign": (intake.ObjectionRuled, _ruling),
    "withdraw": (intake.RequestCancelled, _withdrawal),
    "insist": (intake.DeclineObjected, _as("operator")),
    "rework": (intake.ReopeningAsked, _rework),
    "callback": (intake.CallbackMade, _callback),
    "extension": (intake.ExtensionDecided, _extension),
    "information": (intake.InformationGiven, _words),
    "comment": (intake.CommentAdded, _words),
}
"""Which event each kind of message is, and what of it says so."""
