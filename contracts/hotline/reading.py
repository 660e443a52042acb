"""Reads cities' files and finds what contradicts itself in them, before anything depends on it."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from contracts.hotline.city import Cities, City, Kind
from contracts.hotline.members import OUT
from contracts.terms import CHINA

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


class BadCity(ValueError):
    """A city's file cannot be used; the message names the file and the place in it."""


def read(path: Path) -> City:
    """The city of a TOML file; raises BadCity."""
    if not NAME.fullmatch(path.stem):
        raise BadCity(f"{path}: the name is not like qinghe: small letters, digits and hyphens")
    try:
        city = msgspec.toml.decode(path.read_bytes(), type=City)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise BadCity(f"{path}: {error}") from None
    if wrong := next(_contradictions(city), None):
        raise BadCity(f"{path}: {wrong}")
    return city


def read_folder(text: str) -> Cities:
    """All cities of a folder (`*.toml`); none where `text` is empty. Raises BadCity."""
    if not text:
        return {}
    folder = Path(text)
    if not folder.is_dir():
        raise BadCity(f"{folder} is no folder")
    found = {path.stem: read(path) for path in sorted(folder.glob("*.toml"))}
    sources = [city.source for city in found.values()]
    if twice := next((source for source in sources if sources.count(source) > 1), None):
        raise BadCity(f"{folder}: two cities are {twice}")
    return found


def _contradictions(city: City) -> Iterator[str]:
    """What the file asks for and leaves unsaid."""
    kinds = set(city.messages.values())
    if "order" not in kinds:
        yield "[messages] has no word for an order"
    for kind in sorted(kinds):
        for name in NEEDS.get(kind, ()):
            if not getattr(city.fields, name):
                yield f"[messages] has {kind!r}, and [fields] no {name}"
    for form in city.times:
        if not _tells_a_moment(form):
            yield f"times: {form!r} does not tell day and minute, e.g. %Y-%m-%d %H:%M:%S"
    yield from _nobody_knows(city)


def _nobody_knows(city: City) -> Iterator[str]:
    for fact, told in city.out.facts.items() if city.out else ():
        for name in told.fields.values():
            if name not in OUT[fact]:
                yield f"[out.facts.{fact}] {name!r} is none of {', '.join(OUT[fact])}"


def _tells_a_moment(form: str) -> bool:
    moment = datetime(2026, 11, 21, 8, 12, tzinfo=CHINA)
    try:
        return datetime.strptime(moment.strftime(form), form).replace(tzinfo=CHINA) == moment
    except ValueError:
        return False


NEEDS: Mapping[Kind, tuple[str, ...]] = {
    "split": ("units",), "reassign": ("units",), "callback": ("resolved", "satisfaction"),
    "rework": ("resolved", "satisfaction"), "extension": ("approved",), "information": ("words",),
    "comment": ("words",),
}  # fmt: skip
"""Which fields a message of a kind cannot do without."""
