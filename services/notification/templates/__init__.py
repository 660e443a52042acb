"""The words of every message by template code: version 1 of each is here, newer ones were imported."""

import tomllib
from collections.abc import Mapping
from functools import cache
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


def fields_of(name: str) -> set[str]:
    """The blanks that are filled in all versions of `name`, e.g. `ticket_accepted.requester.zh`."""
    first = templates()[f"{name}.v1"]
    return blanks(first.subject) | blanks(first.body)


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
    if f"{name}.v1" not in templates():
        raise BadWording("nobody is told anything by this name; `fengge template list` shows the names")
    template = convert(table, Template)
    known = fields_of(name)
    if missing := (blanks(template.subject) | blanks(template.body)) - known:
        raise BadWording(f"nobody fills {', '.join(sorted(missing))}; there is {', '.join(sorted(known))}")
    compiled(template.subject), compiled(template.body)
    return template
