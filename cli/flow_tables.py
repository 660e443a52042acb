"""*Flow* as tables of the terminal, with a line of bars for what happens over time."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from contracts.terms import CHINA
from services.console.flow.counting import NOWHERE
from services.console.flow.domain import Days, Events, Heat, Spot, Spread, Standing, Times, shade, short
from services.console.flow.wording import category, duration, event, place, slot, word
from services.console.words import Language, party

BARS = " ▁▂▃▄▅▆▇█"
SHADES = ("", "dim", "", "yellow", "bold red")
MOST_BARS = 31
COLUMNS = ("received", "done", "waiting", "late", "mean", "oldest")
HOTTEST_COLUMNS = COLUMNS[2:]


def show(tables: Sequence[Table], notes: Sequence[str]) -> None:
    """Prints tables as wide as the terminal is, and notes under them."""
    console = Console(highlight=False)
    for table in tables:
        console.print(table)
    for note in notes:
        console.print(note, style="dim")


def bars(counts: Sequence[int]) -> str:
    """One bar for each count, the highest for the largest; only nothing is blank."""
    step = -(-len(counts) // MOST_BARS) or 1
    sums = [sum(counts[at : at + step]) for at in range(0, len(counts), step)]
    most = max(sums, default=0) or 1
    return "".join(BARS[0 if not each else max(1, round(8 * each / most))] for each in sums)


def events(found: Events, lang: Language) -> Table:
    """Each type with its bars and its sum."""
    first, last = slot(found.slots[0], found.grain), slot(found.slots[-1], found.grain)
    table = _table(word("events", lang))
    table.add_column(word("type", lang), ratio=3, overflow="fold")
    table.add_column(word("service", lang), no_wrap=True)
    table.add_column(f"{first} – {last}", no_wrap=True)
    table.add_column(word("total", lang), justify="right", no_wrap=True)
    for kind in found.kinds:
        name = event(kind.type, lang)
        code = short(kind.type)
        said = name if name == code else f"{name} [dim]{code}[/dim]"
        table.add_row(said, party(kind.publisher, lang), bars(kind.slots), str(kind.total))
    return table


def days(found: Days, lang: Language) -> Table:
    """Day by day what came in and was done."""
    table = _table(word("days", lang))
    table.add_column(word("time", lang), no_wrap=True)
    for name in ("received", "done"):
        table.add_column(word(name, lang), justify="right", no_wrap=True)
    for day, received, done in zip(found.days, found.received, found.done, strict=True):
        table.add_row(str(day), str(received), str(done))
    return table


def pairs(found: Times, lang: Language) -> Table:
    """Hand-over times by pair."""
    table = _table(word("handover", lang))
    for name in ("from", "to"):
        table.add_column(word(name, lang), no_wrap=True)
    _percentiles(table, lang)
    for one in found.pairs:
        table.add_row(party(one.giver, lang), party(one.taker, lang), *_spread(one, lang))
    return table


def critical(found: Times, lang: Language) -> Table:
    """Critical times by what came of it."""
    table = _table(word("critical", lang))
    table.add_column(word("type", lang), ratio=1, overflow="fold")
    table.add_column(word("from", lang), no_wrap=True)
    _percentiles(table, lang)
    for one in found.types:
        table.add_row(event(one.type, lang), party(one.giver, lang), *_spread(one, lang))
    return table


def heat(
    found: Heat, names: Mapping[str, str], categories: Mapping[str, tuple[str, str]], lang: Language
) -> list[Table]:
    """By place, by category, and where most is late."""
    by_place = _heat("places", ["cell"], lang)
    for spot in found.places:
        code = "" if spot.cell == NOWHERE else f" [dim]{spot.cell}[/dim]"
        by_place.add_row(f"{place(spot, found.cell, names, lang)}{code}", *_spot(spot, found.places))
    by_category = _heat("categories", ["category"], lang)
    for spot in found.categories:
        by_category.add_row(category(spot.category, categories, lang), *_spot(spot, found.categories))
    hottest = _table(word("hottest", lang))
    for name in ("cell", "category"):
        hottest.add_column(word(name, lang), overflow="fold")
    _numbers(hottest, HOTTEST_COLUMNS, lang)
    for spot in found.hottest:
        cells = place(spot, found.cell, names, lang), category(spot.category, categories, lang)
        hottest.add_row(*cells, *_spot(spot, found.hottest)[2:])
    return [by_place, by_category, hottest]


def _heat(title: str, keys: Sequence[str], lang: Language) -> Table:
    table = _table(word(title, lang))
    for key in keys:
        table.add_column(word(key, lang), ratio=1, overflow="fold")
    _numbers(table, COLUMNS, lang)
    return table


def _numbers(table: Table, names: Sequence[str], lang: Language) -> None:
    for name in names:
        table.add_column(word(name, lang), justify="right")


def _spot(spot: Spot, among: Sequence[Spot]) -> list[str]:
    """Its numbers; what waits and what is late the more striking, the more of it is there."""
    waiting = SHADES[shade(spot.waiting, max(one.waiting for one in among))]
    late = SHADES[shade(spot.late, max(one.late for one in among))]
    return [
        str(spot.received), str(spot.done), _styled(spot.waiting, waiting), _styled(spot.late, late),
        f"{spot.mean_days:.1f}", str(spot.oldest_days),
    ]  # fmt: skip


def _styled(number: int, style: str) -> str:
    return f"[{style}]{number}[/{style}]" if style else str(number)


def counted(standing: Standing, lang: Language) -> str:
    """How far the counts are."""
    until = f"{standing.complete_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    return word("behind", lang, until, standing.behind) if standing.stale else word("complete", lang, until)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)


def _percentiles(table: Table, lang: Language) -> None:
    table.add_column(word("total", lang), justify="right", no_wrap=True)
    for name in ("p50", "p95", "p99"):
        table.add_column(name, justify="right", no_wrap=True)


def _spread(one: Spread, lang: Language) -> list[str]:
    return [str(one.events), *(duration(seconds, lang) for seconds in (one.p50, one.p95, one.p99))]
