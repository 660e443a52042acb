"""`fengge control`: pause and resume, drain, send a period again, check and repair the topology."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from chassis.database import Tx
from chassis.line import BROKEN
from chassis.settings import Settings
from cli.noting import Reason, Who, needs, note
from cli.place import START, Place
from cli.say import Failure, JsonFlag, as_json, table
from contracts.registry import LEDGERS
from services.console.control import acts, form, replay_store, topology, topology_store
from services.console.control.acts import NotPossible, What
from services.console.control.replay import work
from services.console.control.replay_store import Wanted
from services.console.now import store

app = typer.Typer(help="Pause, drain, send again, repair · 操控", no_args_is_help=True)

Service = Literal["ticket", "dispatch", "notification", "evaluation", "gateway"]
Minutes = Annotated[int | None, typer.Option("--for", min=1, help="Minutes at most; else until resumed.")]


@app.command("list")
def list_(context: typer.Context, json: JsonFlag = False) -> None:
    """What is paused, since when and by whom · 正在暂停的."""
    with _console(context.obj) as tx:
        rows = [
            {"service": service, "pause": each.no, "part": each.part, "shard": each.shard,
             "channel": each.channel, "since": each.since, "until": each.until, "who": each.who,
             "reason": each.reason}
            for service, each in store.pauses(tx)
        ]  # fmt: skip
    if json:
        as_json(rows)
    elif not rows:
        print("nothing is paused")
    else:
        print(table(list(rows[0]), [list(row.values()) for row in rows]))


@app.command()
def pause(
    context: typer.Context,
    service: Service,
    reason: Reason,
    who: Who,
    shard: Annotated[int | None, typer.Option(min=0, max=1023, help="Only this shard.")] = None,
    channel: Annotated[
        Literal["smtp", "sms", "app"] | None, typer.Option(help="Only this way of notifying.")
    ] = None,
    minutes: Minutes = None,
) -> None:
    """Let a service take nothing in, or send nothing through a channel · 暂停.

    Nothing is lost: messages stay in their queues. It is felt within two seconds.
    """
    if shard is not None and channel:
        raise typer.BadParameter("a channel has no shards")
    part: Literal["channel", "consumer"] = "channel" if channel else "consumer"
    _begin(context.obj, service, What(part=part, shard=shard, channel=channel, minutes=minutes), who, reason)


@app.command()
def drain(
    context: typer.Context, service: Service, reason: Reason, who: Who, minutes: Minutes = None
) -> None:
    """Let a service rest: it takes nothing in, its timers stand still, what it wrote goes out · 排空."""
    _begin(context.obj, service, What(part="all", minutes=minutes), who, reason)


@app.command()
def resume(
    context: typer.Context,
    service: Service,
    reason: Reason,
    who: Who,
    number: Annotated[int | None, typer.Option("--pause", help="Only this pause; else all of them.")] = None,
) -> None:
    """End what pauses a service · 恢复."""
    with _acting(context.obj, service, "resume", who, reason) as (tx, after):
        numbers = [number] if number else [each.no for each in acts.paused(tx)]
        for no in numbers:
            acts.resume(tx, no, who, reason)
        after["pauses"] = numbers
    print(f"{service}: {len(numbers)} pauses ended" if numbers else f"{service} is not paused")


@app.command()
def restart(context: typer.Context, service: Service, reason: Reason, who: Who) -> None:
    """Let the processes of a service end and start anew, also frozen ones · 重启.

    Whoever watches over the processes does it: the supervisor of a house within a second.
    """
    with _acting(context.obj, service, "restart", who, reason) as (tx, after):
        after["restart"] = acts.restart(tx, service, who, reason)
    print(f"{service}: restart {after['restart']} is asked for; `fengge top` tells when it lives again")


@app.command()
def replay(
    context: typer.Context,
    subscriber: Service,
    since: Annotated[datetime, typer.Option("--from", help="Local time.")],
    until: Annotated[datetime, typer.Option("--to", help="Local time.")],
    who: Who,
    reason: Annotated[str, typer.Option(help="Why; it goes on record. Needed with --do.")] = "",
    shard: Annotated[list[int] | None, typer.Option(min=0, max=1023, help="Only these shards.")] = None,
    rate: Annotated[int, typer.Option(min=1, max=5000, help="Messages a second.")] = 200,
    missing: Annotated[bool, typer.Option("--missing", help="Only what the subscriber lacks.")] = False,
    do: Annotated[bool, typer.Option("--do", help="Send; without it they are only counted.")] = False,
    json: JsonFlag = False,
) -> None:
    """Send a period again to one subscriber, from the publishers' outboxes · 重发一段时间.

    The subscriber drops what it has: nothing takes effect twice.
    """
    place: Place = context.obj
    with _console(place) as tx:
        wanted = Wanted(
            subscriber=subscriber, shards=shard or None, publishers=list(store.hears(tx).get(subscriber, ())),
            since=since.astimezone(), until=until.astimezone(), missing=missing, rate=rate,
        )  # fmt: skip
        counts = replay_store.count(tx, wanted)
    sent = _replayed(place, wanted, who, reason) if do else None
    if json:
        as_json({"messages": counts, "sent": sent})
    else:
        print(", ".join(f"{name}: {count} messages" for name, count in counts.items()) or "nobody is heard")
        print("counted only; --do sends them" if sent is None else f"{sent} messages sent again")


@app.command("topology")
def topology_(
    context: typer.Context,
    who: Who,
    repair: Annotated[bool, typer.Option("--repair", help="Declare again what is missing.")] = False,
    lacking: Annotated[
        int, typer.Option(min=0, help="With --repair: send again what did not arrive in so many minutes.")
    ] = 60,
    reason: Annotated[str, typer.Option(help="Why; it goes on record. Needed with --repair.")] = "",
    json: JsonFlag = False,
) -> None:
    """Check exchanges and queues; repair them, and the bindings · 检查与修复拓扑.

    Exit status 1 while something is missing.
    """
    place: Place = context.obj
    with _console(place) as tx:
        declared, hears = topology_store.declared(tx), store.hears(tx)
    sent = 0
    try:
        if repair:
            needs(reason)
            topology.repair(place.amqp_url("console"), declared)
        missing = topology.missing(place.amqp_url("console"), declared)
    except BROKEN as error:
        raise Failure(f"The broker did not do it: {type(error).__name__} {error}\n{START}") from None
    if repair and lacking:
        for name in hears:
            sent += _replayed(place, acts.lost(name, [], hears[name], lacking), who, reason)
    if json:
        as_json({"missing": missing, "sent": sent})
    else:
        print("\n".join(f"missing: {name}" for name in missing) or "every exchange and queue is there")
        if repair:
            print(f"{sent} messages sent again")
    raise typer.Exit(1 if missing else 0)


def _begin(place: Place, service: str, what: What, who: str, reason: str) -> None:
    with _acting(place, service, "pause", who, reason) as (tx, after):
        after |= {"pause": acts.begin_pause(tx, service, what, who, reason), **form.plain(what)}
    print(f"{service}: pause {after['pause']}; `fengge control resume {service} --reason …` ends it")


def _replayed(place: Place, wanted: Wanted, who: str, reason: str) -> int:
    needs(reason)
    with _console(place) as tx:
        no = replay_store.begin(tx, wanted, who, reason)
        note(tx, wanted.subscriber, "replay", who, reason, {"replay": no, **form.said(wanted)})
    settings = Settings(amqp_url=place.amqp_url("console"), database_url=place.database_url("console"))
    try:
        return work(Ledgers(place), settings, time.sleep, no)
    except BROKEN as error:
        raise Failure(
            f"The broker went away: {type(error).__name__}. The console's process goes on with it."
        ) from None


class Ledgers:
    """Transactions in which all schemas can be read."""

    def __init__(self, place: Place) -> None:
        self._place = place

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """One of them."""
        with _console(self._place) as tx:
            yield tx


@contextmanager
def _console(place: Place) -> Iterator[Tx]:
    with place.transaction("console") as tx:
        yield tx


@contextmanager
def _acting(
    place: Place, service: str, what: str, who: str, reason: str
) -> Iterator[tuple[Tx, dict[str, Any]]]:
    """One transaction in the schema of a service for an act and its record; raises Failure."""
    needs(reason)
    assert service in LEDGERS, service
    after: dict[str, Any] = {}
    try:
        with _console(place) as tx:
            store.inside(tx, service)
            yield tx, after
            note(tx, service, what, who, reason, after)
    except NotPossible as error:
        raise Failure(f"{service}: {error}") from None
