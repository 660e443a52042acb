"""`fengge ticket`: which tickets there are, and the whole life of one."""

from typing import Annotated, Any, Literal

import typer

from chassis.clock import now
from cli import merging, person, store
from cli.life import STATES, Life, outside
from cli.merging import written_out
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, shown, table
from cli.transitions import FORMATS, documents
from cli.views import View, seen
from services.console.ticket.deadline import explained
from services.ticket import calendar
from services.ticket.life import LIVE
from services.ticket.store import remarks
from services.ticket.store import show as show_ticket

app = typer.Typer(help="Look at tickets · 查工单", no_args_is_help=True)

State = Literal[
    "received", "pending_info", "accepted", "dispatching", "assigned", "in_progress", "suspended", "handled",
    "awaiting_rating", "closed", "declined", "transferred", "merged", "cancelled",
]  # fmt: skip


@app.command("list")
def list_(
    context: typer.Context,
    state: Annotated[State | None, typer.Option(help="Only this state.")] = None,
    grid: Annotated[str | None, typer.Option(help="Only this grid cell and those below it.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    assignee: Annotated[str | None, typer.Option(help="Only what this assignee holds or held.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: JsonFlag = False,
) -> None:
    """Open tickets, newest first · 未结工单."""
    place: Place = context.obj
    wanted = {"state": state, "grid": grid, "category": category, "assignee": assignee, "all": everything}
    with place.transaction("ticket") as tx:
        rows = store.tickets(tx, wanted, LIVE, limit)
    if json:
        as_json(rows)
    elif not rows:
        print("no ticket matches; --all also shows those that have ended")
    else:
        titles = ("ticket", "state", "severity", "category", "grid", "assignee", "due at", "reworks")
        keys = ("id", "state", "severity", "category", "grid", "assignee", "due_at", "reworks")
        print(table(titles, [[row[key] for key in keys] for row in rows], widest=40))


@app.command()
def show(
    context: typer.Context,
    number: Annotated[
        str, typer.Argument(metavar="NO", help="The ticket's number, e.g. 7K3M-9QXR-2B4D-T8WZ.")
    ],
    view: Annotated[
        View, typer.Option(help="desk: all of it; resident: what its requester may see.")
    ] = "desk",
    json: JsonFlag = False,
) -> None:
    """The life of one ticket · 工单全程.

    Every event, who holds the ticket and why: candidates, scores, exclusions.
    """
    place: Place = context.obj
    number = written_out(number)
    with place.transaction("ticket") as tx:
        found = show_ticket(tx, number)
        notes = person.opened(lambda: remarks(tx, place.vault, number))
    if found is None:
        raise Failure(f"There is no ticket {number}. `fengge ticket list --all` shows those there are.")
    if view == "resident":
        _print_resident(*found, notes, json=json)
        return
    life = Life(*found)
    if json:
        as_json(life.document() | {"notes": notes})
    else:
        _print(life)
        _print_notes(notes)


@app.command()
def deadline(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NO", help="The ticket's number.")],
    json: JsonFlag = False,
) -> None:
    """Why a ticket is due when it is · 期限说明.

    Every deadline it has had: the policy and its version, what it grants, the days counted and skipped.
    """
    place: Place = context.obj
    number = written_out(number)
    with place.transaction("ticket") as tx:
        found = show_ticket(tx, number)
        known = calendar.load(tx)
    if found is None:
        raise Failure(f"There is no ticket {number}. `fengge ticket list --all` shows those there are.")
    told = list(explained(found[1], known, now()))
    if json:
        as_json({"ticket": number, "state": found[0]["state"], "deadlines": [one.document() for one in told]})
    else:
        print("\n\n".join(map(str, told)) or f"{number} was {found[0]['state']} at once and had no deadline.")


@app.command()
def transitions(
    form: Annotated[
        Literal["table", "mermaid", "markdown"],
        typer.Option("--format", help="A table, a state diagram, or the page of the documentation."),
    ] = "table",
    json: JsonFlag = False,
) -> None:
    """Every move a ticket can make: who, when, and what follows · 工单流转表."""
    if json:
        as_json(documents())
    else:
        print(FORMATS[form]())


def _print_resident(
    ticket: dict[str, Any], history: list[dict[str, Any]], notes: list[dict[str, Any]], *, json: bool
) -> None:
    told = seen(ticket, history, notes)
    if json:
        as_json(told)
        return
    print(f"{ticket['id']}  {STATES.get(ticket['state'], ticket['state'])}\n")
    print(table(("time", "event", "what"), [list(line.values()) for line in told["history"]], widest=120))
    _print_notes(told["notes"])


def _print_notes(notes: list[dict[str, Any]]) -> None:
    if notes:
        print("\nNotes · 备注")
        rows = [(n["at"], n["role"], n["by"], "internal" if n["internal"] else "", n["words"]) for n in notes]
        print(table(("time", "role", "by", "", "words"), rows, widest=100))


def _print(life: Life) -> None:
    ticket = life.ticket
    print(f"{ticket['id']}  {life.state_words}\n")
    print("\n".join(f"  {name:<16}{shown(value)}" for name, value in _facts(ticket) if value is not None))
    if life.place:
        print(f"  {'place':<16}{life.place}")
    if life.suggestion:
        print(f"  {'suggested':<16}{life.suggestion}")
    if life.primary:
        print(f"  {'follows':<16}{life.primary}")
    if life.followers:
        print(f"  {'followed by':<16}{', '.join(life.followers)}")
    if life.parent:
        print(f"  {'part of':<16}{life.parent}")
    for child in life.children:
        needed = "mandatory" if child["mandatory"] else "not waited for"
        print(f"  {'child':<16}{child['number']}  {needed}, {child['state']}")
    print(f"\nWho holds it and why · 承办与理由\n  {life.holder}")
    if life.explanation:
        _print_explanation(life.explanation)
    print("\nHistory · 全程")
    print(table(("time", "from", "no", "event", "what"), life.rows(), widest=120))


def _facts(ticket: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        (key.replace("_", " "), value)
        for key, value in ticket.items()
        if key not in ("id", "sequence", "state", "desk", "since", "span")
    ]


def _print_explanation(explanation: dict[str, Any]) -> None:
    kinds = " → ".join(explanation["kinds"])
    print(f"  place {explanation['place']}, kinds in order: {kinds}\n")
    ruled = explanation.get("precedent")
    if ruled:
        print(f"  ruled before for such work there: {ruled['assignee']}, {ruled['reason_code']}\n")
    if explanation.get("fence"):
        print(f"  {outside(explanation['fence'])}\n")
    rows = [
        (
            each["assignee"],
            each["kind"],
            each["score"],
            ", ".join(f"{k} {v:+}" for k, v in each["points"].items()),
        )
        for each in explanation["candidates"]
    ]
    print(_indented(table(("candidate", "kind", "score", "points"), rows)))
    if explanation.get("excluded"):
        excluded = [(each["assignee"], each["reason"]) for each in explanation["excluded"]]
        print("\n" + _indented(table(("excluded", "reason"), excluded)))


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


app.command()(merging.duplicates)
app.command()(merging.merge)
app.command()(merging.unmerge)
