"""The page *Now*: who waits because of us, why and for how long; every service and shard in figures."""

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from services.console.now import board
from services.console.now.finding import lasting
from services.console.now.watch import Picture
from services.console.now.words import COLUMNS, MARKS, PAGE_WORDS, SEVERITIES
from services.console.page import Page, Route
from services.console.roles import Role
from services.console.visit import Visit


def now(visit: Visit) -> Response:
    """The page; with a script its part renews itself, without one the browser loads it anew."""
    return visit.show("now/templates/now.html", WORDS, **shown(visit))


def part(visit: Visit) -> Response:
    """What changes."""
    return visit.show("now/templates/part.html", WORDS, **shown(visit))


def shown(visit: Visit) -> Mapping[str, Any]:
    """What a template needs of the newest picture."""
    picture: Picture = visit.means.watching.picture()
    return {
        "picture": picture,
        "rows": board.rows(picture.sight),
        "accounts": board.accounts(picture.sight, picture.lost),
        "severities": SEVERITIES,
        "marks": MARKS,
        "columns": COLUMNS,
        "lasting": lambda seconds: lasting_words(visit, seconds),
        "may_act": visit.may(Role.OPERATOR),
    }


def lasting_words(visit: Visit, seconds: float | None) -> str:
    """So many seconds as the visitor reads them."""
    return "" if seconds is None else visit.say(lasting(seconds))


WORDS = {**PAGE_WORDS, **COLUMNS}
PAGE = Page(
    path="/now",
    title=PAGE_WORDS["title"],
    routes=(Route("/now", now), Route("/now/part", part, fragment=True)),
)
