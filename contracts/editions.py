"""Editions: every schema as it stood when it was given to others, held against all newer ones."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from contracts.compatibility import Edition, broken_between
from contracts.jsonschemas import JsonSchema

NAME = re.compile(r"\d+(\.\d+)*")
FOLDER = "editions"


def broken(released: Path, present: Edition) -> Iterator[str]:
    """A sentence per promise of an edition that a newer one, or the code, does not keep."""
    for sentence in broken_between({**kept(released), "now": present}):
        yield f"{sentence}; give the event a new VERSION beside the old one"


def kept(released: Path) -> dict[str, Edition]:
    """The editions in their order."""
    folder = released / FOLDER
    paths = sorted(folder.glob("*.json"), key=_number) if folder.exists() else []
    return {path.stem: msgspec.json.decode(path.read_bytes(), type=dict[str, JsonSchema]) for path in paths}


def frozen(released: Path, name: str, present: Mapping[str, Any]) -> dict[Path, bytes]:
    """The file of a new edition; raises ValueError where the name is none, or not after all others."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not like 1.0.0")
    path = released / FOLDER / f"{name}.json"
    if any(_number(path) <= _number(released / FOLDER / f"{other}.json") for other in kept(released)):
        raise ValueError(f"{name} does not come after {', '.join(kept(released))}: an edition never changes")
    return {path: msgspec.json.format(msgspec.json.encode(present), indent=1) + b"\n"}


def _number(path: Path) -> list[int]:
    return [int(part) for part in path.stem.split(".")]
