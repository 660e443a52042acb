"""`fengge corrections`: what the desk has set right, as lessons for the next training."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chassis import policy
from chassis.database import Tx
from cli import person
from cli.place import Place
from cli.say import Failure
from cli.sheets import as_csv
from deploy.local.records import write_private
from services.ticket.correction_store import corrections, told
from services.ticket.privacy import reveal_store
from services.ticket.privacy.disclosure import Look, verdict

app = typer.Typer(help="What the desk has set right · 分类更正", no_args_is_help=True)

PURPOSE, AT_ONCE = "training", 1000
COLUMNS = ("title", "body", "category", "suggested", "confidence", "model", "corrected_at")


@app.callback()
def corrections_() -> None:
    """What the desk has set right · 分类更正."""


@app.command()
def export(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="The CSV file; only its owner may read it.")],
    who: Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who asks; it goes on record.")],
    role: Annotated[str, typer.Option(help="In which role.")] = "operator",
    since: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="Only corrections from this day on.")
    ] = datetime(2000, 1, 1),  # noqa: DTZ001 (a day; UTC is said below)
) -> None:
    """Write corrections for `fengge train --corrections` · 导出更正.

    The texts are requesters' words, less telephone and identity numbers; names are in them. A role must be
    allowed to have them: `fengge vault allow operator training full`. Each export goes on record.
    """
    place: Place = context.obj
    with place.transaction("ticket") as tx:
        rows = corrections(tx, since.replace(tzinfo=UTC))
        refusal = _noted(tx, [row["ref"] for row in rows], who, role)
        lessons = [] if refusal else person.opened(lambda: [*told(place.vault, rows)])
    if refusal:
        raise Failure(f"Refused: {refusal}. `fengge vault allow {role} {PURPOSE} full` allows it.")
    write_private(out, as_csv(COLUMNS, [[row[name] for name in COLUMNS] for row in lessons]))
    print(f"{out}: {len(lessons)} corrections")


def _noted(tx: Tx, refs: list[str], who: str, role: str) -> str | None:
    """Puts the look on record; why it is refused, or None."""
    found = verdict(policy.look(tx)["reveal"].value, role, PURPOSE)
    for start in range(0, max(1, len(refs)), AT_ONCE):
        some = refs[start : start + AT_ONCE]
        reveal_store.note(tx, Look(refs=some, purpose=PURPOSE, who=who, role=role, words=True), found)
    return None if found.outcome == "full" else found.reason or "this role is shown them only masked"
