"""`fengge callback`: requesters who have not rated and are to be called, and what came of it."""

from typing import Annotated

import typer

from chassis.clock import now
from cli.merging import written_out
from cli.place import Place
from cli.say import JsonFlag, listing
from cli.spoken import tell
from contracts.actor import Actor
from contracts.intake import CallbackMade
from contracts.terms import CallOutcome, Resolved, Satisfaction
from services.evaluation import store

app = typer.Typer(help="Calls to who has not rated · 回访", no_args_is_help=True)

TITLES = ("ticket", "category", "done by", "window ends", "calls", "first call")


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: JsonFlag = False,
) -> None:
    """Whom to call: not rated, the window soon over, no more than three calls · 待回访.

    The number tells `fengge vault reveal NO --role operator --purpose callback`.
    """
    place: Place = context.obj
    with place.transaction("evaluation") as tx:
        rows = store.calls(tx, now(), limit)
    listing(rows, json, "nobody is to be called", TITLES)


@app.command()
def done(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NO", help="The ticket's number.")],
    outcome: Annotated[CallOutcome, typer.Option(help="What came of it.")],
    by: Annotated[str, typer.Option("--by", help="The operator's code; it is published.")],
    resolved: Annotated[Resolved | None, typer.Option(help="The first question, if rated.")] = None,
    satisfaction: Annotated[Satisfaction | None, typer.Option(help="The second question.")] = None,
    reason: Annotated[str | None, typer.Option(help="A code: why dissatisfied.")] = None,
) -> None:
    """Note what came of a call; unreached means unrated, never satisfied · 登记回访结果."""
    if outcome == "reached_rated" and not (resolved and satisfaction):
        raise typer.BadParameter("who rates answers both questions: --resolved and --satisfaction")
    number = written_out(number)
    said = CallbackMade(
        ticket=number, actor=Actor(role="operator", id=by), outcome=outcome, resolved=resolved,
        satisfaction=satisfaction, reason=reason,
    )  # fmt: skip
    facts = tell(context.obj, said, service="evaluation")
    print(f"{number}: call {facts[0]['data']['number']} noted, {outcome.replace('_', ' ')}")
