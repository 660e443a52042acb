"""`fengge order`: standing orders (常态服务, 定期上门) and their visits."""

import getpass
from itertools import islice
from typing import Annotated, Any, Literal
from uuid import uuid4

import msgspec
import typer

from chassis.clock import now
from cli.life import Life
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, listing, shown, table
from cli.spoken import SOURCE, tell
from contracts import intake
from contracts.actor import Actor
from contracts.numbering import order_number
from contracts.plan import Plan
from contracts.terms import CHINA
from services.ticket import calendar, order_life, order_store
from services.ticket.orders import StandingOrder
from services.ticket.store import life

app = typer.Typer(help="Standing orders and visits · 常态服务", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NO", help="The order's number, e.g. SO-7K3M-9QXR-2B4D-T8WZ.")]
By = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who says so; it goes on record.")]
Role = Annotated[Literal["operator", "grid_officer"], typer.Option("--role", help="In which capacity.")]
Reason = Annotated[str, typer.Option(help="Why, as a code: in_hospital, moved_away …")]
Visits = Annotated[int, typer.Option(min=0, max=366, help="Print so many visits to come.")]
Holidays = Literal["keep", "skip", "before", "after"]
State = Literal["active", "paused", "ended"]


@app.command("list")
def list_(
    context: typer.Context,
    state: Annotated[State | None, typer.Option(help="Only this state.")] = None,
    grid: Annotated[str | None, typer.Option(help="Only this grid cell and those below it.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: JsonFlag = False,
) -> None:
    """Standing orders, the next visit first · 常态服务单."""
    place: Place = context.obj
    wanted = {"state": state, "grid": grid, "category": category, "all": everything}
    with place.transaction("ticket") as tx:
        found, known = order_store.listed(tx, wanted, limit), calendar.load(tx)
    rows = [_row(order, next(order_life.upcoming(order, known, now()), None)) for order in found]
    listing(rows, json, "no standing order matches; --all also shows those that have ended")


@app.command()
def show(context: typer.Context, number: Number, visits: Visits = 5, json: JsonFlag = False) -> None:
    """One order: its plan, the visits there were and those to come, its history · 一单全程.

    Who is visited and what was said is in the vault: `fengge vault reveal NO`.
    """
    place: Place = context.obj
    with place.transaction("ticket") as tx:
        order = order_store.find(tx, number)
        if order is None:
            raise Failure(
                f"There is no standing order {number}. `fengge order list --all` shows those there are."
            )
        history, past, known = life(tx, number), order_store.visited(tx, number, 20), calendar.load(tx)
    ahead = list(islice(order_life.upcoming(order, known, now()), visits))
    if json:
        as_json({"order": msgspec.to_builtins(order), "visits": past, "upcoming": ahead, "history": history})
        return
    print(f"{order.id}  {order.state}\n")
    told = msgspec.structs.asdict(order.plan) if order.plan else {}
    print(
        "\n".join(
            f"  {key.replace('_', ' '):<16}{shown(value)}" for key, value in told.items() if value is not None
        )
    )
    print("\nTo come · 待上门\n" + ("\n".join(f"  {_china(moment)}" for moment in ahead) or "  none"))
    if past:
        titles = ("visit", "kind", "ticket", "confirm by", "state")
        print("\nVisits · 已开立\n" + table(titles, [list(row.values()) for row in past]))
    print("\nHistory · 全程")
    print(table(("time", "from", "no", "event", "what"), Life({}, history).rows(), widest=120))


@app.command("open")
def open_(
    context: typer.Context,
    category: Annotated[str, typer.Option(help="What is done: a category of the catalogue, e.g. haircut.")],
    grid: Annotated[str, typer.Option(help="Where: the code of the grid cell.")],
    rule: Annotated[str, typer.Option(help="How often, e.g. FREQ=WEEKLY;BYDAY=MO,TH (RFC 5545).")],
    at: Annotated[str, typer.Option(help="When on the day, e.g. 09:30 (Asia/Shanghai).")],
    title: Annotated[str, typer.Option(help="What is asked for; kept in the vault.")],
    by: By,
    starts: Annotated[str | None, typer.Option(help="First day, YYYY-MM-DD; without it today.")] = None,
    ends: Annotated[str | None, typer.Option(help="Last day.")] = None,
    holidays: Annotated[Holidays, typer.Option(help="What of a visit on a free day.")] = "keep",
    alone: Annotated[bool, typer.Option("--lives-alone", help="Check on them if nobody was there.")] = False,
    confirm_within: Annotated[int | None, typer.Option(help="Minutes after which that is done.")] = None,
    ahead: Annotated[int, typer.Option(help="Minutes before the visit at which its ticket opens.")] = 0,
    body: Annotated[str, typer.Option(help="More of it.")] = "",
    address: Annotated[str | None, typer.Option(help="Where exactly; kept in the vault.")] = None,
    name: Annotated[str | None, typer.Option(help="Who is visited.")] = None,
    phone: Annotated[str | None, typer.Option(help="How to reach them.")] = None,
    external_id: Annotated[str | None, typer.Option(help="Your number; it opens one order.")] = None,
    role: Role = "operator",
    visits: Visits = 5,
    json: JsonFlag = False,
) -> None:
    """Have somebody visited again and again · 开立常态服务."""
    plan = Plan(
        category=category, grid=grid, rule=rule, at=at,
        starts_on=starts or f"{now().astimezone(CHINA):%Y-%m-%d}", ends_on=ends, holidays=holidays,
        lives_alone=alone, confirm_within=confirm_within, ahead=ahead,
    )  # fmt: skip
    who = intake.Requester(name=name, phone=phone) if name or phone else None
    placed = intake.StandingOrderPlaced(
        external_id=external_id or str(uuid4()), actor=Actor(role=role, id=by), plan=plan, title=title,
        body=body, address=address, requester=who,
    )  # fmt: skip
    tell(context.obj, placed)
    _print(context.obj, order_number(SOURCE, placed.external_id), visits, json)


@app.command()
def pause(
    context: typer.Context,
    number: Number,
    reason: Reason,
    by: By,
    role: Role = "operator",
    json: JsonFlag = False,
) -> None:
    """No visits until it is resumed · 暂停."""
    tell(
        context.obj,
        intake.StandingOrderPaused(order=number, actor=Actor(role=role, id=by), reason_code=reason),
    )
    _print(context.obj, number, 0, json)


@app.command()
def resume(
    context: typer.Context,
    number: Number,
    by: By,
    role: Role = "operator",
    visits: Visits = 5,
    json: JsonFlag = False,
) -> None:
    """Visits again, from now on · 恢复."""
    tell(context.obj, intake.StandingOrderResumed(order=number, actor=Actor(role=role, id=by)))
    _print(context.obj, number, visits, json)


@app.command()
def end(
    context: typer.Context,
    number: Number,
    reason: Reason,
    by: By,
    role: Role = "operator",
    json: JsonFlag = False,
) -> None:
    """No visits any more · 终止."""
    tell(
        context.obj,
        intake.StandingOrderEnded(order=number, actor=Actor(role=role, id=by), reason_code=reason),
    )
    _print(context.obj, number, 0, json)


def _print(place: Place, number: str, visits: int, json: bool) -> None:
    """What an order has become: its state, and the visits to come."""
    with place.transaction("ticket") as tx:
        order, known = order_store.find(tx, number), calendar.load(tx)
    if order is None:
        raise Failure(f"There is no standing order {number}.")
    ahead = list(islice(order_life.upcoming(order, known, now()), visits))
    if json:
        as_json({"order": order.id, "state": order.state, "upcoming": ahead})
        return
    print(f"{order.id}  {order.state}")
    if ahead:
        print("\n".join(f"  {_china(moment)}" for moment in ahead))


def _row(order: StandingOrder, next_at: Any) -> dict[str, Any]:
    plan = order.plan
    assert plan
    return {
        "order": order.id, "state": order.state, "category": plan.category, "grid": plan.grid,
        "rule": plan.rule, "at": plan.at, "holidays": plan.holidays, "lives_alone": plan.lives_alone,
        "next_visit": next_at,
    }  # fmt: skip


def _china(moment: Any) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %a %H:%M} (Asia/Shanghai)"
