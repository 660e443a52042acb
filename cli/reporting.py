"""`fengge report`: rates over all cases or by one dimension, and the scorecards of a month."""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from chassis.clock import now
from cli import sheets
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, table
from services.evaluation import scorecard_store
from services.evaluation.report import Card, card, overall, rates_by
from services.evaluation.settlement import Marks
from services.evaluation.standing import Row
from services.evaluation.tally import month_of

Dimension = Literal[
    "all", "kind", "assignee", "unit", "grid", "compound", "community", "subdistrict", "district", "category",
    "source", "severity", "contract", "month",
]  # fmt: skip
Format = Literal["table", "csv", "xlsx", "json"]
MEDIANS = ("contact min ±19%", "handled min ±19%")
"""Medians from reception to the first contact and to the last report of the work."""
TITLES = (
    "key", "cases", "closed", "rated", "coverage", "response", "resolution", "satisfaction",
    "on time", "returns", "reworks", "composite", *MEDIANS,
)  # fmt: skip
CARD = (
    "key", "kind", "cases", "closed", "rated", "coverage", "response", "resolution", "satisfaction", "from",
    "to", "standing", "on time", "returns", "reworks", "overturned", "excluded", "composite", "flags",
    *MEDIANS, "instant top", "in bursts",
)  # fmt: skip
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")

app = typer.Typer(invoke_without_command=True)


@app.callback()
def report(
    context: typer.Context,
    by: Annotated[Dimension, typer.Option(help="One row for each of these.")] = "all",
    json: JsonFlag = False,
) -> None:
    """Rates and coverage · 响应率、解决率、满意率.

    Unrated is never satisfied.
    """
    if context.invoked_subcommand:
        return
    place: Place = context.obj
    with place.transaction("evaluation") as tx:
        rows = [overall(tx)] if by == "all" else rates_by(tx, by)
    if json:
        as_json(msgspec.to_builtins(rows))
    else:
        print(table(TITLES, [_cells(row) for row in rows], widest=32))


@app.command()
def month(
    context: typer.Context,
    month: Annotated[str, typer.Argument(help="e.g. 2026-10")],
    by: Annotated[Dimension, typer.Option(help="One row for each of these.")] = "unit",
    format: Annotated[Format, typer.Option(help="How it is written.")] = "table",
    to: Annotated[Path | None, typer.Option(help="The file to write; xlsx needs one.")] = None,
) -> None:
    """A month's scorecard: as issued, with its corrections · 月度考核表.

    Below 30 ratings nobody is ranked; there is no list of the last. By contract each row has a settlement
    mark (policy settlement_marks); what was done and is to be paid: `fengge contract settlement`.
    Medians in minutes count from reception and are read from buckets, so they are off by up to 19 %.
    "instant top" and "in bursts" count ratings that deserve a look (policy integrity_flags): no proof.
    """
    checked(month)
    place: Place = context.obj
    with place.transaction("evaluation") as tx:
        found = card(tx, month, by)
    sheet = _sheet(found)
    if format == "json":
        _out(msgspec.json.format(msgspec.json.encode(found), indent=1).decode(), to)
    elif format == "csv":
        _out(sheets.as_csv(*sheet), to)
    elif format == "xlsx":
        if to is None:
            raise typer.BadParameter("--format xlsx needs --to FILE")
        sheets.write_xlsx(to, f"{found.month} {found.by}", *sheet)
    else:
        titles, cells = sheet
        rows = [tuple(_shown(cell) for cell in row) for row in cells]
        _out(f"{_heading(found)}\n{table(titles, rows, widest=32)}", to)


@app.command()
def issue(context: typer.Context, month: Annotated[str, typer.Argument(help="e.g. 2026-10")]) -> None:
    """Issue a month's scorecards now instead of when they are due · 出具月度考核表.

    They never change after that; what changes in the month becomes a correction.
    """
    checked(month)
    if month >= month_of(now()):
        raise Failure(f"{month} is not over yet.")
    place: Place = context.obj
    with place.transaction("evaluation") as tx:
        new = scorecard_store.issue(tx, month, now())
    if not new:
        raise Failure(f"The scorecards of {month} were issued before.")
    print(f"The scorecards of {month} are issued.")


def checked(month: str) -> None:
    """Raises BadParameter for what is no month."""
    if not MONTH.fullmatch(month):
        raise typer.BadParameter("a month is written like 2026-10")


def _heading(found: Card) -> str:
    marked = f"\n{_explained(found.marks)}" if found.marks else ""
    if found.issued_at is None:
        return f"{found.month} by {found.by}: as it stands, not issued yet{marked}"
    moment: datetime = found.issued_at
    since = f"{found.corrections} corrections since"
    return f"{found.month} by {found.by}: issued {moment:%Y-%m-%d}, {since}{marked}"


def _explained(marks: Marks) -> str:
    return (
        f"marks by settlement_marks version {marks.version}: full from a composite of {marks.full:.0%}, "
        f"reduced from {marks.reduced:.0%}, none below {marks.least_rated} ratings"
    )


def _sheet(found: Card) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Titles and rows; by contract also the marks."""
    if found.marks is None:
        return CARD, [_card_cells(row) for row in found.rows]
    return (*CARD, "mark"), [(*_card_cells(row), (row.mark or "–").replace("_", " ")) for row in found.rows]


def _out(text: str, to: Path | None) -> None:
    if to is None:
        print(text.rstrip("\n"))
    else:
        to.write_text(text, encoding="utf-8")


def _cells(row: Row) -> tuple[Any, ...]:
    counts, rates = row.counts, row.rates
    return (
        row.key or "(none)", counts.cases, counts.closed, counts.rated, percent(rates.coverage),
        percent(rates.response_rate), percent(rates.resolution_rate), percent(rates.satisfaction_rate),
        percent(rates.on_time_rate), percent(rates.return_rate), percent(rates.rework_rate),
        percent(rates.composite), *_medians(row),
    )  # fmt: skip


def _card_cells(row: Row) -> tuple[Any, ...]:
    counts, rates = row.counts, row.rates
    low, high = row.band or (None, None)
    return (
        row.key or "(none)", row.kind or "", counts.cases, counts.closed, counts.rated, rates.coverage,
        rates.response_rate, rates.resolution_rate, rates.satisfaction_rate, low, high,
        row.standing.replace("_", " "), rates.on_time_rate, rates.return_rate, rates.rework_rate,
        rates.overturned_rate, rates.excluded_rate, rates.composite, " ".join(row.flags),
        *_medians(row), counts.instant, counts.bursts,
    )  # fmt: skip


def _medians(row: Row) -> tuple[int | str, int | str]:
    """In minutes; 8 and 8192, 60 and 61440 are the ends of the scales: at most, at least."""
    contact, handling = row.contact_minutes, row.handling_minutes
    return "–" if contact is None else contact, "–" if handling is None else handling


def _shown(cell: Any) -> Any:
    return percent(cell) if cell is None or isinstance(cell, float) else cell


def percent(rate: float | None) -> str:
    """A share as people read it; a dash where there is nothing to rate."""
    return "–" if rate is None else f"{rate:.1%}"
