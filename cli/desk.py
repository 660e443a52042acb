"""`fengge dispatch assign`, `reassign`, `withdraw`, `adjudicate`, `whistle`, `arrive`: what a desk orders."""

from typing import Annotated, Any, Literal

import typer

from cli.life import said_of
from cli.merging import written_out
from cli.place import Place
from cli.say import JsonFlag, as_json, table
from cli.sheet import moment_or_failure
from cli.spoken import tell
from contracts import intake
from contracts.actor import Actor
from contracts.terms import Role, WhistleCause
from services.console.ticket.facts import name_of

Number = Annotated[str, typer.Argument(metavar="NO", help="The ticket's number.")]
To = Annotated[str, typer.Option("--to", metavar="CODE", help="Code of an assignee, or of a unit.")]
Reason = Annotated[str, typer.Option(help="A code that says why; it is published.")]
By = Annotated[str, typer.Option("--by", metavar="CODE", help="Who orders it, by code; it is published.")]
DeskRole = Annotated[Literal["operator", "supervisor"], typer.Option("--role", help="In which role.")]
Basis = Annotated[str, typer.Option(help="The grounds in words; they stay inside.")]


def assign(
    context: typer.Context, number: Number, to: To, reason: Reason, by: By, role: DeskRole = "operator",
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Name who is asked while nobody has accepted the work · 指派.

    The lists, conflicts of interest, contracts and duty bind a desk too; skills, load and hours do not.
    """
    said = intake.AssignmentOrdered(
        ticket=written_out(number), actor=Actor(role=role, id=by), assignee=to, reason_code=reason
    )
    _order(context.obj, said, json)


def reassign(
    context: typer.Context, number: Number, to: To, reason: Reason, by: By, role: DeskRole = "operator",
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Take the work from whoever has it and name who is asked instead · 改派."""
    said = intake.ReassignmentOrdered(
        ticket=written_out(number), actor=Actor(role=role, id=by), assignee=to, reason_code=reason
    )
    _order(context.obj, said, json)


def withdraw(
    context: typer.Context, number: Number, reason: Reason, by: By, role: DeskRole = "operator",
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Take an offer, or the work, back; the next candidate is asked · 收回派单."""
    said = intake.WithdrawalOrdered(
        ticket=written_out(number), actor=Actor(role=role, id=by), reason_code=reason
    )
    _order(context.obj, said, json)


def adjudicate(
    context: typer.Context, number: Number, to: To, reason: Reason, by: By, basis: Basis = "",
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Rule whose a disputed ticket is: it binds, and is a precedent · 审定.

    `fengge dispatch objections` lists what waits for a ruling.
    """
    said = intake.ObjectionRuled(
        ticket=written_out(number), actor=Actor(role="adjudicator", id=by), assignee=to, reason_code=reason,
        basis=basis,
    )  # fmt: skip
    _order(context.obj, said, json)


def whistle(
    context: typer.Context, number: Number,
    department: Annotated[list[str], typer.Option(help="Code of a department; repeatable, at most 10.")],
    cause: Annotated[WhistleCause, typer.Option(help="Why departments are needed at the place.")],
    arrive_by: Annotated[str, typer.Option(help="e.g. 2026-11-27T16:00, in China's time.")],
    reason: Reason, by: By, role: DeskRole = "supervisor", basis: Basis = "", json: JsonFlag = False,
) -> None:  # fmt: skip
    """Call departments to the place; who has the work keeps it · 街乡吹哨.

    `fengge dispatch arrive` notes who is there; `fengge score NO DEPARTMENT` scores it afterwards.
    """
    if len(department) > 10:
        raise typer.BadParameter("at most 10 departments are called at once")
    said = intake.WhistleBlown(
        ticket=written_out(number), actor=Actor(role=role, id=by), cause=cause, departments=department,
        arrive_by=moment_or_failure(arrive_by), reason_code=reason, basis=basis,
    )  # fmt: skip
    _order(context.obj, said, json)


def arrive(
    context: typer.Context, number: Number,
    department: Annotated[str, typer.Option(help="Code of the department that is there.")],
    by: By,
    at: Annotated[str | None, typer.Option(help="Since when, e.g. 2026-11-27T15:40; without it now.")] = None,
    role: Annotated[
        Literal["operator", "supervisor", "assignee"], typer.Option(help="assignee: the department itself.")
    ] = "operator",
    json: JsonFlag = False,
) -> None:  # fmt: skip
    """Note that a department which was called is there · 部门报到."""
    actor_role: Role = role
    said = intake.ArrivalReported(
        ticket=written_out(number), actor=Actor(role=actor_role, id=by), department=department,
        at=moment_or_failure(at) if at else None,
    )  # fmt: skip
    _order(context.obj, said, json)


def _order(place: Place, said: intake.Said, json: bool) -> None:
    """Sends an order and shows what followed; raises Failure with the reason where it was refused."""
    facts: list[dict[str, Any]] = tell(place, said, service="dispatch")
    if json:
        as_json({"ticket": said.ticket, "facts": facts})
        return
    print(table(("event", "what"), [(name_of(one), said_of(one["data"])) for one in facts], widest=120))
