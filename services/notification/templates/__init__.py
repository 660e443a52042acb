"""The words of every message by template code: those of the house are here, others were imported."""

import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Annotated, Any

from jinja2 import UndefinedError
from msgspec import Meta, Struct, ValidationError, convert

from contracts.terms import NO_NUL
from services.notification.templates.wording import BadWording, blanks, compiled

LANGUAGES = ("zh", "en")


class Template(Struct, frozen=True):
    """Subject and body of one message in one language; a changed one gets a new version beside the old."""

    subject: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00\r\n]*\Z")]
    body: Annotated[str, Meta(min_length=1, max_length=5000, pattern=NO_NUL)]


class MissingText(Exception):
    """There is no such template, or it has a blank that nobody fills."""


class BadTemplates(Exception):
    """A file of templates cannot be taken; one reason a line."""


_imported: list[Mapping[str, Template]] = [{}]


@cache
def templates() -> Mapping[str, Template]:
    """The templates that came with this version, by code, e.g. `ticket_accepted.requester.zh.v1`."""
    found: dict[str, Template] = {}
    for language in LANGUAGES:
        text = (resources.files(__name__) / f"{language}.toml").read_text(encoding="utf-8")
        found |= convert(tomllib.loads(text), dict[str, Template])
    return found


@cache
def newest_of_house() -> Mapping[str, int]:
    """By name the newest version that came with this release."""
    found: dict[str, int] = {}
    for code in templates():
        name, _, version = code.rpartition(".v")
        found[name] = max(found.get(name, 0), int(version))
    return found


def of_house(name: str) -> Template:
    """The newest words of the house for a name."""
    return templates()[f"{name}.v{newest_of_house()[name]}"]


def use(imported: Mapping[str, Template]) -> None:
    """Says which templates this process has besides: those the place has imported, by code."""
    _imported[:] = [imported]


def render(code: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """Subject and body with every blank filled; raises MissingText."""
    template = templates().get(code) or _imported[0].get(code)
    if template is None:
        raise MissingText(f"{code}: there is no such template")
    try:
        return compiled(template.subject)(fields), compiled(template.body)(fields)
    except (KeyError, UndefinedError, BadWording) as missing:
        raise MissingText(f"{code}: {missing}") from missing


@cache
def fields_of(name: str) -> set[str]:
    """The blanks that this release fills for `name`, e.g. `ticket_accepted.requester.zh`."""
    template = of_house(name)
    return blanks(template.subject) | blanks(template.body)


def fits(name: str, subject: str, body: str) -> bool:
    """Whether this release fills every blank of these words."""
    return name in newest_of_house() and _used(subject, body) <= fields_of(name)


@lru_cache(maxsize=1024)
def _used(subject: str, body: str) -> set[str]:
    return blanks(subject) | blanks(body)


def read(text: str) -> dict[str, Template]:
    """Templates by name (no version) from a TOML file; raises BadTemplates with all that is wrong."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadTemplates(str(error)) from error
    found, wrong = {}, []
    for name, table in tables.items():
        try:
            found[name] = _checked(name, table)
        except (ValidationError, BadWording) as error:
            wrong.append(f"{name}: {error}")
    if wrong or not found:
        raise BadTemplates("\n".join(wrong) or "there is no template in it")
    return found


def _checked(name: str, table: Any) -> Template:
    if name not in newest_of_house():
        raise BadWording("nobody is told anything by this name; `fengge template list` shows the names")
    template = convert(table, Template)
    known = fields_of(name)
    if missing := _used(template.subject, template.body) - known:
        raise BadWording(f"nobody fills {', '.join(sorted(missing))}; there is {', '.join(sorted(known))}")
    compiled(template.subject), compiled(template.body)
    return template
