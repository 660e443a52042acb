"""`fengge dispatch backtest`: routing rules on trial against past tickets; nothing is changed."""

import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
import typer

from chassis.clock import now
from chassis.database import Tx
from cli.place import Place
from cli.routing import RuleFile, changed_by, in_force, read, said_of
from cli.say import JsonFlag, as_json, table
from cli.sheet import moment_or_failure
from services.dispatch import chain_store
from services.dispatch.backtest import Trial
from services.dispatch.comparison import Comparison, compared
from services.dispatch.rules import Rules

HALF_LIVES = 10
"""After so many of them less than a thousandth is left of what was asked."""
BETWEEN_LINES = 2.0  # seconds


def backtest(
    context: typer.Context,
    file: RuleFile,
    since: Annotated[str, typer.Option(help="Tickets dispatched from then on, e.g. 2026-10-01.")],
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Show at most so many of each.")] = 20,
    json: JsonFlag = False,
) -> None:
    """Which past tickets would have gone elsewhere by other rules · 规则回测.

    Every choice of the engine is made anew from what it saw then, in order, with the loads, quotas and
    shares that the new rules would have led to. What RULES.csv does not name stays as in force; `fengge
    dispatch rules` prints what there is. Whoever was asked then answers as he did; whoever was not gives
    back as often as he does. Claims, orders, rulings and filters stay as they were. Nothing is changed:
    `fengge dispatch adopt RULES.csv` lets the rules go live.
    """
    place: Place = context.obj
    start = moment_or_failure(since)
    with place.transaction("dispatch") as tx:
        chain_store.read_only(tx)
        base, disputed_at = in_force(tx)
        wanted = read(file, base)
        told = compared(_tried(tx, start, base, wanted, disputed_at))
    changed = changed_by(base, wanted)
    if json:
        figures = msgspec.to_builtins(told, builtin_types=(datetime,))
        as_json({"since": start, "rules_version": base.version, "changed": changed, **figures})
    else:
        _print(told, start, base, changed, limit)


def _tried(tx: Tx, since: datetime, base: Rules, wanted: Rules, disputed_at: int) -> Trial:
    earlier = since
    if wanted.half_life_days != base.half_life_days:  # what was asked before weighs otherwise now
        earlier -= timedelta(days=HALF_LIVES * wanted.half_life_days)
    trial = Trial(wanted, chain_store.ways(tx, since, now()), disputed_at)
    for choice in _telling(chain_store.choices(tx, since, earlier), sum(map(len, trial.ways.values()))):
        trial.hear(*choice)
    return trial


def _telling(choices: Iterable[chain_store.Choice], total: int) -> Iterator[chain_store.Choice]:
    """Says on standard error how far it is, every two seconds."""
    began = told = time.monotonic()
    for number, choice in enumerate(choices, 1):
        yield choice
        if time.monotonic() - told >= BETWEEN_LINES:
            told = time.monotonic()
            print(f"{told - began:5.0f} s  {number} of about {total} hops", file=sys.stderr, flush=True)


def _print(
    told: Comparison, since: datetime, base: Rules, changed: dict[str, list[float]], limit: int
) -> None:
    print(f"rules version {base.version} in force; changed: {said_of(changed)}")
    share = f"{told.moved / told.tickets:.1%}" if told.tickets else "none"
    print(f"{told.tickets} tickets since {since:%Y-%m-%d %H:%M}, {told.decisions} choices of the engine")
    print(f"would have gone elsewhere: {told.moved} ({share}), {told.estimated} of them with estimated hops")
    print(f"hops: {_mean(told.hops_before, told)} a ticket → {_mean(told.hops_after, told)}")
    if not told.moved:
        return
    print("\nWork by kind · 各类承办人")
    kinds = [(w.kind, w.before, w.after, w.spread_before, w.spread_after) for w in told.kinds]
    print(table(("kind", "asked before", "after", "most/mean before", "after"), kinds))
    print("\nWork by assignee, the greatest change first · 承办人")
    people: list[tuple[Any, ...]] = [
        (w.key, w.kind, w.before, w.after, f"{w.after - w.before:+}")
        for w in told.assignees[:limit] if w.after != w.before
    ]  # fmt: skip
    print(table(("assignee", "kind", "before", "after", "change"), people))
    print(f"\nTickets, the first {min(limit, told.moved)} of {told.moved} · 改变去向的工单")
    rows = [
        (
            m.ticket, m.hop, m.category, m.before, m.after or "nobody", m.decided_by, m.hops_before,
            m.hops_after,
        )
        for m in told.moves[:limit]
    ]  # fmt: skip
    print(table(("ticket", "hop", "category", "before", "after", "first by", "hops", "after"), rows))


def _mean(hops: float, told: Comparison) -> str:
    return f"{hops / told.tickets:.2f}" if told.tickets else "–"
