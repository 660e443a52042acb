"""The commands of `fengge hotline`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from chassis.clock import now
from cli.hotline.trial import rows, tried
from cli.say import Failure, JsonFlag, as_json, table
from contracts.hotline.city import City
from contracts.hotline.reading import BadCity, read

app = typer.Typer(help="12345 hotlines · 12345 热线对接", no_args_is_help=True)

Mapping = Annotated[Path, typer.Argument(metavar="MAPPING", help="The city's file, e.g. kangning.toml.")]


@app.command()
def check(
    mapping: Mapping,
    file: Annotated[
        Path | None,
        typer.Argument(dir_okay=False, exists=True, help="Messages: *.csv, a JSON array, or JSON lines."),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Try a city's file on its messages, line by line; nothing is sent · 映射演练.

    Exit status 1 if the file is wrong, or a message would be refused.
    """
    found = tried(_city(mapping), rows(file) if file else [], now())
    refused = sum(each["event"] is None for each in found)
    if json:
        as_json(found)
    else:
        print(_told(mapping, found, refused))
    raise typer.Exit(1 if refused else 0)


def _city(path: Path) -> City:
    try:
        return read(path)
    except BadCity as error:
        raise Failure(str(error)) from None


def _told(mapping: Path, found: list[dict[str, Any]], refused: int) -> str:
    if not found:
        return f"{mapping.name} can be used"
    titles = ("line", "becomes", "ticket", "category", "severity", "grid", "what to know")
    lines = [
        [each["line"], each["event"] or "refused", *(each.get(key) for key in titles[2:6]), _notes(each)]
        for each in found
    ]
    unread = sorted({field for each in found for field in each["unread"]})
    told = [table(titles, lines, widest=72), f"{len(found) - refused} would be taken, {refused} refused"]
    if unread:
        told.append(f"not read by {mapping.name}: {'、'.join(unread)}")
    return "\n".join(told)


def _notes(each: dict[str, Any]) -> str:
    return "; ".join(each.get("errors") or each.get("notes") or [])
