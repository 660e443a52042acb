"""What the contracts allow and hardly anybody means: misspelt members, or twice; persons in codes."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import Struct, inspect

from contracts.envelope import Envelope
from contracts.public import CODES
from contracts.registry import INBOUND

Hint = tuple[str, str, str]
"""Problem, JSON pointer and what to do."""
PERSON = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<!\d)(?:1[3-9]\d{9}|\d{17}[\dXx])(?!\d)")
"""An e-mail address, a mobile telephone or an identity card number of China."""
PUBLISHED = ("id", "source", "subject")
"""Members of the envelope that others see."""
WORDS = frozenset({"external_id", "category"})
"""Members of the data that others see although they are free text."""


class Twice(dict[str, Any]):
    """A JSON object that knows which of its members were given twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]


def about(message: bytes) -> Iterator[Hint]:
    """What is odd in a message; nothing where it cannot be read."""
    try:
        raw = json.loads(message, object_pairs_hook=Twice)
    except (ValueError, RecursionError):
        return
    if not isinstance(raw, Twice):
        return
    yield from _twice(raw, "")
    yield from _unknown({"data": None} | _members(Envelope), raw, "")
    yield from (hint for name in PUBLISHED if (hint := _person(raw.get(name), f"/{name}")))
    event = INBOUND.get(raw["type"]) if isinstance(raw.get("type"), str) else None
    if event and isinstance(raw.get("data"), dict):
        yield from _inside(event, raw["data"], "/data")


def _twice(part: Any, at: str) -> Iterator[Hint]:
    if isinstance(part, Twice):
        yield from (("twice", f"{at}/{name}", "given twice: the last one counts") for name in part.twice)
    for key, inner in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(inner, dict | list):
            yield from _twice(inner, f"{at}/{key}")


def _inside(struct: type[Struct], raw: Mapping[str, Any], at: str) -> Iterator[Hint]:
    """Unknown members of an object and of those inside it, and persons where codes belong."""
    known = _members(struct)
    yield from _unknown(known, raw, at)
    for name, value in raw.items():
        kind = known.get(name)
        nested = _struct(kind)
        if nested and isinstance(value, dict):
            yield from _inside(nested, value, f"{at}/{name}")
        elif (name in WORDS or _is_code(kind)) and (hint := _person(value, f"{at}/{name}")):
            yield hint


def _unknown(known: Mapping[str, Any], raw: Mapping[str, Any], at: str) -> Iterator[Hint]:
    for name in raw.keys() - known.keys():
        near = get_close_matches(_plain(name), known, n=1, cutoff=0.75)
        if near or at:  # the envelope may have extensions of others
            said = f"; did you mean {near[0]}?" if near else ""
            yield "unknown-member", f"{at}/{name}", f"nobody reads it{said}"


def _plain(name: str) -> str:
    """externalId and external-id as external_id."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("-", "_").lower()


def _members(struct: type[Struct]) -> dict[str, Any]:
    shape = inspect.type_info(struct)
    assert isinstance(shape, inspect.StructType)
    return {field.encode_name: field.type for field in shape.fields}


def _kinds(kind: Any) -> tuple[Any, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def _struct(kind: Any) -> type[Struct] | None:
    return next((each.cls for each in _kinds(kind) if isinstance(each, inspect.StructType)), None)


def _is_code(kind: Any) -> bool:
    return any(isinstance(each, inspect.StrType) and each.pattern in CODES for each in _kinds(kind))


def _person(value: Any, at: str) -> Hint | None:
    if isinstance(value, str) and PERSON.search(value):
        return "personal", at, "it looks like a person's number or address, and others see it"
    return None
