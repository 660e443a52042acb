"""Pages from templates: text is escaped, a name nobody gave is an error, times are those of China."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from contracts.terms import CHINA
from services.console.roles import NAMES, Role
from services.console.words import FRAME, TAGS, Language, Pair, Words, party, said

FOLDER = Path(__file__).parent
STATIC = {path.name: path.read_bytes() for path in sorted((FOLDER / "static").iterdir())}
"""What is served to everybody, by name."""
VERSIONS = {name: hashlib.sha256(body).hexdigest()[:12] for name, body in STATIC.items()}


@dataclass(frozen=True)
class Entry:
    """An entry of the menu, and who sees it."""

    path: str
    title: Pair
    role: Role


class Renderer:
    """The templates of all pages, which extend `templates/layout.html`."""

    def __init__(self, menu: Sequence[Entry]) -> None:
        self._menu = menu
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._environment.filters |= {"moment": moment, "span": span, "day": day}

    def rendered(
        self, template: str, visit: Any, words: Mapping[str, Pair], values: Mapping[str, Any]
    ) -> str:
        """One template with the visitor's words as `w`, those of the frame as `f`, the request as `visit`."""
        language: Language = visit.language
        return self._environment.get_template(template).render(
            visit=visit,
            w=Words(language, words),
            f=Words(language, FRAME),
            say=lambda pair: said(pair, language),
            party=lambda name: party(name, language),
            lang=TAGS[language],
            token=lambda: Markup('<input type="hidden" name="csrf" value="{}">').format(visit.csrf),
            static=lambda name: f"/static/{name}?v={VERSIONS[name]}",
            menu=self.menu(visit),
            role_name=said(NAMES[visit.role.word], language) if visit.role else "",
            **values,
        )

    def menu(self, visit: Any) -> Sequence[Entry]:
        """The entries that the visitor sees."""
        return [each for each in self._menu if visit.may(each.role)]


def moment(at: datetime | None) -> str:
    """A time in China, to the second, that machines can read as well."""
    if at is None:
        return ""
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), in_china(at))


def in_china(at: datetime) -> str:
    """A time in China, to the second."""
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"


def day(at: datetime | None) -> str:
    """The day of a time in China."""
    return "" if at is None else f"{at.astimezone(CHINA):%Y-%m-%d}"


def span(length: timedelta | float | None, lang: str = "zh-Hans") -> str:
    """How long, in the two largest units."""
    if length is None:
        return ""
    seconds = int(length.total_seconds() if isinstance(length, timedelta) else length)
    units = UNITS["en" if lang == "en" else "zh"]
    left, parts = abs(seconds), list[str]()
    for size, name in units:
        many, left = divmod(left, size)
        if many or (parts and size == units[-1][0]) or (size == 1 and not parts):
            parts.append(f"{many} {name}")
        if len(parts) == 2:
            break
    return ("-" if seconds < 0 else "") + " ".join(parts)


UNITS = {
    "zh": ((86_400, "天"), (3600, "小时"), (60, "分"), (1, "秒")),
    "en": ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")),
}
