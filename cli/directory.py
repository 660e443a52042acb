"""`fengge import` and `export`: grids, people, organisations, contracts, rota and catalogue as CSV files."""

import dataclasses
import getpass
from pathlib import Path
from typing import Annotated

import typer

from cli.house import hand_over_directory
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json
from deploy.local.records import write_private
from services.dispatch.directory import change_store
from services.dispatch.directory.exporting import as_file, as_texts
from services.dispatch.directory.importing import Report, import_files
from services.dispatch.directory.schemas import FILE_KINDS


def import_(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="CSV files, or folders of them.", exists=True)],
    reason: Annotated[str | None, typer.Option(help="Why; it goes on record.")] = None,
    json: JsonFlag = False,
) -> None:
    """Import directory files · 导入目录.

    Each file is taken as a whole or not at all; directory/README.md describes them.
    """
    report = taken(context.obj, paths, reason)
    if json:
        as_json({"ok": report.ok, **dataclasses.asdict(report)})
    else:
        typer.echo(str(report), err=not report.ok)
    raise typer.Exit(0 if report.ok else 1)


def taken(place: Place, paths: list[Path], reason: str | None = None) -> Report:
    """Imports files, says what became of each; by what was taken places are found and services offered."""
    with place.transaction("dispatch") as tx:
        report = import_files(tx, paths, who=getpass.getuser(), reason=reason)
    hand_over_directory(place)
    return report


def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where the files go; none of them may be there yet.")],
    only: Annotated[list[str] | None, typer.Option(help="Only this file, e.g. catalogue.")] = None,
) -> None:
    """Export directory files · 导出目录; imported again they change nothing.

    Only their owner may read them: people.csv has the telephones of those who work.
    """
    known = {kind.name: kind for kind in FILE_KINDS}
    if unknown := sorted(set(only or ()) - known.keys()):
        raise Failure(f"{unknown[0]!r} is no directory file; known are {', '.join(known)}.")
    wanted = [kind for name, kind in known.items() if not only or name in only]
    if present := [path for kind in wanted if (path := folder / f"{kind.name}.csv").exists()]:
        raise Failure(f"{present[0]} is there already.")
    place: Place = context.obj
    with place.transaction("dispatch") as tx:
        tables = {kind: [as_texts(row) for row in change_store.rows(tx, kind)] for kind in wanted}
    folder.mkdir(parents=True, exist_ok=True)
    for kind, rows in tables.items():
        write_private(folder / f"{kind.name}.csv", as_file(kind, rows).decode())
        print(f"{kind.name}.csv: {len(rows)} rows")
