"""`fengge client`: which systems of other offices may enter by HTTP, by what, and for what."""

import getpass
from typing import Annotated, Any, cast

import msgspec
import typer

from chassis.clock import now
from cli import broker
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, table
from contracts.registry import INBOUND
from contracts.terms import Source
from services.gateway import client_store
from services.gateway.clients import ANY, NAME, OVERLAP, Kind
from services.gateway.enrolment import Application, Given, enrol
from services.gateway.enrolment import rotate as rotated

app = typer.Typer(help="Systems that enter by HTTP or at the broker · 接入系统", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The system, e.g. hotline-12345.")]
By = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who decides; it goes on record.")]
KINDS = ("api-key", "hmac", "oauth", "amqp")


@app.command()
def add(
    context: typer.Context,
    name: Name,
    by: By,
    source: Annotated[
        list[str] | None, typer.Option(help="Source that is its own, e.g. urn:hotline:12345; repeatable.")
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(help="Event type or short name, e.g. RequestSubmitted; repeatable. Without it, all."),
    ] = None,
    hears: Annotated[
        list[str] | None,
        typer.Option(help="With amqp: fact it hears at the broker, e.g. TicketClosed; repeatable."),
    ] = None,
    auth: Annotated[
        str, typer.Option(help="How it proves who it is: api-key, hmac, oauth; or amqp, at the broker.")
    ] = "api-key",
    subject: Annotated[
        str | None, typer.Option(help="The client_id in its tokens (oauth), where it is not NAME.")
    ] = None,
    any_ticket: Annotated[
        bool,
        typer.Option("--any-ticket", help="It works on tickets of others too: a desk, an assignee's system."),
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Let a system in; its secret is shown this once · 新建接入."""
    place: Place = context.obj
    if not NAME.fullmatch(name):
        raise Failure(f"{name!r} is not like hotline-12345: small letters, digits and hyphens")
    if auth not in KINDS:
        raise Failure(f"--auth: {auth!r} is none of {', '.join(KINDS)}")
    if hears and auth != "amqp":
        raise Failure("--hears is for --auth amqp; by HTTP there are webhooks: `fengge webhook create`.")
    if not (source or hears):
        raise Failure("--source is missing: without one it can send nothing.")
    wanted = Application(
        name=name, kind=cast(Kind, auth), sources=[_source(each) for each in source or []], by=by,
        types=sorted({_type(each) for each in event or [ANY]}), subject=subject, any_ticket=any_ticket,
        hears=broker.facts(hears or []),
    )  # fmt: skip
    with place.transaction("gateway") as tx:
        given = enrol(tx, wanted, _root(place, auth))
        if given is None:
            raise Failure(f"There is a client {name} already, or one with that subject.")
        if auth == "amqp":
            broker.let_in(place, tx, name)
    _tell(name, given, json)


@app.command("list")
def list_(context: typer.Context, json: JsonFlag = False) -> None:
    """Who may enter, and for what · 接入清单."""
    place: Place = context.obj
    with place.transaction("gateway") as tx:
        rows = client_store.listed(tx)
    if json:
        as_json(rows)
        return
    if not rows:
        print("nobody may enter; `fengge client add` lets a system in")
        return
    titles = ("name", "by", "state", "secrets", "any ticket", "last seen", "sources", "types", "hears")
    print(table(titles, [_row(row) for row in rows], widest=48))


@app.command()
def revoke(context: typer.Context, name: Name) -> None:
    """Shut a system out within a second, and its webhooks soon after · 停用."""
    _set(context, name, "revoked")


@app.command()
def restore(context: typer.Context, name: Name) -> None:
    """Let a system in again, with the secrets it had · 恢复."""
    _set(context, name, "active")


@app.command()
def rotate(
    context: typer.Context,
    name: Name,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="The old secret ends now, not in 24 hours.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Give a new secret; the old one is good beside it for 24 hours · 轮换密钥.

    At the broker there is one password: the old one ends now, and so do the connections made with it.
    """
    place: Place = context.obj
    with place.transaction("gateway") as tx:
        found = client_store.newest(tx, name)
        root = _root(place, found[0] if found else "")
        at_broker = found is not None and found[0] == "amqp"
        given = rotated(tx, name, root, now() if at_once or at_broker else now() + OVERLAP)
        if given is None:
            raise Failure(f"There is no active client {name} with a secret of ours.")
        broker.settle(place, tx, name, anew=True)
    _tell(name, given, json)


@app.command()
def hears(
    context: typer.Context,
    name: Name,
    event: Annotated[
        list[str] | None, typer.Option(help="Fact, e.g. TicketClosed; repeatable. Without it, none.")
    ] = None,
) -> None:
    """Let a system hear exactly these facts at the broker from now on · 订阅事实."""
    place: Place = context.obj
    facts = broker.facts(event or [])
    with place.transaction("gateway") as tx:
        if not client_store.outsiders(tx, name):
            raise Failure(f"There is no client {name} at the broker. `fengge client list` shows them.")
        client_store.set_hearing(tx, name, facts)
        broker.settle(place, tx, name)
    print(f"{name} hears {', '.join(facts) or 'nothing'}")


def _source(text: str) -> str:
    try:
        return msgspec.convert(text, Source)
    except msgspec.ValidationError:
        raise Failure(f"--source: {text!r} is no URI like urn:hotline:12345") from None


def _type(text: str) -> str:
    found = [each for each, event in INBOUND.items() if text in (each, event.__name__)]
    if text != ANY and not found:
        raise Failure(f"{text!r} is no event that can be sent; docs/integrators.md lists them.")
    return found[0] if found else ANY


def _root(place: Place, auth: str) -> str:
    """What secrets of signatures are derived from; the other kinds need none."""
    return place.gateway_token() if auth == "hmac" else ""


def _set(context: typer.Context, name: str, state: str) -> None:
    place: Place = context.obj
    with place.transaction("gateway") as tx:
        if not client_store.set_state(tx, name, state):
            raise Failure(f"There is no client {name}. `fengge client list` shows them.")
        broker.settle(place, tx, name)
    print(f"{name} is {state}")


def _row(row: dict[str, Any]) -> list[Any]:
    types, facts = ([_short(each) for each in row[key] or []] for key in ("types", "hears"))
    shown = [row[key] for key in ("id", "kind", "state", "secrets", "any_ticket", "last_seen")]
    return [*shown, ", ".join(row["sources"] or []), ", ".join(types), ", ".join(facts)]


def _short(event_type: str) -> str:
    return event_type.removesuffix(".v1").rpartition(".")[2]


def _tell(name: str, given: Given, json: bool) -> None:
    if json:
        as_json({"id": name, "key": given.key or None, "secret": given.secret})
    elif not given.key:
        print(f"{name} may enter with its issuer's tokens")
    else:
        print(f"{name}: this is shown this once\nkey     {given.key}")
        if given.secret:
            print(f"secret  {given.secret}")
