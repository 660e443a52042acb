"""A JSON Schema as rows that people read: each member, its kind, its limits, whether it must be there."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from contracts.terms import NO_NUL

ANY_TEXT = NO_NUL.replace(r"\Z", "$")
LENGTHS = (("minLength", "maxLength", "characters"), ("minItems", "maxItems", "entries"))


class Row(Struct, frozen=True):
    """One member; `path` leads to it through others, `[]` through a list, `*` through any name."""

    path: str
    kind: str
    required: bool
    limits: str
    within: str | None = None
    """The name of the schema that says more."""


def rows(schema: Mapping[str, Any], at: str = "") -> Iterator[Row]:
    """The members of a schema, each followed by its own."""
    required = schema.get("required", [])
    for name, part in schema.get("properties", {}).items():
        yield from _row(part, f"{at}{name}", name in required)


def _row(part: Mapping[str, Any], path: str, required: bool) -> Iterator[Row]:
    part = named(part)
    yield Row(path, kind(part), required, ", ".join(_limits(part)), _reference(part))
    yield from rows(part, f"{path}.")
    for inner, step in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(part.get(inner), dict):
            yield from _row(part[inner], f"{path}{step}", required=True)


def named(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """`anyOf [X, null]` as X that may be null."""
    for option in part.get("anyOf", []):
        if option != {"type": "null"}:
            return {**option, "type": [option.get("type", "object"), "null"]}
    return part


def kind(part: Mapping[str, Any]) -> str:
    """What a value is, e.g. `text or null`."""
    if reference := _reference(part):
        return reference
    if "allOf" in part:
        return " with ".join(_reference(each) or ", ".join(each["properties"]) for each in part["allOf"])
    types = part.get("type", "anything")
    words = [WORDS.get(each, each) for each in ([types] if isinstance(types, str) else types)]
    said = " or ".join(part["format"] if word == "text" and "format" in part else word for word in words)
    return f"{said} of {kind(part['items'])}" if types == "array" and "items" in part else said


WORDS = {"string": "text", "array": "list", "boolean": "true or false"}


def _reference(part: Mapping[str, Any]) -> str | None:
    reference = part.get("$ref")
    return str(reference).rpartition("/")[2] if reference else None


def _limits(part: Mapping[str, Any]) -> Iterator[str]:
    if "enum" in part:
        yield "one of " + ", ".join(str(choice) for choice in part["enum"] if choice is not None)
    for least, most, unit in LENGTHS:
        if least in part or most in part:
            yield f"{_span(part.get(least), part.get(most))} {unit}"
    if "minimum" in part or "maximum" in part:
        yield _span(part.get("minimum"), part.get("maximum"))
    if part.get("pattern", ANY_TEXT) != ANY_TEXT:
        yield f"pattern {part['pattern']}"


def _span(least: int | None, most: int | None) -> str:
    if least is None:
        return f"at most {most:,}"
    return f"at least {least:,}" if most is None else f"{least:,} to {most:,}"
