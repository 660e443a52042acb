"""`fengge contract`: what is left of bought services, approvals beyond it, and the settlement."""

import getpass
from datetime import date
from typing import Annotated, Literal

import typer

from chassis.clock import now
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, listing, table
from cli.sheets import as_csv
from contracts.terms import CHINA
from services.dispatch import contract_store
from services.dispatch.contract_store import NotPossible

app = typer.Typer(help="Bought services · 购买服务合同", no_args_is_help=True)

Code = Annotated[str, typer.Argument(metavar="CODE", help="The contract's code, e.g. HT-2026-001.")]
Month = Annotated[str | None, typer.Option(help="A month, e.g. 2026-11.")]
By = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who allows it; it goes on record.")]


@app.command("list")
def list_(context: typer.Context, json: JsonFlag = False) -> None:
    """Contracts with what is left of them · 合同余额."""
    place: Place = context.obj
    with place.transaction("dispatch") as tx:
        rows = contract_store.contracts(tx, now().astimezone(CHINA).date())
    listing(rows, json, "no contract was imported yet: `fengge import contracts.csv`")


@app.command()
def settlement(
    context: typer.Context,
    contract: Annotated[str | None, typer.Argument(metavar="CODE", help="Only this contract.")] = None,
    month: Month = None,
    form: Annotated[Literal["table", "csv"], typer.Option("--format", help="A table, or a sheet.")] = "table",
    json: JsonFlag = False,
) -> None:
    """What was done under each contract, month by month · 结算单.

    Counted from the entries of each unit; `differs` must be no. With a contract and a month: its tickets too.
    How it was rated, and the mark for it: `fengge report month 2026-11 --by contract`.
    """
    place, day = context.obj, month_of(month)
    with place.transaction("dispatch") as tx:
        rows = contract_store.settlement(tx, contract, day)
        tickets = contract_store.settled_tickets(tx, contract, day) if contract and day else []
    if json:
        as_json({"settlement": rows, "tickets": tickets})
    elif form == "csv" and rows:
        print(as_csv(list(rows[0]), [list(row.values()) for row in rows]), end="")
    else:
        listing(rows, json, "nothing was offered under a contract then")
        if tickets:
            print("\n" + table(("ticket", "done at"), [list(row.values()) for row in tickets]))


@app.command()
def approve(
    context: typer.Context,
    code: Code,
    units: Annotated[int, typer.Option(help="How many units; negative takes them back.")],
    reason: Annotated[str, typer.Option(help="Why; it goes on record.")],
    by: By,
    month: Month = None,
) -> None:
    """Allow more than the quota, in total or of one month · 超额审批."""
    place: Place = context.obj
    if not units:
        raise Failure("--units 0 allows nothing.")
    try:
        with place.transaction("dispatch") as tx:
            contract_store.approve(tx, code, month_of(month), units, reason, by)
    except NotPossible as error:
        raise Failure(f"{error} `fengge contract list` shows what there is.") from None
    print(f"{code}: {units:+} {'in total' if month is None else f'in {month}'}")


def month_of(text: str | None) -> date | None:
    """The first day of a month as people write it; raises Failure."""
    if text is None:
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Failure(f"{text!r} is no month; write it as 2026-11.") from None
