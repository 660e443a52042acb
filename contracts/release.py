"""Writes what other offices read under contracts/released, or checks that it still says what the code does.

python -m contracts.release [--check | --freeze NAME]
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from contracts import editions, openapi
from contracts.asyncapi import document
from contracts.cloudevent import BATCH, SINGLE, decode, encode, opened
from contracts.compatibility import broken_promises
from contracts.jsonschemas import exported, public_name
from contracts.problem import ContractViolation
from contracts.public import TYPES, shown
from contracts.registry import EVENTS
from contracts.yaml import as_yaml

RELEASED = Path(__file__).parent / "released"
ADVICE = "give the event a new VERSION (or, if it never left the house, delete its released files)"


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0: released and true; 1: a promise is broken, or --check found stale files."""
    parser = argparse.ArgumentParser(prog="python -m contracts.release", description=__doc__)
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--check", action="store_true", help="write nothing; fail where files and code differ")
    way.add_argument("--freeze", metavar="NAME", help="keep all as an edition, e.g. 1.0.0, for good")
    asked = parser.parse_args(arguments)
    problems = [*broken(RELEASED), *editions.broken(RELEASED, exported()), *unreadable_samples(RELEASED)]
    if not problems:
        files = wanted(RELEASED)
        problems = list(stale(RELEASED, files)) if asked.check else _written(files, asked.freeze)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def broken(released: Path) -> Iterator[str]:
    """A sentence per released promise the code no longer keeps."""
    present = exported()
    for path in sorted(released.glob("*.schema.json")):
        name = path.name.removesuffix(".schema.json")
        if name not in present:
            yield f"{name}: released, but no longer declared; declare it again, or delete its released files"
            continue
        for promise in broken_promises(msgspec.json.decode(path.read_bytes()), present[name]):
            yield f"{name}: {promise}; {ADVICE}"


def unreadable_samples(released: Path) -> Iterator[str]:
    """A sentence per golden sample that is missing or that the code can no longer read."""
    for name in [*EVENTS, "batch"]:
        path = _sample(released, name)
        if not path.exists():
            yield f"{name}: no golden sample; write {path.name} by hand into {path.parent}"
            continue
        try:
            types = {event.type for event in _read(path)}
        except ContractViolation as violation:
            yield f"{name}: the golden sample is refused: {violation.detail}"
        else:
            if name in EVENTS and types != {name}:
                yield f"{name}: the golden sample is one of {', '.join(types)}"


def wanted(released: Path) -> dict[Path, bytes]:
    """Every released file with the bytes it should have; golden samples as they are encoded, and as shown."""
    files = {released / f"{name}.schema.json": _pretty(schema) for name, schema in exported().items()}
    files[released / "asyncapi.yaml"] = as_yaml(document()).encode()
    files[released / "openapi.yaml"] = as_yaml(openapi.document()).encode()
    for name in [*EVENTS, "batch"]:
        path = _sample(released, name)
        events = _read(path)
        _, body = encode(events)
        files[path] = _pretty(msgspec.json.decode(body))
    for name in TYPES:
        (event,) = _read(_sample(released, name))
        _, body = encode([shown(event)])
        files[_sample(released, public_name(name))] = _pretty(msgspec.json.decode(body))
    return files


def stale(released: Path, files: dict[Path, bytes]) -> Iterator[str]:
    """A sentence per file that is missing, differs, or is there without a reason."""
    for path, content in files.items():
        if not path.exists():
            yield f"{path.name}: not released; run python -m contracts.release"
        elif path.read_bytes() != content:
            yield f"{path.name}: differs from the code; run python -m contracts.release"
    found = {path for path in released.rglob("*.json") if path.parent.name != editions.FOLDER}
    for path in sorted(found - files.keys()):
        yield f"{path.name}: released for nothing that is declared; delete it"


def _written(files: dict[Path, bytes], edition: str | None) -> list[str]:
    """What keeps the files, or the edition, from being written."""
    try:
        files |= editions.frozen(RELEASED, edition, exported()) if edition else {}
    except ValueError as error:
        return [str(error)]
    write(RELEASED, files)
    return []


def write(released: Path, files: dict[Path, bytes]) -> None:
    """Writes what is not as it should be."""
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
            print(f"written: {path.relative_to(released)}")


def _sample(released: Path, name: str) -> Path:
    return released / "samples" / f"{name}.json"


def _read(path: Path) -> list[Any]:
    return [opened(event) for event in decode(BATCH if path.stem == "batch" else SINGLE, path.read_bytes())]


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


if __name__ == "__main__":
    sys.exit(main())
