"""`fengge notify`: where messages stand, which calls are to be made, who wants none, what is wrong."""

import getpass
from typing import Annotated, Literal

import typer

from chassis.clock import now
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, table
from services.notification import channel_store, template_store
from services.notification.signing import fingerprint
from services.notification.templates import MissingText, render

app = typer.Typer(help="Messages to people · 通知", no_args_is_help=True)

By = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who decides; it goes on record.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]
Address = Annotated[str, typer.Argument(help="Telephone number or e-mail address; it is not kept.")]
Channel = Annotated[
    Literal["sms", "app", "smtp", "all"], typer.Option(help="Through which channel nothing goes.")
]


@app.command()
def show(context: typer.Context, number: str, json: JsonFlag = False) -> None:
    """Where each message about a ticket stands · 投递情况."""
    place: Place = context.obj
    with place.transaction("notification") as tx:
        rows = channel_store.of_ticket(tx, number)
    if json:
        as_json(rows)
        return
    keys = ("template", "channel", "state", "attempt", "due_at", "error")
    print(table(keys, [[row[key] for key in keys] for row in rows]))


@app.command()
def calls(context: typer.Context, limit: Limit = 50, json: JsonFlag = False) -> None:
    """The calls to make, with what is to be said · 待回访.

    Whom to ring tells `fengge vault reveal REF --role operator --purpose callback`.
    """
    place: Place = context.obj
    with place.transaction("notification") as tx:
        template_store.in_use(tx)
        rows = channel_store.calls(tx, limit)
    for row in rows:
        try:
            row["say"] = " ".join(render(row["template"], row.pop("fields"))[1].split())
        except MissingText:
            row["say"] = row["template"]
    if json:
        as_json(rows)
    elif not rows:
        print("nobody is to be called")
    else:
        keys = ("due_at", "attempt", "destination", "error", "key", "say")
        print(table(keys, [[row[key] for key in keys] for row in rows], widest=72))


@app.command()
def called(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="As `fengge notify calls` shows it.")],
    by: By,
    reached: Annotated[bool, typer.Option("--reached/--missed", help="Whether somebody answered.")] = True,
) -> None:
    """Note that a call was made; whoever was missed is called again later · 登记回访."""
    place: Place = context.obj
    with place.transaction("notification") as tx:
        if not channel_store.called(tx, key, reached, by):
            raise Failure(f"There is no call {key} to make, or it is noted already.")
    print("noted: reached" if reached else "noted: missed, it comes back later")


@app.command("opt-out")
def opt_out(context: typer.Context, address: Address, by: By, channel: Channel = "all") -> None:
    """Send somebody nothing from now on · 退订.

    Only a keyed fingerprint of the address is kept.
    """
    place: Place = context.obj
    mark = fingerprint(place.notify_token(), address)
    with place.transaction("notification") as tx:
        channel_store.opt_out(tx, mark, channel, by)
    print(f"nothing goes there any more ({channel})")


@app.command("opt-in")
def opt_in(context: typer.Context, address: Address, channel: Channel = "all") -> None:
    """Take that back · 恢复接收."""
    place: Place = context.obj
    mark = fingerprint(place.notify_token(), address)
    with place.transaction("notification") as tx:
        print(f"{channel_store.opt_in(tx, mark, channel)} opt-outs taken back")


@app.command()
def alarms(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    clear: Annotated[
        str | None, typer.Option(help="Kind and subject of one that is seen to: KIND/ABOUT.")
    ] = None,
    limit: Limit = 50,
    json: JsonFlag = False,
) -> None:
    """Channels that are down and systems that cannot be told · 告警."""
    place: Place = context.obj
    with place.transaction("notification") as tx:
        if clear:
            kind, _, about = clear.partition("/")
            channel_store.clear_alarm(tx, kind, about, now())
        rows = channel_store.alarms(tx, everything, limit)
    if json:
        as_json(rows)
    elif not rows:
        print("no alarm stands")
    else:
        keys = ("raised_at", "kind", "about", "said", "cleared_at")
        print(table(keys, [[row[key] for key in keys] for row in rows]))
