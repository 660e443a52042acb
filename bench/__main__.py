"""`make bench`: measures everything side by side in one run, prints one table, writes .run/bench.json."""

import argparse
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import gateway, measures, report, stage
from deploy.local import DEFAULT_RUN


@dataclass(frozen=True)
class Plan:
    """How much is measured; `rounds` alternate between floor, loop and stock, each in a house of its own.

    The median counts, and so it does of as many rounds at the `even` rate.
    """

    rounds: int = 3
    tickets: int = 8000
    shape_tickets: int = 1000
    """Of which the floor writes as many copies as make `tickets`."""
    stock_tickets: int = 100
    even: int = 100
    high: tuple[int, ...] = (300,)
    rate_seconds: float = 15.0
    grown: tuple[int, ...] = (100_000, 1_000_000)
    grown_tickets: int = 2500
    grown_rounds: int = 5
    """More than others: a short loop differs from the next by a quarter, and what is asked for is a ratio."""
    assignees: tuple[int, ...] = (1_000, 100_000)
    consumers: tuple[int, ...] = (1, 2, 4)
    consumers_tickets: int = 2000
    idle_seconds: float = 20.0
    gateway_seconds: float = 5.0
    stages: bool = True


STEADY_RATE = 50
QUICK = Plan(
    rounds=1, tickets=2000, shape_tickets=250, stock_tickets=60, high=(), rate_seconds=8.0, grown=(),
    consumers=(), idle_seconds=10.0, stages=False,
)  # fmt: skip


def main() -> int:
    """Runs the plan; 0 when every measurement came to its end."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no growth, no scale (3 minutes)")
    parser.add_argument("--out", type=Path, default=DEFAULT_RUN / "bench.json", help="where the JSON goes")
    parser.add_argument(
        "--steady", type=int, metavar="MINUTES", help="only memory, minute by minute, at an even 50 tickets/s"
    )
    asked = parser.parse_args()
    logging.disable(logging.ERROR)
    if asked.steady:
        return steady(asked.steady)
    result = run(QUICK if asked.quick else Plan())
    print(report.show(result))
    report.save(asked.out, result)
    print(f"\n{asked.out} has it all for scripts.")
    return 0


def run(plan: Plan) -> dict[str, Any]:
    """All figures of a plan."""
    result: dict[str, Any] = {"machine": report.machine()}
    with stage.fresh_house() as endpoints:
        with _told("an idle house"):
            result["machine"]["sync_ms"], result["idle_percent"] = measures.idle(plan.idle_seconds)
        stage.play(endpoints, 300)
        with _told("what a ticket writes"):
            shape = measures.read_shape(endpoints, plan.shape_tickets)
            result["cost_per_ticket"] = measures.cost(shape)
        # Now that all is at rest: after a flood the ticket service compares its requests for minutes.
        with _told(f"latency at {plan.even}/s"):
            even = measures.latency(endpoints, plan.even, plan.rate_seconds, plan.rounds)
        with _told("the best form of the floor"):
            best = measures.best_floor(endpoints, shape)
    _side_by_side(plan, shape, best, result)
    with stage.fresh_house() as endpoints:
        stage.play(endpoints, 300)
        half = max(int(result["loop_per_s"] / 2), 1)
        with _told("latency at higher rates"):
            result["latency_ms"] = {str(plan.even): even} | {
                str(rate): measures.latency(endpoints, rate, plan.rate_seconds) for rate in (*plan.high, half)
            }
        with _told("dispatch by assignees"):
            found = {str(count): measures.dispatch_ms(endpoints, count) for count in plan.assignees}
            result["dispatch_growth"] = {count: one["ms_per_ticket"] for count, one in found.items()}
            result["dispatch_database_ms"] = {count: one["database_ms"] for count, one in found.items()}
        _growth(endpoints, plan, result)
        result["memory_mb"] = measures.memory()
    with _told("POST /events"):
        result["gateway"] = gateway.rates(plan.gateway_seconds, plan.rounds)
    _scale(plan, result)
    if plan.stages:
        with _told("where the time goes"):
            result["stages_us_per_event"] = measures.stages(plan.tickets)
    return result


def steady(minutes: int) -> int:
    """Prints the memory of every process after each minute of even load."""
    with _told(f"{minutes} minutes of {STEADY_RATE} tickets/s"), stage.fresh_house() as endpoints:
        for minute in range(minutes + 1):
            if minute:
                measures.latency(endpoints, STEADY_RATE, 60)
            figures = "  ".join(f"{name} {mb:.1f}" for name, mb in measures.memory().items())
            print(f"{minute:>3} min, MB: {figures}", flush=True)
    return 0


def _side_by_side(plan: Plan, shape: Path, best: tuple[int, int], result: dict[str, Any]) -> None:
    """Floor, loop and stock in turn, so that a machine that changes its mood changes it for all.

    Each round begins in a new house, for the floor has new tables each time.
    """
    passes = plan.tickets // plan.shape_tickets
    floors, loops, stocks = [], [], []
    for number in range(plan.rounds):
        with _told(f"floor, loop, stock {number + 1}"), stage.fresh_house() as endpoints:
            stage.play(endpoints, 300)
            floors.append(measures.floor_rate(endpoints, shape, *best, passes))
            loops.append(measures.loop(endpoints, plan.tickets))
            stocks.append(measures.stock(endpoints, plan.stock_tickets))
    result["floor_per_s"] = measures.median(floors)
    result["floor_best"] = f"{best[0]} processes, {best[1]} tickets a transaction"
    result["loop_per_s"] = measures.median([one["per_s"] for one in loops])
    result["stock_per_s"] = measures.median(stocks)
    result["loop_over_floor"] = round(result["loop_per_s"] / result["floor_per_s"], 3)
    result["loop_over_stock"] = round(result["loop_per_s"] / result["stock_per_s"], 1)
    result["loop_cpu_ms_per_ticket"] = loops[-1]["cpu_ms_per_ticket"]


def _growth(endpoints: dict[str, Any], plan: Plan, result: dict[str, Any]) -> None:
    """Each size beside a house without these tickets: on a noisy machine only neighbours can be compared.

    "0" is the last neighbour, or the loop itself where nothing is grown.
    """
    growth = result["growth"] = {"0": result["loop_per_s"]}
    ratios = result["growth_over_empty"] = {}
    if not plan.grown:
        return
    before = 0
    with stage.fresh_house(run=stage.EMPTY) as empty:
        stage.play(empty, 300)
        for tickets in plan.grown:
            with _told(f"growth to {tickets} tickets"):
                measures.grow(endpoints, before, tickets)
                before = tickets
                grown, growth["0"] = measures.beside(endpoints, empty, plan.grown_tickets, plan.grown_rounds)
                growth[str(tickets)], ratios[str(tickets)] = grown, round(grown / growth["0"], 3)


def _scale(plan: Plan, result: dict[str, Any]) -> None:
    result["scale"] = {}
    for consumers in plan.consumers:
        with _told(f"{consumers} consumers a service"), stage.fresh_house(instances=consumers) as endpoints:
            stage.play(endpoints, 300)
            one = measures.loop(endpoints, plan.consumers_tickets)
            result["scale"][str(consumers)] = {
                "per_s": round(one["per_s"], 1), "cpu_ms_per_ticket": one["cpu_ms_per_ticket"],
            }  # fmt: skip


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Says what is being measured, and how long it took."""
    begun = time.monotonic()
    print(f"{what} …", end=" ", file=sys.stderr, flush=True)
    yield
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
