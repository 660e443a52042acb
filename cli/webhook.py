"""`fengge webhook`: which other systems are told of which facts, and how that goes."""

import getpass
import re
import secrets
import time
from datetime import datetime
from typing import Annotated, Any

import typer

from chassis import settings
from chassis.clock import now
from chassis.database import Tx
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, table
from contracts.public import TYPES
from services.notification import channel_store, signing, subscription_store, webhook_store
from services.notification.channels.reach import NoWay, foreign
from services.notification.subscribers import NAME, OVERLAP, TEST

app = typer.Typer(help="Webhooks of other systems · 其他系统的订阅", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The subscriber, e.g. city-brain.")]
By = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who decides; it goes on record.")]
Networks = Annotated[
    str,
    typer.Option(
        "--networks", envvar="WEBHOOK_NETWORKS", help="Private networks that are allowed."
    ),
]  # fmt: skip


@app.command()
def create(
    context: typer.Context,
    name: Name,
    url: Annotated[str, typer.Argument(help="https://…, where the facts are posted.")],
    event: Annotated[
        list[str], typer.Option(help="Event type or short name, e.g. TicketClosed; repeatable.")
    ],
    by: By,
    source: Annotated[
        list[str] | None, typer.Option(help="Of whose tickets it hears; repeatable. Without it, of all.")
    ] = None,
    grid: Annotated[
        list[str] | None, typer.Option(help="Of which cells, by how their codes begin; repeatable.")
    ] = None,
    networks: Networks = "",
    json: JsonFlag = False,
) -> None:
    """Let a system subscribe; its secret is shown this once · 新建订阅."""
    place: Place = context.obj
    if not re.fullmatch(NAME, name):
        raise Failure(f"{name!r} is not like city-brain: small letters, digits and hyphens")
    types = sorted({_type(each) for each in event})
    try:
        foreign(url, settings.CHECKS["webhook_networks"](networks))
    except NoWay as refusal:
        raise Failure(f"Nothing may be sent there: {refusal.code}.") from None
    root = place.notify_token()
    with place.transaction("notification") as tx:
        if not webhook_store.create(tx, name, url, types, by, source, grid or ()):
            raise Failure(f"There is a subscriber {name} already.")
    _tell_secret(name, signing.written(signing.webhook_secret(root, name, 1)), json, types=types)


@app.command("list")
def list_(context: typer.Context, json: JsonFlag = False) -> None:
    """Who subscribes to what, and how it goes · 订阅清单."""
    place: Place = context.obj
    with place.transaction("notification") as tx:
        rows = webhook_store.listed(tx)
    if json:
        as_json(rows)
        return
    keys = ("id", "state", "reason", "vouched", "failing_since", "under_way", "url")
    print(table((*keys, "types"), [[*(row[key] for key in keys), len(row["types"])] for row in rows]))


@app.command()
def rotate(context: typer.Context, name: Name, json: JsonFlag = False) -> None:
    """Give a new secret; the old one signs beside it for 24 hours · 轮换密钥."""
    place: Place = context.obj
    root, at = place.notify_token(), now()
    with place.transaction("notification") as tx:
        number = webhook_store.rotate(tx, name, at + OVERLAP, at)
    if number is None:
        raise Failure(f"There is no subscriber {name}, or its last rotation is not over yet.")
    _tell_secret(name, signing.written(signing.webhook_secret(root, name, number)), json)


@app.command()
def pause(
    context: typer.Context, name: Name, reason: Annotated[str, typer.Option(help="Why.")] = "paused by hand"
) -> None:
    """Tell a system nothing until it is resumed; what happens is kept for a while (keep_days) · 暂停."""
    _set(context, name, "paused", reason)


@app.command()
def resume(context: typer.Context, name: Name) -> None:
    """Tell a system again, also one that was gone or disabled · 恢复."""
    _set(context, name, "active", None)


@app.command("test")
def try_out(
    context: typer.Context,
    name: Name,
    wait: Annotated[
        float, typer.Option(min=0, max=60, help="Seconds to wait for what becomes of it.")
    ] = 10.0,
) -> None:
    """Send a message that says nothing, and see what becomes of it · 测试."""
    place: Place = context.obj
    ident = f"msg_test_{secrets.token_hex(8)}"
    with place.transaction("notification") as tx:
        _known(tx, name)
        said = "This is a test. 这是一条测试消息。"
        webhook_store.queue(tx, [webhook_store.test_post(ident, name, TEST, now(), said)])
    tries: list[dict[str, Any]] = []
    end = time.monotonic() + wait
    while not tries and time.monotonic() < end:
        time.sleep(0.2)
        with place.transaction("notification") as tx:
            tries = [row for row in webhook_store.log(tx, name, 50) if row["key"].startswith(ident)]
    if not tries:
        raise Failure("It waits for its turn: is the notification service running, is the subscriber active?")
    print(_outcome(tries[0]))
    raise typer.Exit(0 if tries[0]["error"] is None else 1)


@app.command()
def log(
    context: typer.Context,
    name: Name,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="What is under way instead of what was tried.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: JsonFlag = False,
) -> None:
    """The last tries, newest first · 投递记录."""
    place: Place = context.obj
    with place.transaction("notification") as tx:
        _known(tx, name)
        rows = (webhook_store.under_way if waiting else webhook_store.log)(tx, name, limit)
    if json:
        as_json(rows)
        return
    keys = (
        ("key", "event_type", "attempt", "due_at")
        if waiting
        else ("at", "no", "event_type", "attempt", "status", "error", "ms", "state", "key")
    )
    print(table(keys, [[row[key] for key in keys] for row in rows], widest=64))


@app.command()
def replay(
    context: typer.Context,
    name: Name,
    since: Annotated[
        datetime | None, typer.Option(help="What was given up or dropped from then on: 2026-11-21T08:00:00.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--from", help="All from this number on, also what came.")
    ] = None,
) -> None:
    """Send again what was given up or dropped, or all from a number on · 重新投递."""
    place: Place = context.obj
    if (since is None) == (number is None):
        raise Failure("Say either --since or --from.")
    with place.transaction("notification") as tx:
        _known(tx, name)
        count = (
            webhook_store.again(tx, name, since.astimezone(), now())
            if since
            else subscription_store.again(tx, name, number or 0, now())
        )
    print(f"{count} messages are queued again")


def _type(text: str) -> str:
    found = [each for each, event in TYPES.items() if text in (each, event.__name__)]
    if not found:
        raise Failure(f"{text!r} is no event that can be subscribed to; docs/integrators.md lists them.")
    return found[0]


def _set(context: typer.Context, name: str, state: str, reason: str | None) -> None:
    place: Place = context.obj
    with place.transaction("notification") as tx:
        if not webhook_store.set_state(tx, name, state, reason):
            raise Failure(f"There is no subscriber {name}.")
        channel_store.clear_alarm(tx, "webhook_ended", name, now())
    print(f"{name} is {state}")


def _known(tx: Tx, name: str) -> None:
    if all(row["id"] != name for row in webhook_store.listed(tx)):
        raise Failure(f"There is no subscriber {name}.")


def _tell_secret(name: str, secret: str, json: bool, **more: Any) -> None:
    if json:
        as_json({"id": name, "secret": secret, **more})
    else:
        print(f"{name}: the secret is shown this once\n{secret}")


def _outcome(row: dict[str, Any]) -> str:
    answer = f"status {row['status']}" if row["status"] else "no answer"
    return f"{row['error'] or 'received'} ({answer}, {row['ms']} ms)"
