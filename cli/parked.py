"""`fengge parked`: what needs a person, in all services; show it, try it again, give it up."""

import getpass
from collections.abc import Callable
from typing import Annotated, Any, Literal

import typer

from chassis import parked
from chassis.database import Tx
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, shown, table
from contracts.masking import masked
from contracts.registry import LEDGERS

app = typer.Typer(help="See to what could not take effect · 处理搁置的消息", no_args_is_help=True)

Record = Annotated[str, typer.Argument(metavar="RECORD", help="Service and number, e.g. ticket:12.")]
Reason = Annotated[str, typer.Option(help="Why; it goes on record.")]
Who = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who decides; it goes on record.")]
SENT = ("detail", "type", "content_type")
Service = Literal["ticket", "dispatch", "notification", "evaluation", "gateway"]


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
    service, no = _parts(record)
    found = {"record": record, **_on(context.obj, service, lambda tx: parked.shown(tx, no))}
    raw = bytes(found["body"])
    if body:
        _on(context.obj, service, lambda tx: parked.note_look(tx, no, who, purpose or ""))
        found["body"] = raw.decode("utf-8", "backslashreplace")
    else:
        found["body"] = f"({len(raw)} bytes; --body --purpose … shows them)"
    found |= _masked(found)
    if json:
        as_json(found)
    else:
        print("\n".join(f"{key.replace('_', ' '):<14}{shown(value)}" for key, value in found.items()))


@app.command()
def retry(context: typer.Context, record: Record, reason: Reason, who: Who, json: JsonFlag = False) -> None:
    """Let the service try an event again · 重试."""
    _decide(context.obj, record, "retried", json, lambda tx, no: parked.retry(tx, no, who, reason))


@app.command()
def archive(context: typer.Context, record: Record, reason: Reason, who: Who, json: JsonFlag = False) -> None:
    """Give an event up; its ticket's later events go on · 归档."""
    _decide(context.obj, record, "archived", json, lambda tx, no: parked.archive(tx, no, who, reason))


def _masked(row: dict[str, Any]) -> dict[str, Any]:
    """What the sender wrote outside the message's body, without numbers that identify somebody."""
    return {name: masked(row[name]) for name in SENT if row.get(name)}


def _decide(place: Place, record: str, done: str, json: bool, decision: Callable[[Tx, int], None]) -> None:
    service, no = _parts(record)
    _on(place, service, lambda tx: decision(tx, no))
    if json:
        as_json({"record": record, "state": done})
    else:
        print(f"{record} is {done}")


def _on(place: Place, service: str, work: Callable[[Tx], Any]) -> Any:
    try:
        with place.transaction(service) as tx:
            return work(tx)
    except parked.ParkedError as error:
        raise Failure(f"{service}: {error}. `fengge parked list` shows what is open.") from None


def _parts(record: str) -> tuple[str, int]:
    service, _, no = record.partition(":")
    if service not in LEDGERS or not no.isdigit():
        raise typer.BadParameter(f"{record!r} is not like ticket:12; services are {', '.join(LEDGERS)}")
    return service, int(no)
