"""The little of YAML a generated document needs: mappings, lists, and scalars in JSON's spelling."""

import json
from collections.abc import Iterator
from typing import Any


def as_yaml(value: Any) -> str:
    """`value` as block YAML 1.2; scalars are JSON, which YAML contains."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _entry(f"{json.dumps(key, ensure_ascii=False) if _odd(key) else key}:", inner)
    else:
        for inner in value:
            first, *rest = _lines(inner) if _nests(inner) else [_scalar(inner)]
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)


def _entry(key: str, inner: Any) -> Iterator[str]:
    if _nests(inner):
        yield key
        yield from (f"  {line}" for line in _lines(inner))
    else:
        yield f"{key} {_scalar(inner)}"


def _nests(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _odd(key: str) -> bool:
    return (
        not key.replace(".", "").replace("-", "").replace("_", "").isalnum()
        or key.isdigit()
        or key
        in (
            "yes",
            "no",
            "on",
            "off",
        )
    )


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
