"""The command `fengge`; `python -m cli.main` is the same."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli import (
    account,
    calendar,
    callback,
    catalogue,
    client,
    conformance,
    contract,
    control,
    corrections,
    directory,
    dispatch,
    exclusion,
    figures,
    flow,
    house,
    member,
    notify,
    order,
    parked,
    playing,
    publishing,
    reconcile,
    reporting,
    rota,
    scoring,
    template,
    ticket,
    top,
    vault,
    webhook,
    whereabouts,
)
from cli.audit.command import audit
from cli.hotline.command import app as hotline
from cli.learning.command import classify, train
from cli.place import Place
from cli.say import Failure


class Told(TyperGroup):
    """Commands whose failures are told in words."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; a failure is told on standard error and ends with status 1."""
        try:
            return super().invoke(ctx)
        except Failure as failure:
            print(failure, file=sys.stderr)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Told,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def fengge(
    context: typer.Context,
    run: Annotated[
        Path | None,
        typer.Option(help="Run folder whose endpoints.json says where the servers are.", envvar="FENGGE_RUN"),
    ] = None,
) -> None:
    """Fengge 蜂格 routes residents' requests: request, event, assignment, rating.

    The servers are those of --run, else of AMQP_URL and DATABASE_URL, else of .run (what `make up` started).
    Exit status: 0 done, 1 refused or failed, 2 wrongly called.
    """
    context.obj = Place(run)


app.add_typer(ticket.app, name="ticket")
app.add_typer(order.app, name="order")
app.add_typer(dispatch.app, name="dispatch")
app.add_typer(parked.app, name="parked")
app.add_typer(flow.app, name="flow")
app.add_typer(control.app, name="control")
app.add_typer(calendar.app, name="calendar")
app.add_typer(vault.app, name="vault")
app.add_typer(template.app, name="template")
app.add_typer(notify.app, name="notify")
app.add_typer(webhook.app, name="webhook")
app.add_typer(contract.app, name="contract")
app.add_typer(member.app, name="member")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(rota.app, name="rota")
app.add_typer(client.app, name="client")
app.add_typer(account.app, name="account")
app.add_typer(hotline, name="hotline")
app.add_typer(reporting.app, name="report")
app.add_typer(callback.app, name="callback")
app.add_typer(exclusion.app, name="exclusion")
app.add_typer(whereabouts.app, name="place")
app.add_typer(corrections.app, name="corrections")
app.command("import")(directory.import_)
app.command()(directory.export)
reporting.app.command()(scoring.departments)
app.command()(scoring.score)
app.command()(publishing.publish)
app.command()(conformance.conformance)
app.command()(reconcile.reconcile)
app.command()(playing.demo)
app.command()(audit)
app.command()(top.top)
app.command()(train)
app.command()(classify)
app.command()(house.status)
app.command()(figures.figures)
app.command()(house.migrate)
app.add_typer(house.app, name="topology")

if __name__ == "__main__":
    app(prog_name="fengge")
