"""The words of every message: plain data by template code, one file a language, blanks like `{number}`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from msgspec import Struct, convert

LANGUAGES = ("zh", "en")


class Template(Struct, frozen=True):
    """Subject and body of one message in one language; a changed one gets a new version beside the old."""

    subject: str
    body: str


class MissingText(Exception):
    """There is no such template, or it has a blank that nobody fills."""


@cache
def templates() -> Mapping[str, Template]:
    """All templates by code, e.g. `ticket_accepted.requester.zh.v1`."""
    found: dict[str, Template] = {}
    for language in LANGUAGES:
        text = (resources.files(__name__) / f"{language}.toml").read_text(encoding="utf-8")
        found |= convert(tomllib.loads(text), dict[str, Template])
    return found


def render(code: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """Subject and body with every blank filled; raises MissingText."""
    try:
        template = templates()[code]
        return template.subject.format_map(fields), template.body.format_map(fields)
    except KeyError as missing:
        raise MissingText(f"{code}: {missing}") from missing
