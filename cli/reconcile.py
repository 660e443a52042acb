"""`fengge reconcile`: what a system has sent by HTTP in a period, and what is held of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from chassis.clock import now
from cli.place import Place
from cli.say import Failure, JsonFlag, table
from contracts.gateway.reconcile import MOST_LISTED, Reconciliation
from services.gateway.reconciling import reconciled

LISTS = ("missing", "parked", "refused", "under_way")


def reconcile(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="e.g. urn:hotline:12345.")],
    since: Annotated[
        datetime | None,
        typer.Option("--from", help="By the events' own time; else a day before --to."),
    ] = None,
    to: Annotated[datetime | None, typer.Option(help="Up to when; now if not said.")] = None,
    ids: Annotated[
        Path | None, typer.Option(help="File with an id a line: what the system says it has sent.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """What a system has sent by HTTP, and what is held of it · 对账.

    Exit status 1 if something is missing or parked.
    """
    place: Place = context.obj
    end = to.astimezone(UTC) if to else now()
    begin = since.astimezone(UTC) if since else end - timedelta(days=1)
    said = _ids(ids) if ids else []
    with place.transaction("gateway") as tx:
        try:
            found = reconciled(tx, source, begin, end, now(), said)
        except ValueError as error:
            raise Failure(f"--from, --to: {error}") from None
    print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode() if json else _told(found))
    raise typer.Exit(1 if found.counts.missing or found.counts.parked else 0)


def _ids(path: Path) -> list[str]:
    try:
        found = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {error}") from None
    if len(found) > MOST_LISTED:
        raise Failure(f"{path} has {len(found)} ids; at most {MOST_LISTED} are compared at once.")
    return found


def _told(found: Reconciliation) -> str:
    counts = msgspec.structs.asdict(found.counts)
    words = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())
    rows = [
        (name.replace("_", " "), each.id, each.ticket, each.time, each.reason, each.detail)
        for name in LISTS
        for each in getattr(found, name)
    ]
    if not rows:
        return f"{found.source}: {words}"
    titles = ("list", "id", "ticket", "time", "reason", "detail")
    return f"{found.source}: {words}\n{table(titles, rows, widest=48)}"
