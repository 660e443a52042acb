"""`fengge rota`: who is on duty, when nobody will be, and what passes on at the change of shift."""

from datetime import timedelta
from typing import Annotated

import typer

from chassis.clock import now
from cli.say import JsonFlag, listing
from cli.sheet import moment_or_failure
from services.dispatch import rota_store
from services.dispatch.handover import passing
from services.dispatch.shifts import gaps as gaps_in
from services.dispatch.shifts import on_duty, relieved_at

app = typer.Typer(help="Who is on duty · 值班表", no_args_is_help=True)

Cell = Annotated[str | None, typer.Argument(metavar="CELL", help="Only this cell.")]
At = Annotated[str | None, typer.Option(help="At this time in China, e.g. 2026-12-01T08:00; without it now.")]
NO_ROTA = "no cell has a rota: `fengge import rota.csv`"


@app.command()
def show(context: typer.Context, cell: Cell = None, at: At = None, json: JsonFlag = False) -> None:
    """Who is on duty: first those on duty, then substitutes, then leaders · 当班人员."""
    place, moment = context.obj, moment_or_failure(at) if at else now()
    with place.transaction("dispatch") as tx:
        rotas = rota_store.shifts(tx, moment, [cell] if cell else None)
    rows = [
        {"cell": code, "assignee": one.assignee, "role": one.role,
         "until": relieved_at(shifts, one.assignee, moment)}
        for code, shifts in rotas.items()
        for one in on_duty(shifts, moment)
    ]  # fmt: skip
    listing(rows, json, "nobody is on duty then" if rotas else NO_ROTA)


@app.command()
def gaps(
    context: typer.Context,
    cell: Cell = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How far to look ahead.")] = 14,
    json: JsonFlag = False,
) -> None:
    """When nobody will be on duty, not even a substitute · 值班空缺.

    The supervisor is told of each gap days before it (policy `rota`). Exit status 1 where there are gaps.
    """
    place, moment = context.obj, now()
    with place.transaction("dispatch") as tx:
        rotas = rota_store.shifts(tx, moment, [cell] if cell else None)
    rows = [
        {"cell": code, "from": gap.from_at, "until": gap.to_at}
        for code, shifts in rotas.items()
        for gap in gaps_in(shifts, moment, moment + timedelta(days=days))
    ]
    listing(rows, json, f"no gap in {days} days" if rotas else NO_ROTA)
    raise typer.Exit(1 if rows else 0)


@app.command()
def handover(
    context: typer.Context,
    assignee: Annotated[
        str | None, typer.Argument(metavar="CODE", help="Only what this person hands over.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Which open tickets pass from whom to whom, and when · 交接班清单.

    What is offered or accepted passes by itself at the change of shift, if somebody is on duty then. Whoever
    has called the requester keeps the ticket.
    """
    place, moment = context.obj, now()
    with place.transaction("dispatch") as tx:
        held = rota_store.held(tx, assignee)
        rotas = rota_store.shifts(tx, moment, sorted({case["grid"] for case in held}))
    listing(passing(held, rotas, moment), json, "no rota holds any ticket")
