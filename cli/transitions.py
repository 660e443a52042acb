"""The table of a ticket's moves for people: a table, a state diagram, the page of the documentation."""

from collections.abc import Callable, Mapping
from typing import Any

from cli.say import table
from contracts.event import Event
from services.ticket.moves import TABLE, Row

ENDED = ("declined", "transferred", "merged", "cancelled", "closed")
PAGE = """# The life of a ticket

Printed by `fengge ticket transitions --format markdown`; a test compares this page with the code. The table
is `services/ticket/moves.py`, the guards are in `services/ticket/guards.py`, those of facts that dispatch
publishes in `services/dispatch/guards.py`. A command by somebody else, in another state, or with a guard
against it is refused (409 `illegal-move`) with the state, the command and what is allowed; nothing changes.
What another service publishes where it is no move is on record and moves nothing.

```mermaid
{diagram}
```

{table}

Facts in italics are declared by no contract yet. Rows without a number hold at any time.
"""
TITLES = ("row", "from", "to", "on", "who", "guards", "facts", "time")


def documents() -> list[dict[str, Any]]:
    """Every row, for scripts."""
    return [
        {
            "number": row.number or None, "from": list(row.states), "to": row.to, "on": _on(row),
            "who": list(row.who), "guards": _guards(row), "facts": [f.__name__ for f in row.facts],
            "also": [f.__name__ for f in row.also], "not_yet": list(row.told), "time": row.time,
        }
        for row in TABLE
    ]  # fmt: skip


def as_table() -> str:
    """For a terminal, one line a row."""
    return table(TITLES, [_cells(row, "{}") for row in TABLE], widest=44)


def as_mermaid() -> str:
    """A state diagram of the moves; rows that move nothing are not in it."""
    lines = ["stateDiagram-v2", "    [*] --> received: 1 RegisterRequest"]
    lines += [
        f"    {state} --> {row.to}: {row.number} {_cause(row)}"
        for row in TABLE
        for state in row.states
        if row.to and row.to != state and state != "new"
    ]
    return "\n".join([*dict.fromkeys(lines), *(f"    {state} --> [*]" for state in ENDED)])


def as_markdown() -> str:
    """The page docs/ticket-life.md."""
    rows = [_cells(row, "*{}*") for row in TABLE]
    lines = [TITLES, ["---"] * len(TITLES), *rows]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return PAGE.format(diagram=as_mermaid(), table=text).rstrip("\n")


FORMATS: Mapping[str, Callable[[], str]] = {
    "table": as_table, "mermaid": as_mermaid, "markdown": as_markdown
}  # fmt: skip


def _cells(row: Row, not_yet: str) -> list[str]:
    facts = [fact.__name__ for fact in (*row.facts, *row.also)] + [not_yet.format(name) for name in row.told]
    return [
        str(row.number or ""), ", ".join(row.states), row.to or "stays", ", ".join(_on(row)),
        ", ".join(row.who), "; ".join(_guards(row)), ", ".join(facts), row.time,
    ]  # fmt: skip


def _on(row: Row) -> list[str]:
    return [on.__name__ for on in row.on]


def _cause(row: Row) -> str:
    return " / ".join([*(on.__name__ for on in row.on if not issubclass(on, Event)), *row.told]
                      or (on.__name__ for on in row.on))  # fmt: skip


def _guards(row: Row) -> list[str]:
    return [name.replace("_", " ") for name in (*(guard.__name__ for guard in row.guards), *row.checked)]
