"""What may change in a released event without a new version: more may be told, nothing may be taken back."""

from collections.abc import Iterator
from typing import Any

JsonSchema = dict[str, Any]
LOWER_BOUNDS = ("minLength", "minItems", "minimum")
UPPER_BOUNDS = ("maxLength", "maxItems", "maximum")


def broken_promises(released: JsonSchema, present: JsonSchema, at: str = "") -> Iterator[str]:
    """One sentence per promise of `released` that `present` no longer keeps."""
    released, present = _named(released), _named(present)
    before, after = _types(released), _types(present)
    if before != after:
        yield f"{at or '/'} was {_spoken(before)} and is now {_spoken(after)}"
        return
    yield from _members(released, present, at)
    yield from _choices(released, present, at)
    yield from _bounds(released, present, at)
    for inner in ("items", "additionalProperties"):
        if isinstance(released.get(inner), dict) and isinstance(present.get(inner), dict):
            yield from broken_promises(released[inner], present[inner], f"{at}/*")


def _named(part: JsonSchema) -> JsonSchema:
    """`anyOf [X, null]` as X that may be null."""
    for option in part.get("anyOf", []):
        if option != {"type": "null"}:
            return {**option, "type": [option["type"], "null"]}
    return part


def _types(part: JsonSchema) -> set[str]:
    kind = part.get("type", "anything")
    kinds = {kind} if isinstance(kind, str) else set(kind)
    return kinds | ({part["format"]} if "format" in part else set())


def _spoken(types: set[str]) -> str:
    return " or ".join(sorted(types))


def _members(released: JsonSchema, present: JsonSchema, at: str) -> Iterator[str]:
    before, after = released.get("properties", {}), present.get("properties", {})
    required, now_required = set(released.get("required", [])), set(present.get("required", []))
    for name in before.keys() - after.keys():
        yield f"{at}/{name} is gone (removed or renamed)"
    for name in sorted(now_required - required):
        yield f"{at}/{name} was {'optional' if name in before else 'unknown'} and is now required"
    for name in sorted(required - now_required & after.keys()):
        yield f"{at}/{name} was required and is now optional: readers rely on it"
    for name in before.keys() & after.keys():
        yield from broken_promises(before[name], after[name], f"{at}/{name}")


def _choices(released: JsonSchema, present: JsonSchema, at: str) -> Iterator[str]:
    if "enum" not in present:
        return
    if "enum" not in released:
        yield f"{at} took any text and now takes only {present['enum']}"
    elif gone := [choice for choice in released["enum"] if choice not in present["enum"]]:
        yield f"{at} no longer knows {', '.join(map(str, gone))}"


def _bounds(released: JsonSchema, present: JsonSchema, at: str) -> Iterator[str]:
    for name in LOWER_BOUNDS:
        if name in present and present[name] > released.get(name, float("-inf")):
            yield f"{at} has a narrower {name}: {released.get(name, 'none')} → {present[name]}"
    for name in UPPER_BOUNDS:
        if name in present and present[name] < released.get(name, float("inf")):
            yield f"{at} has a narrower {name}: {released.get(name, 'none')} → {present[name]}"
    if "pattern" in present and present["pattern"] != released.get("pattern"):
        yield f"{at} has another pattern: {released.get('pattern', 'none')} → {present['pattern']}"
