"""The page *Flow*: what happens over time, how long it takes, where it gathers."""

from typing import Any, get_args
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from chassis.clock import now
from services.console.flow import charts, reading, view_store
from services.console.flow.domain import shade, short
from services.console.flow.reading import UnknownCell
from services.console.flow.slots import Period, window
from services.console.flow.wording import category, duration, event, place, slot, word
from services.console.flow.words import WORDS
from services.console.page import Page, Route
from services.console.roles import Role
from services.console.visit import Visit
from services.console.words import party

PERIODS: tuple[Period, ...] = get_args(Period)
LONGEST = 12
"""Kinds of event whose times are drawn; the table has them all."""


def flow(visit: Visit) -> Response:
    """Everything of the chosen period and grid."""
    asked = visit.request.args
    period = next((each for each in PERIODS if each == asked.get("period")), PERIODS[1])
    grid = asked.get("grid", "").replace("\0", "").strip()
    moment = now()
    span = window(period, moment)
    with visit.reading() as tx:
        try:
            heat = reading.heat(tx, span, grid, moment)
        except UnknownCell:
            return visit.show("flow/templates/unknown.html", WORDS, 404, grid=grid)
        spots = (*heat.places, *heat.categories, *heat.hottest)
        codes = [*heat.way, *(spot.cell for spot in spots)]
        names = view_store.names(tx, codes)
        categories = view_store.categories(tx, [spot.category for spot in spots])
        values: dict[str, Any] = {
            "standing": reading.standing(tx, moment), "events": reading.events(tx, span),
            "times": reading.times(tx, span), "days": reading.days(tx, span, grid) if grid else None,
        }  # fmt: skip
    events, times = values["events"], values["times"]
    lang = visit.language
    return visit.show(
        "flow/templates/flow.html", WORDS, period=period, periods=PERIODS, grid=grid, heat=heat, names=names,
        charts=charts, strips=[charts.strip(kind) for kind in events.publishers], shade=shade, short=short,
        pairs=charts.spans(times.pairs), slowest=charts.spans(times.types[:LONGEST]),
        event=lambda kind: event(kind, lang),
        duration=lambda seconds: duration(seconds, lang), slot=lambda at: slot(at, events.grain),
        place=lambda spot: place(spot, grid, names, lang), word=lambda name, *more: word(name, lang, *more),
        category=lambda code: category(code, categories, lang), link=_link,
        pair_name=lambda one: f"{party(one.giver, lang)} → {party(one.taker, lang)}",
        type_name=lambda one: event(one.type, lang), **values,
    )  # fmt: skip


def _link(period: str, grid: str) -> str:
    chosen = {"period": period, "grid": grid} if grid else {"period": period}
    return f"/flow?{urlencode(chosen)}"


PAGE = Page(path="/flow", title=WORDS["title"], routes=(Route("/flow", flow, role=Role.VIEWER),))
