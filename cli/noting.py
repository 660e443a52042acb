"""What an operator does by a command goes on record as what is done in the room does, with its reason."""

import getpass
from typing import Annotated, Any

import typer

from chassis.database import Tx
from services.console import record_store
from services.console.record_store import Action

Reason = Annotated[str, typer.Option(help="Why; it goes on record.")]
Who = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who does it; it goes on record.")]


def note(tx: Tx, target: str, what: str, who: str, reason: str, after: dict[str, Any]) -> None:
    """Puts on record what the same transaction does."""
    record_store.note(
        tx,
        Action(
            who=who, role=None, what=what, target=target, outcome="done", address="fengge", reason=reason,
            after=after,
        ),
    )  # fmt: skip


def needs(reason: str) -> None:
    """Raises typer.BadParameter where no reason is given."""
    if len(reason.strip()) < len("why"):
        raise typer.BadParameter("--reason: say why in a few words; it goes on record")
