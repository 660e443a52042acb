"""`fengge status`, `migrate` and `topology apply`: what runs, and what has to be there before it runs."""

import os
from typing import Annotated

import psycopg
import typer

from cli.place import START, Place
from cli.say import Failure, JsonFlag, as_json, table
from contracts.publisher.errors import TROUBLE
from deploy import gazetteer, offered
from deploy.local import house
from deploy.local.keeper import TROUBLE as OF_KEEPER
from deploy.schemas import bring_up_to_date

app = typer.Typer(help="Exchanges and queues on the broker · 消息拓扑", no_args_is_help=True)


def status(context: typer.Context, json: JsonFlag = False) -> None:
    """What runs here · 运行状况.

    Exit status 1 unless all is ready.
    """
    place: Place = context.obj
    rows = house.processes(place.run)
    if json:
        as_json({"run": str(place.run), "supervisor": house.supervisor(place.run), "processes": rows})
    elif not rows:
        print("nothing runs; `make up` starts it")
    else:
        keys = ("name", "state", "pid", "restarts")
        print(table(keys, [[row[key] for key in keys] for row in rows]))
    raise typer.Exit(0 if rows and all(row["state"] == "ready" for row in rows) else 1)


def migrate(context: typer.Context, json: JsonFlag = False) -> None:
    """Bring every service's tables up to date · 数据库迁移."""
    place: Place = context.obj
    try:
        applied = bring_up_to_date(place.owner_url())
    except psycopg.OperationalError as error:
        raise Failure(f"No database answers: {error}\n{START}") from None
    hand_over_directory(place)
    if json:
        as_json({"applied": applied})
    else:
        print(f"{applied} migrations applied")


def hand_over_directory(place: Place) -> None:
    """Lets places be found, and services be offered, by the directory as it is."""
    with place.transaction("dispatch") as tx, place.transaction("ticket") as ticket:
        gazetteer.hand_over(tx, ticket)
    hand_over_services(place)


def hand_over_services(place: Place) -> None:
    """Lets services be offered by the lists as they are."""
    with place.transaction("dispatch") as tx, place.transaction("gateway") as gateway:
        offered.hand_over(tx, gateway)


@app.callback()
def topology() -> None:
    """Exchanges and queues on the broker · 消息拓扑."""


@app.command()
def apply(
    context: typer.Context,
    publishers: Annotated[
        list[str] | None, typer.Argument(help="Outside systems that get a queue of replies (intake is one).")
    ] = None,
    shards: Annotated[int, typer.Option(min=1, max=1024, help="Shards of every service.")] = int(
        os.environ.get("SHARDS", "4")
    ),
    again: Annotated[
        bool,
        typer.Option("--resend", help="Send again what a service lacks."),
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Declare all of them · 声明.

    What exists stays as it is. With --resend the services' outboxes send again every fact that a subscriber
    has not taken; outside systems do the same with what they sent, and nothing takes effect twice.
    """
    from deploy import resend, topology  # loads every service to learn what it hears
    from deploy.local import outsiders

    place: Place = context.obj
    names = sorted({*house.PUBLISHERS, *(publishers or [])})
    try:
        topology.apply(place.amqp_url("admin"), shards, names)
        topology.hand_over(place.database_url("console"), shards, names)
        if known := outsiders.enrolled(place.database_url("gateway")):
            outsiders.bring_in_line(place.keeper(), place.amqp_url("admin"), known)
    except (*TROUBLE, *OF_KEEPER) as error:
        raise Failure(f"The broker did not take it: {type(error).__name__} {error}\n{START}") from None
    resent = resend.facts(place.owner_url()) if again else {}
    if json:
        as_json({"shards": shards, "publishers": names, "resent": resent})
    else:
        print(f"declared for {shards} shards; replies for {', '.join(names)}")
        for service, messages in resent.items():
            print(f"{service}: {messages} messages will be sent again")
