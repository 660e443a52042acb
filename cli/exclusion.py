"""`fengge exclusion`: cases that are to count in no rate, asked for, approved by two, taken back."""

from typing import Annotated, Literal

import typer

from cli.merging import written_out
from cli.place import Place
from cli.say import JsonFlag, listing
from cli.spoken import tell
from contracts.actor import Actor
from contracts.intake import ExclusionAsked, ExclusionDecided
from contracts.terms import ExclusionGround
from services.evaluation import store

app = typer.Typer(help="Cases that count in no rate · 剔除", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NO", help="The ticket's number.")]
By = Annotated[str, typer.Option("--by", help="Who says so, by code; it is published.")]
TITLES = ("ticket", "unit", "assignee", "ground", "asked by", "approved by")


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: JsonFlag = False,
) -> None:
    """Exclusions that wait for the first or the second approval · 待审批的剔除申请."""
    place: Place = context.obj
    with place.transaction("evaluation") as tx:
        rows = store.claims(tx, limit)
    listing(rows, json, "no exclusion waits for an approval", TITLES)


@app.command()
def ask(
    context: typer.Context,
    number: Number,
    ground: Annotated[ExclusionGround, typer.Option(help="Why it should count in no rate.")],
    by: By,
    role: Annotated[Literal["assignee", "supervisor"], typer.Option(help="In which role.")] = "supervisor",
) -> None:
    """Ask that a case count in no rate; two others must approve · 申请剔除."""
    number = written_out(number)
    said = ExclusionAsked(ticket=number, actor=Actor(role=role, id=by), ground=ground)
    tell(context.obj, said, service="evaluation")
    print(f"{number}: asked for, two other people must approve")


@app.command()
def approve(
    context: typer.Context,
    number: Number,
    by: By,
    role: Annotated[Literal["supervisor", "adjudicator"], typer.Option(help="In which role.")] = "supervisor",
) -> None:
    """Approve it as the first or the second of two · 批准剔除."""
    number = written_out(number)
    said = ExclusionDecided(ticket=number, actor=Actor(role=role, id=by), approved=True)
    (fact, *_) = tell(context.obj, said, service="evaluation")
    done = "CaseExcluded" in fact["type"]
    print(f"{number}: {'it counts in no rate any more' if done else 'approved, one more must approve'}")


@app.command()
def refuse(
    context: typer.Context,
    number: Number,
    by: By,
    reason: Annotated[str, typer.Option(help="A code that says why.")],
    role: Annotated[Literal["supervisor", "adjudicator"], typer.Option(help="In which role.")] = "supervisor",
) -> None:
    """Refuse it, or take back one that holds: the case counts again · 不批准或撤销剔除."""
    number = written_out(number)
    actor = Actor(role=role, id=by)
    said = ExclusionDecided(ticket=number, actor=actor, approved=False, reason_code=reason)
    tell(context.obj, said, service="evaluation")
    print(f"{number}: it counts as any other")
