"""What may change in an event without a new version: optional members may be added, and nothing else.

Both directions count. Whoever reads by the new schema reads what was written by the old one, and whoever
still reads by the old one reads what the new one writes: so a limit may become neither narrower nor wider.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

JsonSchema = dict[str, Any]
Edition = Mapping[str, JsonSchema]
"""Every schema by its name, as they stood at one moment."""

LOWER_BOUNDS = ("minLength", "minItems", "minimum")
UPPER_BOUNDS = ("maxLength", "maxItems", "maximum")
WORDS = ("$schema", "$id", "title", "description", "examples")
"""Keywords that bind nobody."""
LOOKED_INTO = ("type", "format", "anyOf", "properties", "required", "enum", "items", "additionalProperties")


def broken_between(editions: Mapping[str, Edition]) -> Iterator[str]:
    """A sentence per promise of an edition that a newer one does not keep; editions in order."""
    for (old, before), (new, after) in combinations(editions.items(), 2):
        for name in sorted(before):
            if name not in after:
                yield f"{name}: declared in {old}, but not in {new}"
                continue
            for promise in broken_promises(before[name], after[name]):
                yield f"{name}: {promise} ({old} → {new})"


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
    yield from _others(released, present, at)
    yield from _inside(released, present, at)


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
    for name in sorted(before.keys() - after.keys()):
        yield f"{at}/{name} is gone (removed or renamed)"
    for name in sorted(now_required - required):
        yield f"{at}/{name} was {'optional' if name in before else 'unknown'} and is now required"
    for name in sorted(required - now_required & after.keys()):
        yield f"{at}/{name} was required and is now optional: readers rely on it"
    for name in sorted(before.keys() & after.keys()):
        yield from broken_promises(before[name], after[name], f"{at}/{name}")


def _choices(released: JsonSchema, present: JsonSchema, at: str) -> Iterator[str]:
    before, after = released.get("enum"), present.get("enum")
    if before is None and after is not None:
        yield f"{at} took any text and now takes only {after}"
    elif before is not None and after is None:
        yield f"{at} was one of {before} and is now any: old readers refuse others"
    elif before is not None and after is not None:
        if gone := [choice for choice in before if choice not in after]:
            yield f"{at} no longer knows {', '.join(map(str, gone))}"
        if new := [choice for choice in after if choice not in before]:
            yield f"{at} now also knows {', '.join(map(str, new))}: old readers refuse it"


def _bounds(released: JsonSchema, present: JsonSchema, at: str) -> Iterator[str]:
    for name in LOWER_BOUNDS + UPPER_BOUNDS:
        before, after = released.get(name), present.get(name)
        if before != after:
            narrower = before is None or (after is not None and (after > before) == (name in LOWER_BOUNDS))
            said = "narrower" if narrower else "wider"
            yield (
                f"{at} has a {said} {name}: {_or_none(before)} → {_or_none(after)}"
                f"{'' if narrower else ', old readers refuse what is beyond'}"
            )
    if present.get("pattern") != released.get("pattern"):
        yield f"{at} has another pattern: {_or_none(released.get('pattern'))} → {present.get('pattern')}"


def _others(released: JsonSchema, present: JsonSchema, at: str) -> Iterator[str]:
    """Keywords that nobody here understands may not change at all."""
    understood = {*WORDS, *LOOKED_INTO, *LOWER_BOUNDS, *UPPER_BOUNDS, "pattern"}
    for name in sorted((released.keys() | present.keys()) - understood):
        if released.get(name) != present.get(name):
            yield f"{at} has another {name}: {_or_none(released.get(name))} → {_or_none(present.get(name))}"


def _inside(released: JsonSchema, present: JsonSchema, at: str) -> Iterator[str]:
    for name in ("items", "additionalProperties"):
        before, after = released.get(name), present.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from broken_promises(before, after, f"{at}/*")
        elif before != after:
            yield f"{at} has other {name}: {_or_none(before)} → {_or_none(after)}"


def _or_none(value: Any) -> Any:
    return "none" if value is None else value
