"""`fengge parked`: decisions about many records are jobs; what one would do, how far it is, undoing it."""

import getpass
import sys
import time
from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

import typer

from chassis.database import Tx
from chassis.decisions import By
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, table
from contracts.registry import LEDGERS
from services.console.failed import jobs
from services.console.failed.domain import HIGHEST_RATE, Plan, Progress, Scope
from services.console.failed.jobs import JobError
from services.console.failed.mender import Mender
from services.console.failed.telling import plan_lines, progress_line

T = TypeVar("T")

ROOM = "console"
LOOK_EVERY = 1.0
"""Seconds between looks at a job that somebody else works off."""

Service = Literal["ticket", "dispatch", "notification", "evaluation", "gateway"]
Reason = Annotated[str, typer.Option(help="Why; it goes on record.")]
Who = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who decides; it goes on record.")]
Group = Annotated[str | None, typer.Option("--group", help="All of one group, e.g. ticket:3f9a1c02b7.")]
All = Annotated[bool, typer.Option("--all", help="All that is open (of --service).")]
Of = Annotated[Service | None, typer.Option(help="Only of this service.")]
Rate = Annotated[float, typer.Option(min=0.1, max=HIGHEST_RATE, help="Records a second.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
Follow = Annotated[bool, typer.Option("--follow", help="Tell how far it is until it has ended.")]
Here = Annotated[bool, typer.Option("--here", help="Work it off in this command: no console is needed.")]
Job = Annotated[int, typer.Argument(metavar="JOB", help="The number of a job.")]


def scope_of(place: Place, group: str | None, all_: bool, service: str | None) -> Scope | None:
    """What --group or --all mean; None where neither is given."""
    if group and all_:
        raise typer.BadParameter("--group or --all, not both")
    if group:
        with place.transaction(ROOM) as tx:
            return _known(lambda: jobs.scope_of(tx, group))
    return Scope(service=service) if all_ else None


def dry_run(place: Place, kind: str, scope: Scope, rate: float, json: bool) -> None:
    """Tells what a decision would do."""
    with place.transaction(ROOM) as tx:
        plan = jobs.plan(tx, kind, scope, rate)
    if json:
        as_json(as_document(plan))
    else:
        print("\n".join(f"{zh} · {en}" for zh, en in plan_lines(plan)))


def as_document(plan: Plan) -> dict[str, object]:
    """A dry run for scripts."""
    names = ("kind", "rate", "records", "able", "tickets", "urgent", "holds_back", "seconds")
    shares = [{name: getattr(each, name) for name in each.__struct_fields__} for each in plan.shares]
    return {name: getattr(plan, name) for name in names} | {"some": list(plan.some), "shares": shares}


def begin(
    place: Place, kind: str, scope: Scope, rate: float, by: By, *, follow: bool, here: bool, json: bool
) -> None:
    """Makes a job, and stays with it if that is asked for."""
    with place.transaction(ROOM) as tx:
        job = jobs.begin(tx, kind, scope, rate, by.who, by.reason)
    stay(place, job, follow=follow, here=here, json=json)


def stay(place: Place, job: int, *, follow: bool, here: bool, json: bool) -> None:
    """Works a job off or follows it, and tells how far it has come."""
    mender = Mender(lambda: place.transaction(ROOM))
    found = _progress(place, job)
    while (follow or here) and found.state == "running":
        time.sleep(mender.turn() if here else LOOK_EVERY)
        found = _progress(place, job)
        if follow and not json:
            _say(found)
    if json:
        as_json(_document(found))
    elif not follow:
        _say(found, last=True)
    else:
        print()
    if found.state == "stopped":
        raise typer.Exit(1)


def groups(context: typer.Context, service: Of = None, json: JsonFlag = False) -> None:
    """What is parked, by service, type and cause: how many tickets wait for it · 按原因分组."""
    place: Place = context.obj
    with place.transaction(ROOM) as tx:
        found = jobs.groups(tx, [service] if service else LEDGERS)
    rows = [
        (each.key, each.records, each.urgent, each.tickets, each.holds_back, each.oldest, each.type,
         each.reason, each.cause)
        for each in found
    ]  # fmt: skip
    titles = (
        "分组\ngroup", "条数\nrecords", "紧急\nurgent", "工单\ntickets", "后续等待\nheld back",
        "最早\noldest", "类型\ntype", "原因\nreason", "详情\ncause",
    )  # fmt: skip
    if json:
        names = [title.partition("\n")[2].replace(" ", "_") for title in titles]
        as_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print(table(titles, rows, widest=40) if rows else "没有搁置 · nothing is parked")


def list_jobs(context: typer.Context, json: JsonFlag = False) -> None:
    """Jobs, the newest first · 批量任务."""
    place: Place = context.obj
    with place.transaction(ROOM) as tx:
        found = jobs.all_progress(tx)
    if json:
        as_json([_document(each) for each in found])
        return
    titles = (
        "任务\njob",
        "操作\nkind",
        "状态\nstate",
        "进度\ndone",
        "速率\nrate",
        "操作人\nwho",
        "理由\nreason",
    )
    rows = [
        (each.id, each.kind, each.state, f"{each.done}/{each.total}", f"{each.rate:g}/s", each.who,
         each.reason)
        for each in found
    ]  # fmt: skip
    print(table(titles, rows, widest=40) if rows else "没有任务 · there are no jobs")


def job(
    context: typer.Context, job: Job, follow: Follow = False, here: Here = False, json: JsonFlag = False
) -> None:
    """How far a job is · 任务进度."""
    stay(context.obj, job, follow=follow, here=here, json=json)


def stop(context: typer.Context, job: Job, json: JsonFlag = False) -> None:
    """Stop a job; what it has not come to stays as it is · 停止任务."""
    _change(context.obj, lambda tx: jobs.stop(tx, job))
    _show(context.obj, job, json)


def go_on(
    context: typer.Context, job: Job, follow: Follow = False, here: Here = False, json: JsonFlag = False
) -> None:
    """Let a stopped job go on where it was · 继续任务."""
    _change(context.obj, lambda tx: jobs.go_on(tx, job))
    stay(context.obj, job, follow=follow, here=here, json=json)


def undo(
    context: typer.Context, job: Job, reason: Reason, who: Who, dry: DryRun = False, follow: Follow = False,
    here: Here = False, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Stop a job and take back what it has done, where nothing has followed from it yet · 撤销任务."""
    place: Place = context.obj
    if dry:
        with place.transaction(ROOM) as tx:
            kind, scope, rate = _known(lambda: jobs.undo_plan(tx, job))
        dry_run(place, kind, scope, rate, json)
        return
    with place.transaction(ROOM) as tx:
        undone = _known(lambda: jobs.undo(tx, job, who, reason))
    stay(place, undone, follow=follow, here=here, json=json)


def join(app: typer.Typer) -> None:
    """Makes these commands part of `fengge parked`."""
    app.command()(groups)
    app.command("jobs")(list_jobs)
    for command in (job, stop, go_on, undo):
        app.command()(command)


def _change(place: Place, change: Callable[[Tx], None]) -> None:
    with place.transaction(ROOM) as tx:
        _known(lambda: change(tx))


def _known(asked: Callable[[], T]) -> T:
    try:
        return asked()
    except JobError as error:
        raise Failure(f"{error}.") from None


def _progress(place: Place, job: int) -> Progress:
    with place.transaction(ROOM) as tx:
        return _known(lambda: jobs.progress(tx, job))


def _show(place: Place, job: int, json: bool) -> None:
    found = _progress(place, job)
    if json:
        as_json(_document(found))
    else:
        _say(found, last=True)


def _document(found: Progress) -> dict[str, object]:
    derived = {name: getattr(found, name) for name in ("to_do", "percent", "seconds_left")}
    return {name: getattr(found, name) for name in found.__struct_fields__} | derived


def _say(found: Progress, *, last: bool = False) -> None:
    """One line, over the one before where somebody looks."""
    line = " · ".join(progress_line(found))
    if sys.stdout.isatty() and not last:
        print(f"\r{line}\033[K", end="", flush=True)
    else:
        print(line, flush=True)
