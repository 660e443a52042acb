"""`fengge top`: who waits and why, live in a terminal, as the page *Now* of the operators' room tells it."""

import sys
import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.control import Ledgers
from cli.place import Place
from cli.say import JsonFlag, as_json
from contracts.terms import CHINA
from services.console.now import board
from services.console.now.finding import Finding, lasting
from services.console.now.seen import Sight
from services.console.now.watch import EVERY, Picture, Watch
from services.console.now.words import COLUMNS, MARKS, SAYINGS, Pair
from services.console.words import PARTIES

STYLES = {"alarm": "bold red", "warning": "bold yellow", "note": "cyan"}
TICKETS = 6

Language = Literal["zh", "en", "both"]


def top(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Look twice, tell, and end.")] = False,
    every: Annotated[float, typer.Option(min=1, max=60, help="Seconds between looks.")] = EVERY,
    language: Annotated[Language, typer.Option("--lang", help="Language of the words.")] = "both",
    json: JsonFlag = False,
) -> None:
    """Who waits, because of what, for how long · 谁在等、为什么.

    Works without the console's own process. With --once the exit status is 1 while there is an alarm.
    """
    place: Place = context.obj
    watch = Watch(Ledgers(place), place.amqp_url("console"))
    try:
        if once or json:
            watch.look()
            time.sleep(1)  # rates are differences of two looks
            picture = watch.look()
            _tell(picture, language, json)
            raise typer.Exit(1 if any(each.severity == "alarm" for each in picture.findings) else 0)
        _live(watch, every, language)
    finally:
        watch.close()


def _tell(picture: Picture, language: Language, json: bool) -> None:
    if json:
        as_json(document(picture))
    else:
        Console(soft_wrap=not sys.stdout.isatty()).print(screen(picture, language))


def _live(watch: Watch, every: float, language: Language) -> None:
    with Live(screen(watch.look(), language), console=Console(), screen=True, auto_refresh=False) as live:
        try:
            while True:
                time.sleep(every)
                live.update(screen(watch.look(), language), refresh=True)
        except KeyboardInterrupt:
            return


def document(picture: Picture) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "at": picture.sight.at.isoformat(),
        "findings": msgspec.to_builtins(picture.findings),
        "services": msgspec.to_builtins(board.rows(picture.sight)),
        "conservation": msgspec.to_builtins(board.accounts(picture.sight, picture.lost)),
        "broker": msgspec.to_builtins(picture.sight.broker),
        "database": msgspec.to_builtins(picture.sight.store),
        "seconds": round(picture.seconds, 3),
    }


def screen(picture: Picture, language: Language) -> Group:
    """What stands on the screen."""
    parts: list[Any] = [_head(picture.sight, language)]
    if not picture.findings:
        parts.append(Text(f"✓ {_in(SAYINGS['well'], language)}", style="bold green"))
    for finding in picture.findings:
        parts += _finding(finding, language)
    return Group(*parts, Text(), _table(picture.sight, language), *_accounts(picture, language))


def _head(sight: Sight, language: Language) -> Text:
    broker = "✓" if sight.broker.answers and not sight.broker.alarm else "✗"
    store = "✓" if sight.store.answers else "✗"
    return Text(
        f"蜂格 Fengge  {sight.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}  "
        f"{_in(SAYINGS['broker'], language)} {broker}  {_in(SAYINGS['database'], language)} {store}",
        style="bold",
    )


def _finding(finding: Finding, language: Language) -> Iterator[Text]:
    mark, style = MARKS[finding.severity], STYLES[finding.severity]
    if language != "en":
        yield Text(f"{mark} {finding.zh}", style=style)
    if language != "zh":
        yield Text(f"{mark if language == 'en' else ' '} {finding.en}", style=style)
    if finding.affected.tickets:
        numbers = "  ".join(ticket.id for ticket in finding.affected.tickets[:TICKETS])
        more = " …" if finding.affected.count > TICKETS else ""
        yield Text(f"    {numbers}{more}")
    todo = (finding.todo_zh, finding.todo_en)
    yield Text(f"    → {_in(todo, language)} (docs/runbooks/{finding.runbook}.md)", style="dim")


def _table(sight: Sight, language: Language) -> Table:
    # A terminal has 80 columns: one space between them, names in lines below each other, shards are wrapped.
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    for name, pair in COLUMNS.items():
        table.add_column(
            _in(pair, language, "\n"), justify="left" if name in ("service", "shards") else "right",
            no_wrap=name != "shards",
        )  # fmt: skip
    for row in board.rows(sight):
        name = _in(PARTIES[row.service], language, "\n")
        held = "\n" + _in(SAYINGS["held"], language, "\n") if row.held else ""
        figures = [row.queued, row.waiting, row.retries_due, row.parked, row.unsent]
        table.add_row(
            name + held, _shards(row), *(str(each) for each in figures), _age(row.oldest, language),
            _rate(row.taken), _rate(row.sent),
        )  # fmt: skip
    return table


def _shards(row: board.Row) -> Text:
    """A number for each shard: what is queued, or a sign that nobody reads it."""
    text = Text()
    for shard in row.shards:
        sign, style = str(shard.queued), ""
        if not shard.there:
            sign, style = "?", "bold red"
        elif shard.held:
            sign, style = f"‖{shard.queued}", "cyan"
        elif not shard.consumers:
            sign, style = f"✗{shard.queued}", "bold red"
        text.append(sign if not text else f" {sign}", style=style)
    return text


def _accounts(picture: Picture, language: Language) -> Iterator[Text]:
    for each in board.accounts(picture.sight, picture.lost):
        zh, en = SAYINGS["account"]
        facts = {
            "messages": each.messages,
            "taken": each.taken,
            "under_way": each.under_way,
            "lost": each.lost,
        }
        name = PARTIES[each.service]
        pair = (zh.format(service=name[0], **facts), en.format(service=name[1], **facts))
        yield Text(_in(pair, language), style="dim" if not each.lost else "bold red")


def _age(seconds: float | None, language: Language) -> str:
    if seconds is None:
        return ""
    pair = lasting(seconds)
    return pair[1] if language == "en" else pair[0]


def _rate(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _in(pair: Pair, language: Language, between: str = " ") -> str:
    return {"zh": pair[0], "en": pair[1], "both": between.join(pair)}[language]
