"""From a hotline's message to the intake event that it is; what is wrong is told in the city's own words."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from contracts import gate, intake
from contracts.cloudevent import SINGLE, CloudEvent
from contracts.event import Event, type_of
from contracts.hotline.city import City, Kind
from contracts.hotline.kinds import KINDS, Said
from contracts.hotline.record import Record, Unclear, pointer, violation
from contracts.numbering import ticket_number
from contracts.problem import ContractViolation, FieldError


def event_of(city: City, raw: Mapping[str, Any], now: datetime) -> CloudEvent[Event]:
    """The event that a message is; raises ContractViolation that names the city's own fields."""
    record = Record(city, raw)
    about: Said = {"source": city.source}
    try:
        kind, envelope = _envelope(record, raw, now)
        about |= {name: envelope[name].replace("\0", "\ufffd")[:128] for name in ("id", "type", "time")}
        event, build = KINDS[kind]
        data = {"ticket": _ticket(record)} if issubclass(event, intake.Inbound) else {}
        envelope["data"] = data | build(record)
    except Unclear as unclear:
        raise violation(unclear, **about) from None
    try:
        return gate.admit(SINGLE, msgspec.json.encode(envelope))
    except ContractViolation as wrong:
        raise _in_their_words(record, wrong, about) from None


def _envelope(record: Record, raw: Mapping[str, Any], now: datetime) -> tuple[Kind, Said]:
    fields, city = record.city.fields, record.city
    number = record.needed(fields.number)
    record.needed(fields.message)
    kind = record.word(fields.message, city.messages)
    assert kind is not None
    at = record.moment(fields.time) or now
    made_up = f"{number}/{kind}" + ("" if kind == "order" else f"/{_digest(raw)}")
    return kind, {
        "specversion": "1.0", "id": record.text(fields.id) or made_up, "source": city.source,
        "type": type_of(KINDS[kind][0]), "time": at.isoformat(),
    }  # fmt: skip


def _digest(raw: Mapping[str, Any]) -> str:
    """Names a message that has no id of its own: the same message again is the same event."""
    said = msgspec.json.encode(dict(raw), order="deterministic")
    return hashlib.blake2b(said, digest_size=6).hexdigest()


def _ticket(record: Record) -> str:
    return ticket_number(record.city.source, record.needed(record.city.fields.number))


def _in_their_words(record: Record, wrong: ContractViolation, about: Said) -> ContractViolation:
    """The same, with the pointers that the city knows."""
    mine = record.city.fields
    fields = msgspec.structs.asdict(mine)
    fields |= {"external_id": mine.number, "address": mine.place, "name": mine.caller, "source": None}
    fields["id"] = mine.id if record.text(mine.id) else mine.number
    errors = [FieldError(_their_pointer(fields, each.pointer), each.detail) for each in wrong.errors]
    if not errors:  # it is too large as a whole
        return ContractViolation(wrong.problem, wrong.status, wrong.detail, **about)
    return ContractViolation("mapping", 422, f"{errors[0].pointer}: {errors[0].detail}", errors, **about)


def _their_pointer(fields: Said, ours: str) -> str:
    """Of what came from several fields, the first."""
    found = fields.get(ours.rpartition("/")[2])
    name = found[0] if isinstance(found, list) and found else found
    return pointer(name) if isinstance(name, str) else ours
