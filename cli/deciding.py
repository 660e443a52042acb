"""`fengge parked`: try records again, give them up, open them again, edit one."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from chassis import decisions, parked
from chassis.database import Tx
from chassis.decisions import By
from cli import mending
from cli.mending import All, DryRun, Follow, Group, Here, Of, Rate, Reason, Who
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json
from contracts.problem import ContractViolation
from contracts.registry import LEDGERS
from services.console.failed import bodies
from services.console.failed.domain import DEFAULT_RATE, Scope

T = TypeVar("T")

Record = Annotated[str, typer.Argument(metavar="RECORD", help="Service and number, e.g. ticket:12.")]
Maybe = Annotated[str | None, typer.Argument(metavar="[RECORD]", help="Service and number, e.g. ticket:12.")]
File = Annotated[Path, typer.Option("--file", exists=True, dir_okay=False, help="The whole edited message.")]
DONE = {"retry": "retried", "archive": "archived", "restore": "open"}


def retry(
    context: typer.Context, reason: Reason, who: Who, record: Maybe = None, group: Group = None,
    all_: All = False, service: Of = None, rate: Rate = DEFAULT_RATE, dry: DryRun = False,
    follow: Follow = False, here: Here = False, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Let the service try one event, a group or all again · 重试."""
    chosen = _chosen(context.obj, record, group, all_, service)
    _decide(context.obj, "retry", chosen, rate, By(who, reason), dry=dry, follow=follow, here=here, json=json)


def archive(
    context: typer.Context, reason: Reason, who: Who, record: Maybe = None, group: Group = None,
    rate: Rate = DEFAULT_RATE, dry: DryRun = False, follow: Follow = False, here: Here = False,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Give one event or a group up; their tickets' later events go on · 归档."""
    chosen = _chosen(context.obj, record, group, False, None)
    by = By(who, reason)
    _decide(context.obj, "archive", chosen, rate, by, dry=dry, follow=follow, here=here, json=json)


def restore(
    context: typer.Context, record: Record, reason: Reason, who: Who, dry: DryRun = False,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Open an archived record again, if its ticket has not gone on · 恢复 (many: `undo` of the job)."""
    by = By(who, reason)
    _decide(
        context.obj, "restore", parts(record), DEFAULT_RATE, by, dry=dry, follow=False, here=False, json=json
    )


def edit(
    context: typer.Context, record: Record, file: File, reason: Reason, who: Who, dry: DryRun = False,
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Try an event again with an edited body, which has to pass the gate; both are kept · 修改后重试."""
    (service, no), body = parts(record), file.read_bytes()
    found = on(context.obj, service, lambda tx: parked.shown(tx, no))
    try:
        type_ = bodies.passed(found, body)
    except ContractViolation as violation:
        raise Failure(f"{file}: {violation.problem}: {violation.detail}") from None
    changes = bodies.difference(bytes(found["body"]), body)
    if not json:
        for change in changes:
            print(f"{change.pointer or '/'}: {change.before} → {change.after}")
    edition = None
    if not dry:
        by = By(who, reason)
        edition = on(context.obj, service, lambda tx: decisions.edited(tx, no, body, type_, by))
    said = {"record": record, "state": "open" if dry else "retried", "changes": len(changes)}
    if json:
        as_json(said | {"edition": edition})
    else:
        print("试算，尚未改变 · dry run, nothing has been changed" if dry else f"{record} is retried, edited")


def join(app: typer.Typer) -> None:
    """Makes these commands part of `fengge parked`."""
    for command in (retry, archive, restore, edit):
        app.command()(command)


def on(place: Place, service: str, work: Callable[[Tx], T]) -> T:
    """What `work` comes to in the schema of a service; raises Failure."""
    try:
        with place.transaction(service) as tx:
            return work(tx)
    except parked.ParkedError as error:
        raise Failure(f"{service}: {error}. `fengge parked list` shows what is open.") from None


def parts(record: str) -> tuple[str, int]:
    """Service and number of a record."""
    service, _, no = record.partition(":")
    if service not in LEDGERS or not no.isdigit():
        raise typer.BadParameter(f"{record!r} is not like ticket:12; services are {', '.join(LEDGERS)}")
    return service, int(no)


def _chosen(
    place: Place, record: str | None, group: str | None, all_: bool, service: str | None
) -> tuple[str, int] | Scope:
    scope = mending.scope_of(place, group, all_, service)
    if (record is None) == (scope is None):
        raise typer.BadParameter("name one record, or --group, or --all")
    return parts(record) if record else scope or Scope()


def _decide(
    place: Place, kind: str, chosen: tuple[str, int] | Scope, rate: float, by: By, *, dry: bool,
    follow: bool, here: bool, json: bool,
) -> None:  # fmt: skip
    """One record at once, in the service's own schema; many as a job of the operators' room."""
    scope = chosen if isinstance(chosen, Scope) else Scope(service=chosen[0], no=chosen[1])
    if dry:
        mending.dry_run(place, kind, scope, rate, json)
    elif isinstance(chosen, Scope):
        mending.begin(place, kind, scope, rate, by, follow=follow, here=here, json=json)
    else:
        service, no = chosen
        on(place, service, lambda tx: decisions.decide(tx, kind, no, by))
        said = {"record": f"{service}:{no}", "state": DONE[kind]}
        if json:
            as_json(said)
        else:
            print(f"{said['record']} is {said['state']}")
