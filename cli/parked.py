"""`fengge parked`: what needs a person, in all services: listed, and one by one."""

from typing import Annotated, Any, Literal

import typer

from chassis import parked
from cli.deciding import Record, on, parts
from cli.deciding import join as decide
from cli.mending import Service, Who, join
from cli.place import Place
from cli.say import JsonFlag, as_json, shown, table
from contracts.masking import masked
from contracts.registry import LEDGERS
from services.console.failed import bodies

app = typer.Typer(help="See to what could not take effect · 处理搁置的消息", no_args_is_help=True)

join(app)
decide(app)

SENT = ("detail", "cause", "type", "content_type")


@app.command("list")
def list_(
    context: typer.Context,
    state: Annotated[
        Literal["open", "retried", "archived", "all"], typer.Option(help="Which records.")
    ] = "open",
    service: Annotated[Service | None, typer.Option(help="Only of this service.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many of each service.")] = 100,
    json: JsonFlag = False,
) -> None:
    """Parked records of all services, newest first · 搁置清单."""
    place: Place = context.obj
    found: list[dict[str, Any]] = []
    for name in [service] if service else LEDGERS:
        with place.transaction(name) as tx:
            rows = parked.listed(tx, None if state == "all" else state, limit)
        found += [{"record": f"{name}:{row.pop('no')}", **row, **_masked(row)} for row in rows]
    found.sort(key=lambda row: row["parked_at"], reverse=True)
    if json:
        as_json(found)
    elif not found:
        print("nothing is parked")
    else:
        titles = ("record", "parked at", "state", "reason", "type", "ticket", "publisher", "holds back")
        keys = ("record", "parked_at", "state", "reason", "type", "partitionkey", "publisher", "holds_back")
        print(table(titles, [[row[key] for key in keys] for row in found], widest=48))


@app.command()
def show(
    context: typer.Context,
    record: Record,
    who: Who,
    body: Annotated[
        bool, typer.Option("--body", help="Show the message itself; it may hold personal data.")
    ] = False,
    purpose: Annotated[
        str | None, typer.Option(help="What --body is for, e.g. repair; it goes on record.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """One record with its reason and history · 查看一条."""
    if body and not purpose:
        raise typer.BadParameter("--body needs --purpose: the message may hold personal data")
    service, no = parts(record)
    found = {"record": record, **on(context.obj, service, lambda tx: parked.shown(tx, no))}
    raw = bytes(found["body"])
    if body:
        on(context.obj, service, lambda tx: parked.note_look(tx, no, who, purpose or ""))
        found["body"] = raw.decode("utf-8", "backslashreplace")
    else:
        found["body"] = f"({len(raw)} bytes; --body --purpose … shows them) {bodies.hidden(raw)}"
    found |= _masked(found)
    if json:
        as_json(found)
    else:
        print("\n".join(f"{key.replace('_', ' '):<14}{shown(value)}" for key, value in found.items()))


def _masked(row: dict[str, Any]) -> dict[str, Any]:
    """What the sender wrote outside the message's body, without numbers that identify somebody."""
    return {name: masked(row[name]) for name in SENT if row.get(name)}
