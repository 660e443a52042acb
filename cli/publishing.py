"""`fengge publish`: requests from a CSV sheet, or CloudEvents line by line, into the intake with confirms."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from cli.place import START, Place
from cli.say import Failure, JsonFlag, as_json, table
from cli.sheet import enveloped, rows_of, submissions
from contracts import gate
from contracts.cloudevent import SINGLE, CloudEvent
from contracts.event import Event
from contracts.intake import EventRefused
from contracts.problem import ContractViolation
from contracts.publisher import INSIDE, Publisher, PublishFailed

Inbound = CloudEvent[Event]


def publish(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="*.csv: requests; else one CloudEvent a line.")
    ],
    user: Annotated[str, typer.Option(help="The broker's user to publish as.")] = "intake",
    replies: Annotated[
        float, typer.Option(min=0, help="Wait so many seconds for refusals; takes them off the reply queue.")
    ] = 0,
    json: JsonFlag = False,
) -> None:
    """Publish requests or events · 发布诉求或事件.

    Nothing is sent if a line is wrong. Exit status 1 if something was refused.
    """
    place: Place = context.obj
    events = _from_sheet(file) if file.suffix == ".csv" else _from_lines(file)
    refused: list[EventRefused] = []
    try:
        with Publisher(place.amqp_url(user), source="urn:fengge:cli", exchange=INSIDE) as publisher:
            confirmed = publisher.submit_many(events)
            if replies:
                refused = [*publisher.replies(replies)]
    except PublishFailed as error:
        raise Failure(f"The broker did not take it: {error}\n{START}") from None
    except ContractViolation as error:
        raise Failure(f"{file.name}: refused: {error.detail}") from None
    _tell(confirmed, refused, json)
    raise typer.Exit(1 if refused else 0)


def _from_sheet(file: Path) -> list[Inbound]:
    return [enveloped(each) for each in submissions(file, len(rows_of(file)))]


def _from_lines(file: Path) -> list[Inbound]:
    events, wrong = [], []
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            event = gate.admit(SINGLE, line)
        except ContractViolation as error:
            wrong.append(f"{file.name}, line {number}: {error.problem}: {error.detail}")
        else:
            events.append(msgspec.structs.replace(event, partitionkey=""))
    if wrong:
        raise Failure("\n".join([*wrong, "Nothing was published."]))
    return events


def _tell(confirmed: int, refused: list[EventRefused], json: bool) -> None:
    if json:
        as_json({"confirmed": confirmed, "refused": msgspec.to_builtins(refused)})
        return
    print(f"{confirmed} confirmed by the broker" + (f", {len(refused)} refused" if refused else ""))
    if refused:
        rows: list[tuple[Any, ...]] = [
            (each.instance, each.status, each.title, each.detail) for each in refused
        ]
        print(table(("event", "status", "problem", "detail"), rows))
