"""`fengge calendar`: which days are worked, as the notices say and as a place has decided."""

import getpass
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from marshmallow import Schema, ValidationError, validates_schema
from msgspec import structs

from chassis.clock import now
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, table
from contracts.terms import CHINA
from services.dispatch.directory.columns import day_column, flag_column, read_day, text_column
from services.dispatch.directory.rows import read_table
from services.dispatch.directory.schemas import FileKind
from services.ticket import calendar
from services.ticket.calendar import Day

app = typer.Typer(help="Working days · 工作日历", no_args_is_help=True)


class NoticeSchema(Schema):
    """A day that differs from its week."""

    day = day_column("日期", required=True)
    works = flag_column("上班")
    name = text_column("名称")

    @validates_schema(skip_on_field_errors=True)
    def differs(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuses a day on which the notice changes nothing: it would be a slip of the pen."""
        if data["works"] == (data["day"].weekday() < 5):
            raise ValidationError(f"{data['day']:%A} does not differ from its week", "works")


NOTICE = FileKind("notice", "calendar_day", ("day",), NoticeSchema())
KINDS = {True: "worked 调休上班", False: "free 放假"}


@app.command()
def show(
    context: typer.Context,
    year: Annotated[int | None, typer.Argument(help="The year; without it the present one.")] = None,
    json: JsonFlag = False,
) -> None:
    """The days of a year that differ from their week · 节假日与调休."""
    place: Place = context.obj
    year = year or now().astimezone(CHINA).year
    with place.transaction("ticket") as tx:
        found = calendar.days(tx, date(year, 1, 1), date(year, 12, 31))
        known = calendar.load(tx)
    ahead = calendar.days_ahead(known, now())
    if json:
        days = [structs.asdict(day) for day in found]
        as_json({"year": year, "covered": known.covered, "days_ahead": ahead, "days": days})
        return
    rows = [(day.day, f"{day.day:%a}", KINDS[day.works], day.name, day.by) for day in found]
    print(table(("day", "", "is", "name", "by"), rows))
    print(f"\nNotices reach to {known.covered}, {ahead} days ahead.")
    if ahead < calendar.ENOUGH:
        print(f"Enter the notice: `fengge calendar enter {known.covered.year + 1} FILE.csv --notice …`.")


@app.command("set")
def set_(
    context: typer.Context,
    day: Annotated[str, typer.Argument(help="YYYY-MM-DD")],
    works: Annotated[bool, typer.Option("--works/--free", help="Whether the day is worked.")],
    name: Annotated[str, typer.Option(help="Why, e.g. 防汛停工.")],
    by: Annotated[str | None, typer.Option(help="Who decides; without it your login name.")] = None,
) -> None:
    """Say of one day whether it is worked · 修改一天.

    Deadlines that are set from now on count so; those already set stay as they are.
    """
    place: Place = context.obj
    decided = Day(_day(day), works, name, by or getpass.getuser())
    with place.transaction("ticket") as tx:
        calendar.set_day(tx, decided)
    print(f"{decided.day} is {KINDS[works]}: {name}")


@app.command()
def enter(
    context: typer.Context,
    year: Annotated[int, typer.Argument(min=2000, max=2200)],
    path: Annotated[Path, typer.Argument(metavar="FILE.csv", exists=True, dir_okay=False)],
    notice: Annotated[str, typer.Option(help="Where it is said, e.g. 国办发明电〔2025〕7号.")],
) -> None:
    """Enter the State Council's notice for a year · 录入放假通知.

    The file has the columns day, works (yes, no), name and only the days that differ from their week. It is
    taken as a whole or not at all, in the place of what was known of that year.
    """
    place: Place = context.obj
    found = _read(path, year)
    with place.transaction("ticket") as tx:
        calendar.set_year(tx, year, notice, found)
    print(f"{year}: {len(found)} days differ from their week ({notice})")


def _read(path: Path, year: int) -> list[Day]:
    table = read_table(path.name, path.read_bytes(), NOTICE)
    elsewhere = [row for row in table.rows if row.values["day"].year != year]
    wrong = [*table.errors, *(table.error(row, "day", f"is not in {year}") for row in elsewhere)]
    if wrong:
        raise Failure("\n".join(["refused, nothing changed", *map(str, sorted(wrong))]))
    return [Day(**row.values, by="notice") for row in table.rows]


def _day(text: str) -> date:
    try:
        return read_day(text)
    except ValidationError as error:
        raise Failure(str(error.messages[0])) from None
