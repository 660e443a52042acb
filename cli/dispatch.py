"""`fengge dispatch`: who is asked and why, what a desk orders, and what other rules would have done."""

from typing import Annotated

import typer

from cli import backtest, desk, explaining, routing
from cli.place import Place
from cli.say import JsonFlag, listing
from services.dispatch import desk_store

app = typer.Typer(help="Who is asked, and why · 派单", no_args_is_help=True)

Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]


@app.command()
def objections(context: typer.Context, limit: Limit = 50, json: JsonFlag = False) -> None:
    """Disputed tickets that wait for an adjudicator, the oldest first · 待审定."""
    place: Place = context.obj
    with place.transaction("dispatch") as tx:
        rows = desk_store.disputed(tx, limit)
    listing(rows, json, "nothing is disputed")


@app.command()
def calls(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also who has arrived.")] = False,
    limit: Limit = 50,
    json: JsonFlag = False,
) -> None:
    """Departments that were called to a place and are not there yet · 吹哨未到."""
    place: Place = context.obj
    with place.transaction("dispatch") as tx:
        rows = desk_store.calls(tx, everything, limit)
    listing(rows, json, "no department is awaited")


app.command()(explaining.explain)
app.command()(backtest.backtest)
app.command()(routing.rules)
app.command()(routing.adopt)
for order in (desk.assign, desk.reassign, desk.withdraw, desk.adjudicate, desk.whistle, desk.arrive):
    app.command()(order)
