"""`fengge flow`: what happens over time, how long it takes from one service to the next, where it gathers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import Progress

from chassis.clock import now
from chassis.database import Tx
from cli import flow_tables
from cli.noting import Reason, Who, needs, note
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json
from cli.sheet import moment_or_failure
from contracts.registry import CONSOLE
from services.console.flow import reading, store, view_store
from services.console.flow.reading import UnknownCell, UnknownType
from services.console.flow.rolling import count_all
from services.console.flow.slots import Period, Window, window, window_since
from services.console.flow.wording import word
from services.console.words import Language

app = typer.Typer(help="Events, times and heat · 流转", no_args_is_help=True)

Chosen = Annotated[Period, typer.Option("--period", help="The last hour, day, week or month.")]
Since = Annotated[str | None, typer.Option(help="From then until now, e.g. 2026-11-27T16:00.")]
Types = Annotated[
    list[str] | None, typer.Option("--type", help="Only these events, or those of a service; repeatable.")
]
Grid = Annotated[str, typer.Option(help="Only in this cell of the grid tree and below it.")]
Lang = Annotated[Language, typer.Option(help="Chinese or English.")]


@dataclass(frozen=True)
class Asked:
    """What the command has been asked for, and where it reads."""

    tx: Tx
    window: Window
    types: Sequence[str] | None


@dataclass(frozen=True)
class Lent:
    """A connection as the roll-up takes one."""

    connection: Tx

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """A transaction on it."""
        with self.connection.transaction():
            yield self.connection

    @contextmanager
    def statements(self) -> Iterator[Tx]:
        """Statements that commit one by one."""
        yield self.connection


@app.command()
def events(
    context: typer.Context, period: Chosen = "day", since: Since = None, type: Types = None, grid: Grid = "",
    lang: Lang = "zh", json: JsonFlag = False,
) -> None:  # fmt: skip
    """Events per type over time · 各类事件.

    With --grid: what came in and was done there, day by day.
    """
    with _asked(context.obj, period, since, type, lang) as asked:
        standing = reading.standing(asked.tx, now())
        if grid:
            days = reading.days(asked.tx, asked.window, grid)
            tables = [flow_tables.days(days, lang)]
            found: Any = days
        else:
            found = reading.events(asked.tx, asked.window, asked.types)
            tables = [flow_tables.events(found, lang)]
    _told(json, found, tables, [flow_tables.counted(standing, lang)])


@app.command()
def times(
    context: typer.Context, period: Chosen = "day", since: Since = None, type: Types = None,
    lang: Lang = "zh", json: JsonFlag = False,
) -> None:  # fmt: skip
    """How long it takes from a cause to its effect, and from service to service · 耗时."""
    with _asked(context.obj, period, since, type, lang) as asked:
        standing = reading.standing(asked.tx, now())
        found = reading.times(asked.tx, asked.window, asked.types)
    tables = [flow_tables.pairs(found, lang), flow_tables.critical(found, lang)]
    notes = [word("resolution", lang), word("unmeasured", lang), flow_tables.counted(standing, lang)]
    _told(json, found, tables, notes)


@app.command()
def heat(
    context: typer.Context, period: Chosen = "day", since: Since = None, grid: Grid = "",
    lang: Lang = "zh", json: JsonFlag = False,
) -> None:  # fmt: skip
    """How much waits in which grid and category, how old, how late · 热度."""
    with _asked(context.obj, period, since, None, lang) as asked:
        standing = reading.standing(asked.tx, now())
        found = reading.heat(asked.tx, asked.window, grid, now())
        names = view_store.names(asked.tx, [spot.cell for spot in (*found.places, *found.hottest)])
        spots = (*found.categories, *found.hottest)
        categories = view_store.categories(asked.tx, [spot.category for spot in spots])
    tables = flow_tables.heat(found, names, categories, lang)
    notes = [word("whole_days", lang, found.since), flow_tables.counted(standing, lang)]
    _told(json, found, tables, notes)


@app.command()
def rebuild(
    context: typer.Context,
    reason: Reason,
    who: Who,
    follow: Annotated[bool, typer.Option(help="Count here too, and show how far it is.")] = True,
) -> None:
    """Count everything anew from the history · 重新统计.

    Until it is done, *Flow* shows what is counted so far, and says how much is still to come. What the
    gateway has forgotten is not measured again.
    """
    needs(reason)
    place: Place = context.obj
    with place.connection(CONSOLE) as connection:
        with connection.transaction():
            store.empty(connection)
            note(connection, "flow", "rebuild", who, reason, {"here": follow})
        if follow:
            _count(connection)
    print("counted anew" if follow else "the operators' room counts anew")


def _count(connection: Tx) -> None:
    """Counts here, next to the operators' room, which does the same more slowly."""
    with Progress(transient=True) as progress:
        task = progress.add_task("counting", total=None)
        count_all(
            Lent(connection),
            lambda done, behind: progress.update(task, total=done + behind, completed=done),
        )


@contextmanager
def _asked(
    place: Place, period: Period, since: str | None, types: list[str] | None, lang: Language
) -> Iterator[Asked]:
    span = window_since(moment_or_failure(since), now()) if since else window(period, now())
    try:
        with place.transaction(CONSOLE) as tx:
            yield Asked(tx, span, reading.types_named(types or []))
    except UnknownType as error:
        raise Failure(word("unknown_type", lang, error)) from None
    except UnknownCell as error:
        raise Failure(word("unknown_cell", lang, error)) from None


def _told(json: bool, found: Any, tables: Sequence[Any], notes: Sequence[str]) -> None:
    if json:
        as_json(msgspec.to_builtins(found))
    else:
        flow_tables.show(tables, notes)
