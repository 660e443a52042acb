"""`fengge report`: response, resolution and satisfaction rates over all cases, or by one dimension."""

from typing import Annotated, Any, Literal

import msgspec
import typer

from cli.place import Place
from cli.say import JsonFlag, as_json, table
from services.evaluation.report import Row, overall, rates_by

Dimension = Literal["all", "kind", "assignee", "unit", "grid", "category", "source", "severity", "month"]
TITLES = (
    "key", "cases", "closed", "rated", "coverage", "response", "resolution", "satisfaction",
    "on time", "returns", "reworks", "composite",
)  # fmt: skip


def report(
    context: typer.Context,
    by: Annotated[Dimension, typer.Option(help="One row for each of these.")] = "all",
    json: JsonFlag = False,
) -> None:
    """Rates and coverage · 响应率、解决率、满意率.

    Unrated is never satisfied.
    """
    place: Place = context.obj
    with place.transaction("evaluation") as tx:
        rows = [overall(tx)] if by == "all" else rates_by(tx, by)
    if json:
        as_json(msgspec.to_builtins(rows))
    else:
        print(table(TITLES, [_cells(row) for row in rows], widest=32))


def _cells(row: Row) -> tuple[Any, ...]:
    counts, rates = row.counts, row.rates
    return (
        row.key or "(none)", counts.cases, counts.closed, counts.rated, percent(rates.coverage),
        percent(rates.response_rate), percent(rates.resolution_rate), percent(rates.satisfaction_rate),
        percent(rates.on_time_rate), percent(rates.return_rate), percent(rates.rework_rate),
        percent(rates.composite),
    )  # fmt: skip


def percent(rate: float | None) -> str:
    """A share as people read it; a dash where there is nothing to rate."""
    return "–" if rate is None else f"{rate:.1%}"
