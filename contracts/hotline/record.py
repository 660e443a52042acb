"""One message of a hotline as it came: its fields read as text, words, moments; what is unclear is told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from contracts.hotline.city import City
from contracts.masking import masked
from contracts.problem import ContractViolation, FieldError
from contracts.terms import CHINA, Instant

T = TypeVar("T")
LARGEST = 180
"""Degrees."""


class Unclear(Exception):
    """A field cannot be understood; says which one (as the city calls it) and why."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field, self.why = field, why


def quoted(said: str) -> str:
    """What of a word may be told back: it may have slipped in from another column."""
    return repr(masked(said[:40]))


def pointer(field: str) -> str:
    """The JSON pointer of a field (RFC 6901)."""
    return f"/{field.replace('~', '~0').replace('/', '~1')}"


def violation(unclear: Unclear, **about: Any) -> ContractViolation:
    """What is unclear, as a broken contract."""
    errors = [FieldError(pointer(unclear.field), unclear.why)]
    return ContractViolation("mapping", 422, f"{errors[0].pointer}: {unclear.why}", errors, **about)


class Record:
    """A message and the city whose words it is written in."""

    def __init__(self, city: City, raw: Mapping[str, Any]) -> None:
        self.city, self._raw = city, raw

    def text(self, field: str | None) -> str | None:
        """A field without spaces around it; None where it is not there, or empty. Raises Unclear."""
        value = self._raw.get(field) if field else None
        if value is None or field is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise Unclear(field, "is neither text nor a number")
        return str(value).strip() or None

    def needed(self, field: str) -> str:
        """A field that must be there; raises Unclear."""
        found = self.text(field)
        if found is None:
            raise Unclear(field, "is missing")
        return found

    def joined(self, fields: Sequence[str]) -> str:
        """Several fields, with a slash between them, those that are empty left out."""
        return "/".join(found for field in fields if (found := self.text(field)))

    def word(self, field: str | None, table: Mapping[str, T]) -> T | None:
        """What a word means by the city's table; None where the field is empty. Raises Unclear."""
        said = self.text(field)
        if said is None or field is None:
            return None
        if said not in table:
            raise Unclear(
                field, f"the city's file knows no {quoted(said)}; it knows {'、'.join(table) or 'none'}"
            )
        return table[said]

    def moment(self, field: str | None) -> datetime | None:
        """A moment in one of the city's forms, in China where no zone is told. Raises Unclear."""
        said = self.text(field)
        if said is None or field is None:
            return None
        for form in self.city.times:
            try:
                found = datetime.strptime(said, form)  # noqa: DTZ007 (China is put in below)
            except ValueError:
                continue
            return found if found.tzinfo else found.replace(tzinfo=CHINA)
        try:
            return msgspec.convert(said, Instant)
        except msgspec.ValidationError:
            forms = "、".join(self.city.times)
            raise Unclear(field, f"{quoted(said)} is no moment like {forms}") from None

    def microdegrees(self, field: str) -> int:
        """Degrees as millionths of them; raises Unclear."""
        said = self.needed(field)
        try:
            degrees = float(said)
        except ValueError:
            degrees = float("nan")
        if not abs(degrees) <= LARGEST:
            raise Unclear(field, f"{quoted(said)} is no degrees")
        return round(degrees * 1_000_000)


def longest(path: str, table: Mapping[str, T]) -> T | None:
    """What the longest beginning of a path means: 市政/路灯/不亮, else 市政/路灯, else 市政."""
    while path:
        if path in table:
            return table[path]
        path = path.rpartition("/")[0]
    return None
