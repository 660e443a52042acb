"""`fengge dispatch explain`: every hop of a ticket, what it was chosen from, how long each had it."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from chassis.clock import now
from cli.merging import written_out
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, shown, table
from services.dispatch import chain_store
from services.dispatch.engine import Pool, Weighing, weigh
from services.dispatch.way import Hop, hops

DECIDED = {
    "ruling": "an adjudicator has ruled so", "kind": "the lists ask this kind first", "score": "the score",
    "recent": "the same score; asked less of late", "taken": "the same score; has taken less ever",
    "code": "all the same; the code decides",
}  # fmt: skip

TITLES = (
    "hop", "assignee", "kind", "way", "why, by", "since", "accepted", "ended", "why, by", "had it", "before"
)  # fmt: skip


def explain(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NO", help="The ticket's number.")],
    json: JsonFlag = False,
) -> None:
    """Every one who was asked for a ticket, and why · 派单说明.

    All candidates with their points, whom each filter excluded, what broke a tie, versions of lists and
    rules, who ordered or ruled otherwise; how long each had it and how long nobody had.
    """
    place: Place = context.obj
    number = written_out(number)
    with place.transaction("dispatch") as tx:
        case, steps = chain_store.case(tx, number), chain_store.steps(tx, number)
    if case is None:
        raise Failure(f"Dispatch knows no ticket {number}; `fengge ticket show {number}` says where it is.")
    way = [_document(hop) for hop in hops(steps, now())]
    if json:
        as_json(_whole(case, way))
    else:
        _print(_whole(case, way))


def _whole(case: dict[str, Any], way: list[dict[str, Any]]) -> dict[str, Any]:
    """All of it for scripts; `kept` is less than `hops` where the way began before ways were kept."""
    held = sum(hop["dwell_seconds"] for hop in way)
    waited = sum(hop["waited_seconds"] for hop in way)
    return {
        "ticket": case["id"], "state": case["state"], "category": case["category"], "grid": case["grid"],
        "hops": case["hop"], "kept": len(way), "dwell_seconds": held, "waited_seconds": waited, "chain": way,
    }  # fmt: skip


def _document(hop: Hop) -> dict[str, Any]:
    told = {
        "hop": hop.hop, "assignment": hop.assignment, "assignee": hop.assignee, "kind": hop.kind,
        "unit": hop.unit, "way": hop.way, "since": hop.since, "accepted_at": hop.accepted_at,
        "note": hop.note, "by": hop.by,
        "until": hop.until, "ended": hop.ended, "ended_note": hop.ended_note, "ended_by": hop.ended_by,
        "dwell_seconds": round(hop.dwell.total_seconds(), 3),
        "waited_seconds": round(hop.waited.total_seconds(), 3), "tried": list(hop.tried),
    }  # fmt: skip
    if hop.weighed is None:
        return told | {"explanation": None}
    pool = chain_store.pool_of(hop.weighed)
    return told | {"explanation": _explained(pool, weigh(pool, hop.tried), hop)}


def _explained(pool: Pool, found: Weighing, hop: Hop) -> dict[str, Any]:
    best = found.ranked[0][0].assignee if found.ranked else None
    return {
        "place": pool.place, "kinds": list(found.kinds), "list": found.item.list or None,
        "list_version": found.item.version or None, "category": found.item.category or None,
        "mode": found.item.mode, "rules_version": pool.rules.version,
        "precedent": pool.precedent.assignee if pool.precedent else None,
        "best": best, "decided_by": found.decided_by, "ordered": hop.way == "offered" and hop.by is not None,
        "candidates": [
            {
                "assignee": option.assignee, "kind": option.kind, "unit": option.unit,
                "score": sum(given.values()), "points": given, "closeness": option.closeness,
                "open": option.open, "load_cap": option.load_cap, "recent": round(option.recent, 3),
                "taken": option.taken, "quota_left": option.quota_left,
            }
            for option, given in found.ranked
        ],
        "excluded": [
            {"assignee": option.assignee, "kind": option.kind, "filter": why}
            for option, why in found.excluded
        ],
    }  # fmt: skip


def _print(told: dict[str, Any]) -> None:
    print(f"{told['ticket']}  {told['state']}, {told['category']} at {told['grid']}, {told['hops']} hops")
    if told["kept"] < told["hops"]:
        print(f"  {told['kept']} of them are on record here; `fengge ticket show` has the others")
    held, waited = _span(told["dwell_seconds"]), _span(told["waited_seconds"])
    print(f"  had by somebody {held}, by nobody {waited}\n")
    print(table(TITLES, [_row(hop) for hop in told["chain"]], widest=48))
    for hop in told["chain"]:
        if hop["explanation"]:
            _print_hop(hop, hop["explanation"])


def _row(hop: dict[str, Any]) -> tuple[Any, ...]:
    since, accepted = hop["since"], hop["accepted_at"]
    return (
        hop["hop"], hop["assignee"] or "(all)", hop["kind"], hop["way"], _why(hop["note"], hop["by"]),
        shown(since), _clock(since, accepted), hop["ended"] or "has it",
        _why(hop["ended_note"], hop["ended_by"]), _span(hop["dwell_seconds"]), _span(hop["waited_seconds"]),
    )  # fmt: skip


def _why(note: str | None, by: str | None) -> str:
    return ", ".join(filter(None, (note, by)))


def _clock(since: datetime, at: datetime | None) -> str:
    return f"after {_span((at - since).total_seconds())}" if at else ""


def _print_hop(hop: dict[str, Any], why: dict[str, Any]) -> None:
    print(f"\nHop {hop['hop']} · {hop['assignee'] or 'whoever claims it'}")
    lists = f"list {why['list']} version {why['list_version']}" if why["list"] else "no list has such work"
    print(f"  {lists}, rules version {why['rules_version']}, kinds in order: {' → '.join(why['kinds'])}")
    if why["precedent"]:
        print(f"  ruled before for such work there: {why['precedent']}")
    if why["ordered"]:
        print(f"  named by {hop['by']}: {hop['note']}; the engine would have asked {why['best'] or 'nobody'}")
    elif why["decided_by"]:
        print(f"  first by: {DECIDED[why['decided_by']]}")
    titles = ("candidate", "kind", "score", "points", "open", "cap", "recent", "taken")
    rows = [
        (
            one["assignee"], one["kind"], one["score"],
            ", ".join(f"{name} {by:+}" for name, by in one["points"].items()), one["open"], one["load_cap"],
            one["recent"], one["taken"],
        )
        for one in why["candidates"]
    ]  # fmt: skip
    print(_indented(table(titles, rows)))
    if why["excluded"]:
        out = [(one["assignee"], one["kind"], one["filter"]) for one in why["excluded"]]
        print("\n" + _indented(table(("excluded", "kind", "by filter"), out)))


def _span(seconds: float) -> str:
    """3d 4h, 2h 5min, 41s: the two largest units."""
    whole = timedelta(seconds=round(seconds))
    hours, rest = divmod(whole.seconds, 3600)
    parts = [(whole.days, "d"), (hours, "h"), (rest // 60, "min"), (rest % 60, "s")]
    told = [f"{number}{unit}" for number, unit in parts if number]
    return " ".join(told[:2]) or "0s"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
