"""From a fact to the message that a hotline gets: the city's own fields, filled with its own words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from contracts.hotline.city import City
from contracts.hotline.members import TYPES
from contracts.terms import CHINA, Instant

MOMENTS = ("time", "contacted_at", "contact_due_at")


def message_of(city: City, event_type: str, members: Mapping[str, Any]) -> dict[str, str] | None:
    """The message about a fact, without what is not known; None where the city does not ask for it."""
    fact = TYPES.get(event_type)
    told = city.out.facts.get(fact) if city.out and fact else None
    if city.out is None or told is None:
        return None
    always = {"number": city.out.number, "ticket": city.out.ticket, "time": city.out.time}
    fields = {field: name for name, field in always.items() if field} | told.fields
    found = {field: _written(city, name, members.get(name)) for field, name in fields.items()}
    return {city.out.message: told.says} | {field: said for field, said in found.items() if said is not None}


def _written(city: City, name: str, value: Any) -> str | None:
    if value is None:
        return None
    if name in MOMENTS:
        moment: datetime = msgspec.convert(value, Instant)
        return moment.astimezone(CHINA).strftime(city.times[0])
    return _word(city.truth if isinstance(value, bool) else getattr(city, TABLES.get(name, ""), {}), value)


def _word(table: Mapping[str, Any], value: Any) -> str:
    """The first word that the city has for it, else the code itself."""
    return next((word for word, code in table.items() if code == value), str(value))


TABLES = {
    "severity": "severity", "resolved": "resolved", "satisfaction": "satisfaction", "reason": "reasons",
    "reason_code": "reasons", "unresolved_reason": "reasons",
}  # fmt: skip
"""In which of the city's tables the word for a member is."""
