"""`fengge member`: the hours that Party members and volunteers gave, and who does not want to be asked."""

import getpass
from datetime import datetime, time
from typing import Annotated

import typer

from cli.contract import month_of
from cli.place import Place
from cli.say import Failure, JsonFlag, listing
from contracts.terms import CHINA
from services.dispatch import member_store

app = typer.Typer(help="Party members and volunteers · 党员与志愿者", no_args_is_help=True)

Code = Annotated[str, typer.Argument(metavar="CODE", help="The person's code in people.csv.")]
By = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who says so; it goes on record.")]
EVER = datetime(9999, 1, 1, tzinfo=CHINA)


@app.command()
def hours(
    context: typer.Context,
    code: Annotated[str | None, typer.Argument(metavar="CODE", help="Only this person.")] = None,
    month: Annotated[str | None, typer.Option(help="Only this month, e.g. 2026-11.")] = None,
    json: JsonFlag = False,
) -> None:
    """Who gave how much time, as reported with the work · 服务时长."""
    place: Place = context.obj
    with place.transaction("dispatch") as tx:
        rows = member_store.hours(tx, code, month_of(month))
    listing(rows, json, "nobody has reported hours yet")


@app.command("opt-out")
def opt_out(
    context: typer.Context,
    code: Code,
    by: By,
    until: Annotated[str | None, typer.Option(help="Last day, e.g. 2026-12-31; without it for good.")] = None,
    reason: Annotated[str, typer.Option(help="Why, as a code.")] = "own_wish",
) -> None:
    """Do not ask somebody for a while · 暂停派单; `fengge member opt-in CODE` undoes it."""
    try:
        ends = datetime.combine(datetime.fromisoformat(until), time.max, CHINA) if until else EVER
    except ValueError:
        raise Failure(f"{until!r} is no day; write it as 2026-12-31.") from None
    _set(context.obj, code, ends, reason, by)
    print(f"{code} is not asked {f'until {until}' if until else 'any more'}")


@app.command("opt-in")
def opt_in(context: typer.Context, code: Code, by: By) -> None:
    """Ask somebody again · 恢复派单."""
    _set(context.obj, code, None, "own_wish", by)
    print(f"{code} is asked again")


def _set(place: Place, code: str, until: datetime | None, reason: str, by: str) -> None:
    with place.transaction("dispatch") as tx:
        if not member_store.opt_out(tx, code, until, reason, by):
            raise Failure(f"The directory has nobody with the code {code}.")
