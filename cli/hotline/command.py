"""The commands of `fengge hotline`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from chassis.clock import now
from cli.hotline import playing
from cli.hotline.trial import rows, tried
from cli.say import Failure, JsonFlag, as_json, table
from contracts.hotline.city import City
from contracts.hotline.reading import BadCity, read

SAMPLE = Path(__file__).parents[2] / "directory" / "hotlines" / "sample.csv"

app = typer.Typer(help="12345 hotlines · 12345 热线对接", no_args_is_help=True)

Mapping = Annotated[Path, typer.Argument(metavar="MAPPING", help="The city's file, e.g. kangning.toml.")]


@app.command()
def check(
    mapping: Mapping,
    file: Annotated[
        Path | None,
        typer.Argument(dir_okay=False, exists=True, help="Messages: *.csv, a JSON array, or JSON lines."),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Try a city's file on its messages, line by line; nothing is sent · 映射演练.

    Exit status 1 if the file is wrong, or a message would be refused.
    """
    found = tried(_city(mapping), rows(file) if file else [], now())
    refused = sum(each["event"] is None for each in found)
    if json:
        as_json(found)
    else:
        print(_told(mapping, found, refused))
    raise typer.Exit(1 if refused else 0)


def _city(path: Path) -> City:
    try:
        return read(path)
    except BadCity as error:
        raise Failure(str(error)) from None


def _told(mapping: Path, found: list[dict[str, Any]], refused: int) -> str:
    if not found:
        return f"{mapping.name} can be used"
    titles = ("line", "becomes", "ticket", "category", "severity", "grid", "what to know")
    lines = [
        [each["line"], each["event"] or "refused", *(each.get(key) for key in titles[2:6]), _notes(each)]
        for each in found
    ]
    unread = sorted({field for each in found for field in each["unread"]})
    told = [table(titles, lines, widest=72), f"{len(found) - refused} would be taken, {refused} refused"]
    if unread:
        told.append(f"not read by {mapping.name}: {'、'.join(unread)}")
    return "\n".join(told)


def _notes(each: dict[str, Any]) -> str:
    return "; ".join(each.get("errors") or each.get("notes") or [])


@app.command()
def play(
    url: Annotated[str, typer.Argument(metavar="URL", help="The gateway, e.g. http://127.0.0.1:8443.")],
    mapping: Annotated[Path, typer.Option(help="The city's file; its name is the city's at the gateway.")],
    key: Annotated[str, typer.Option(envvar="FENGGE_KEY", help="The hotline's API key there.")],
    file: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Messages whose orders are the pattern; else a sample."
        ),
    ] = None,
    orders: Annotated[int, typer.Option(min=1, max=100_000, help="How many orders.")] = 20,
    until: Annotated[str, typer.Option(help="The fact with which an order is over.")] = "TicketClosed",
    seconds: Annotated[float, typer.Option(min=1, help="End after so many at the latest.")] = 300.0,
    listen: Annotated[
        str, typer.Option(help="Where webhooks are taken, HOST:PORT; port 0: any.")
    ] = "127.0.0.1:0",
    here: Annotated[str | None, typer.Option(help="That place as the gateway's house sees it.")] = None,
    json: JsonFlag = False,
) -> None:
    """Play a hotline's day against a test system, over HTTP alone · 模拟热线.

    Sends orders, hears of them by webhook, urges, supervises, calls back. The house must let webhooks go to
    where this listens (WEBHOOK_NETWORKS). Exit status 0 if every order has ended and nothing was refused.
    """
    city = _city(mapping)
    if city.out is None or until not in city.out.facts:
        raise Failure(f"--until: {mapping.name} does not ask to hear of {until!r}.")
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise Failure(f"--listen: {listen!r} is not like 127.0.0.1:9100")
    account = playing.play(
        playing.Play(
            url=url,
            key=key,
            name=mapping.stem,
            city=city,
            rows=rows(file or SAMPLE),
            number=orders,
            until=until,
            seconds=seconds,
            listen=(host, int(port)),
            here=here,
        )
    )
    if json:
        as_json(_document(account))
    else:
        print(_account(account))
    raise typer.Exit(0 if account.balanced else 1)


def _document(account: playing.Account) -> dict[str, Any]:
    orders = [
        {"number": order.number, "said": order.said, "heard": order.heard, "ended": order.ended}
        for order in account.day.orders.values()
    ]
    return {
        "orders": orders, "refused": account.refused, "forged": account.forged,
        "strange": account.day.strange, "seconds": round(account.seconds, 1), "balanced": account.balanced,
    }  # fmt: skip


def _account(account: playing.Account) -> str:
    lines = [
        [order.number, ", ".join(order.said), ", ".join(order.heard), order.ended]
        for order in account.day.orders.values()
    ]
    ended = sum(order.ended is not None for order in account.day.orders.values())
    told = f"{ended} of {len(lines)} orders have ended, in {account.seconds:.0f} s"
    wrong = [f"refused: {each}" for each in account.refused]
    wrong += [f"{account.forged} webhooks were not genuine"] if account.forged else []
    return "\n".join([table(("order", "said", "heard", "ended with"), lines, widest=72), told, *wrong])
