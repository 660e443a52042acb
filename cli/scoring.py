"""`fengge score` and `fengge report departments`: departments, scored by subdistricts and communities."""

from typing import Annotated, Any, Literal

import msgspec
import typer

from chassis.clock import now
from cli import sheets
from cli.merging import written_out
from cli.place import Place
from cli.reporting import checked
from cli.say import Failure, as_json, table
from cli.spoken import tell
from contracts.actor import Actor
from contracts.intake import DepartmentScored
from services.evaluation import score_store
from services.evaluation.scoresheet import LEAST_RATERS, Row, told
from services.evaluation.tally import month_of

TITLES = ("department", "raters", "scores", "mean", "shown")
FEW = f"fewer than {LEAST_RATERS} raters"


def score(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NO", help="The ticket's number.")],
    department: Annotated[str, typer.Argument(metavar="DEPARTMENT", help="The unit whose work it was.")],
    score: Annotated[int, typer.Option(min=1, max=5, help="5 is the best.")],
    rater: Annotated[
        str, typer.Option(help="Code of the subdistrict or community in whose area the ticket lies.")
    ],
    by: Annotated[str, typer.Option("--by", help="Who says so for it, by code; kept, never shown.")],
    reason: Annotated[str | None, typer.Option(help="A code that says why.")] = None,
    role: Annotated[Literal["supervisor", "operator"], typer.Option(help="In which role.")] = "supervisor",
) -> None:
    """Score a department's work on a ticket, once for each rater · 街道社区评价部门.

    Again in the same month it takes the place of the first. Nobody is shown a single score.
    """
    number = written_out(number)
    said = DepartmentScored(
        ticket=number, actor=Actor(role=role, id=by), department=department, rater=rater, score=score,
        reason_code=reason,
    )  # fmt: skip
    (kept, *_) = tell(context.obj, said, service="evaluation", kept=score_store.KEPT)
    print(f"{number}: {department} is scored, it counts in {kept['month']}")


def departments(
    context: typer.Context,
    month: Annotated[str, typer.Argument(help="e.g. 2026-10")],
    format: Annotated[Literal["table", "csv", "json"], typer.Option(help="How it is written.")] = "table",
) -> None:
    """How subdistricts and communities have scored departments in a month that is over · 部门评价.

    With fewer than three raters no number is shown. While a month lasts nothing is: whoever looked twice
    would read a single score from the difference.
    """
    checked(month)
    if month >= month_of(now()):
        raise Failure(f"{month} is not over yet: until then scores may change, and none is shown.")
    place: Place = context.obj
    with place.transaction("evaluation") as tx:
        rows = told(score_store.sums(tx, month))
    if format == "json":
        as_json(msgspec.to_builtins(rows))
    elif format == "csv":
        print(sheets.as_csv(TITLES, [_cells(row) for row in rows]).rstrip("\r\n"))
    elif not rows:
        print(f"no department was scored in {month}")
    else:
        print(table(TITLES, [_cells(row) for row in rows], widest=32))


def _cells(row: Row) -> tuple[Any, ...]:
    return row.department, row.raters, row.scores, row.mean, FEW if row.raters is None else "yes"
