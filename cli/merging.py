"""`fengge ticket duplicates`, `merge`, `unmerge`: tickets about the same."""

import time
from typing import Annotated, Any

import typer

from cli import store
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, table
from contracts.actor import Actor
from contracts.event import Event
from contracts.intake import MergeOrdered, UnmergeOrdered
from contracts.publisher import INSIDE, Publisher, PublishFailed
from services.ticket.alike import near_store
from services.ticket.moves import MERGEABLE

WAITS = 10.0
"""Seconds until an order must have had its effect."""

Number = Annotated[str, typer.Argument(metavar="NO", help="The ticket's number.")]
By = Annotated[str, typer.Option("--by", help="The operator's code, for the history.")]


def duplicates(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: JsonFlag = False,
) -> None:
    """Tickets that may be about the same as others · 疑似重复.

    What has the very same words is merged as it comes; this is what only sounds alike and waits for a person.
    """
    place: Place = context.obj
    with place.transaction("ticket") as tx:
        rows = near_store.suspected(tx, MERGEABLE, limit)
    if json:
        as_json(rows)
    elif not rows:
        print("no ticket is suspected")
    else:
        titles = ("ticket", "state", "category", "grid", "received", "like", "of 100 pieces")
        told = [
            (
                row["id"], row["state"], row["category"], row["grid"], row["received_at"], each["ticket"],
                each["likeness"],
            )
            for row in rows for each in row["data"]["alike"]
        ]  # fmt: skip
        print(table(titles, told, widest=40))


def merge(
    context: typer.Context,
    number: Number,
    into: Annotated[str, typer.Option("--into", metavar="NO", help="The ticket it is to follow.")],
    by: By,
) -> None:
    """Let a ticket follow another that is about the same · 并单."""
    number, into = written_out(number), written_out(into)
    actor = Actor(role="operator", id=by)
    _order(context.obj, MergeOrdered(ticket=number, primary=into, actor=actor), into)
    print(f"{number} follows {into}")


def unmerge(
    context: typer.Context,
    number: Number,
    by: By,
    reason: Annotated[str, typer.Option(help="A code that says why.")] = "not_the_same",
) -> None:
    """Let a ticket stand for itself again, with the clock of its own beginning · 撤销并单."""
    number = written_out(number)
    actor = Actor(role="operator", id=by)
    _order(context.obj, UnmergeOrdered(ticket=number, reason_code=reason, actor=actor), None)
    print(f"{number} stands for itself")


def written_out(number: str) -> str:
    """The number as it is stored, also when it was typed in small letters or without its dashes."""
    letters = number.upper().replace("-", "").replace(" ", "").translate(str.maketrans("ILO", "110"))
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def _order(place: Place, said: Event, primary: str | None) -> None:
    """Sends an order of the desk and waits until the ticket follows `primary`; raises Failure."""
    number: str = said.ticket  # type: ignore[attr-defined]
    if _primary(place, number) == primary:
        raise Failure(f"{number} follows {primary or 'no ticket'} already.")
    try:
        with Publisher(place.amqp_url("intake"), source="urn:fengge:cli", exchange=INSIDE) as publisher:
            publisher.submit(said)
    except PublishFailed as error:
        raise Failure(f"The broker did not take it: {error}") from None
    deadline = time.monotonic() + WAITS
    while _primary(place, number) != primary:
        if time.monotonic() > deadline:
            raise Failure(
                f"It had no effect within {WAITS:.0f} s: it is late, or refused (gov.replies.intake). "
                f"`fengge ticket show {number}` says where the ticket is."
            )
        time.sleep(0.1)


def _primary(place: Place, number: str) -> str | None:
    with place.transaction("ticket") as tx:
        found: Any = store.kin(tx, number)
    if found is None:
        raise Failure(f"There is no ticket {number}.")
    return found["primary"] if found["state"] != "cancelled" else None
