"""`fengge import`: grids, people, organisations, contracts, rota and catalogue from CSV files."""

import dataclasses
import getpass
from pathlib import Path
from typing import Annotated

import typer

from cli.house import hand_over_places
from cli.place import Place
from cli.say import JsonFlag, as_json
from services.dispatch.directory.importing import Report, import_files


def import_(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="CSV files, or folders of them.", exists=True)],
    json: JsonFlag = False,
) -> None:
    """Import directory files · 导入目录.

    Each file is taken as a whole or not at all; directory/README.md describes them.
    """
    report = taken(context.obj, paths)
    if json:
        as_json({"ok": report.ok, **dataclasses.asdict(report)})
    else:
        typer.echo(str(report), err=not report.ok)
    raise typer.Exit(0 if report.ok else 1)


def taken(place: Place, paths: list[Path]) -> Report:
    """Imports files and says what became of each; places are found by what was taken."""
    with place.transaction("dispatch") as tx:
        report = import_files(tx, paths, who=getpass.getuser())
    hand_over_places(place)
    return report
