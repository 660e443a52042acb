"""`fengge catalogue`: the three lists by which work is dispatched, adjusted with their history."""

import getpass
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

import typer

from chassis.clock import now
from cli.house import hand_over_services
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, listing
from contracts.terms import CHINA
from services.dispatch.directory import adjusting, change_store, store
from services.dispatch.directory.adjusting import NotPossible
from services.dispatch.directory.exporting import as_file, as_text
from services.dispatch.directory.history import Version
from services.dispatch.directory.importing import import_content
from services.dispatch.directory.schemas import FILE_KINDS, FileKind

app = typer.Typer(help="The three lists · 派单目录（三张清单）", no_args_is_help=True)

KIND: FileKind = next(kind for kind in FILE_KINDS if kind.name == "catalogue")
SHOWN = ("category", "version", "list", "duty_list", "name_zh", "mode", "kinds", "valid_from", "valid_to")

Category = Annotated[str, typer.Argument(metavar="CATEGORY", help="Its code, e.g. noise_construction.")]
Reason = Annotated[str, typer.Option(help="Why; it goes on record.")]
By = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who decides; it goes on record.")]
List = Annotated[
    Literal["need", "resource", "service_item", "duty", "agency", "assist"] | None,
    typer.Option("--list", help="Only this list."),
]


@app.command("list")
def list_(
    context: typer.Context,
    on: Annotated[str | None, typer.Option(help="As it is on this day; without it today.")] = None,
    which: List = None,
    everything: Annotated[bool, typer.Option("--all", help="Every version, whenever it holds.")] = False,
    json: JsonFlag = False,
) -> None:
    """The lists as they hold on a day · 现行清单."""
    place, day = context.obj, _day(on)
    with place.transaction("dispatch") as tx:
        number, versions = change_store.edition(tx), change_store.rows(tx, KIND)
    rows = [
        row for row in versions
        if which in (None, row["list"], row["duty_list"])
        and (everything or (row["valid_from"] <= day and day <= (row["valid_to"] or day)))
    ]  # fmt: skip
    if json:
        as_json({"edition": number, "categories": rows})
        return
    listing([{key: as_text(row[key]) for key in SHOWN} for row in rows], json, "the lists have nothing then")
    print(f"\nedition {number} of the lists")


@app.command()
def history(
    context: typer.Context,
    category: Annotated[str | None, typer.Argument(metavar="CATEGORY", help="Only this category.")] = None,
    json: JsonFlag = False,
) -> None:
    """What was changed in the lists, by whom, and from when it holds · 变更记录."""
    place: Place = context.obj
    with place.transaction("dispatch") as tx:
        rows = change_store.history(tx, category)
    if not json:
        rows = [{**row, "changes": _told(row["changes"])} for row in rows]
    listing(rows, json, "the lists have not changed yet")


@app.command()
def adjust(
    context: typer.Context,
    category: Category,
    setting: Annotated[list[str], typer.Option("--set", metavar="COLUMN=VALUE", help="As in catalogue.csv.")],
    reason: Reason,
    by: By,
    first: Annotated[str | None, typer.Option("--from", help="First day; without it today.")] = None,
) -> None:
    """Give a category a new version from a day on · 动态调整.

    The version that holds until then ends the day before; e.g. --set "kinds=rota;department".
    """
    day = _from_today(_day(first))
    wanted = _read(setting)
    _change(context.obj, lambda rows: adjusting.adjusted(rows, category, day, wanted), by, reason)


@app.command()
def end(
    context: typer.Context,
    category: Category,
    reason: Reason,
    by: By,
    last: Annotated[str | None, typer.Option(help="Last day; without it today.")] = None,
) -> None:
    """Take a category off the lists · 移出清单; what comes after that day is blocked."""
    day = _from_today(_day(last))
    _change(context.obj, lambda rows: adjusting.ended(rows, category, day), by, reason)


def _change(
    place: Place, change: Callable[[Sequence[Version]], list[dict[str, str]]], by: str, reason: str
) -> None:
    """Adjusts the lists as a file would; nothing is changed where a row would not do."""
    with place.transaction("dispatch") as tx:
        store.lock(tx)
        try:
            rows = change(change_store.rows(tx, KIND))
        except NotPossible as error:
            raise Failure(f"{error}.") from None
        report = import_content(tx, "catalogue adjusted", as_file(KIND, rows), KIND, by, reason)
        number = change_store.edition(tx)
    if report.errors:
        raise Failure("\n".join(f"{error.column}: {error.why}" for error in report.errors))
    hand_over_services(place)
    for row in rows:
        until = f" to {row['valid_to']}" if row["valid_to"] else " on"
        print(f"{row['category']} version {row['version']}: {row['valid_from']}{until}")
    print(f"edition {number} of the lists")


def _read(setting: Sequence[str]) -> dict[str, str]:
    """What is to be set, by column; columns may be named in Chinese as in a file."""
    titles = {str(field.metadata["title"]): name for name, field in KIND.schema.fields.items()}
    found = {}
    for text in setting:
        name, equals, value = text.partition("=")
        column = titles.get(name.strip(), name.strip())
        if not equals or column not in KIND.schema.fields:
            raise Failure(f"--set {text!r}: write COLUMN=VALUE; columns are {', '.join(KIND.schema.fields)}.")
        found[column] = value.strip()
    return found


def _told(changes: Mapping[str, Any]) -> str:
    pairs = [f"{column}: {as_text(old)} → {as_text(new)}" for column, (old, new) in changes.items()]
    return "; ".join(pairs) or "new"


def _day(text: str | None) -> date:
    today = now().astimezone(CHINA).date()
    try:
        return date.fromisoformat(text) if text else today
    except ValueError:
        raise Failure(f"{text!r} is no day; write it as 2026-12-01.") from None


def _from_today(day: date) -> date:
    """What was dispatched on days that are over went by the lists as they were."""
    if day < now().astimezone(CHINA).date():
        raise Failure(f"{day} is over; the past is not adjusted.")
    return day
