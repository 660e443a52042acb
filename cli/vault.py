"""`fengge vault`: who asked and what they said, shown for a purpose; who may look, and who has."""

import getpass
from typing import Annotated, Any, Literal

import typer
from msgspec import ValidationError, convert

from chassis import policy
from chassis.clock import now
from cli import person, vault_keys
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, shown, table
from services.ticket import erasure_store
from services.ticket.privacy import reveal_store
from services.ticket.privacy.disclosure import NEVER_FULL, Look, Verdict

app = typer.Typer(help="The identity vault · 身份信息保险库", no_args_is_help=True)
app.command()(person.export)
app.command()(person.erase)
app.command()(vault_keys.key)
app.command()(vault_keys.rotate)

Role = Annotated[str, typer.Option(help="In which role, e.g. operator.")]
Purpose = Annotated[str, typer.Option(help="What for, e.g. callback; it goes on record.")]
Who = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who asks; it goes on record.")]


@app.command()
def reveal(
    context: typer.Context,
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="The ticket's number (role relay: a relay number).")
    ],
    role: Role,
    purpose: Purpose,
    who: Who,
    words: Annotated[bool, typer.Option("--words", help="Also what they said.")] = False,
    json: JsonFlag = False,
) -> None:
    """Show who asked, for a purpose; the look goes on record · 查看诉求人.

    `fengge vault rules` lists which role may see what. Refused looks go on record, too.
    """
    place: Place = context.obj
    vault = place.vault()
    with place.transaction("ticket") as tx:
        asked = _asked({"refs": [ref], "purpose": purpose, "who": who, "role": role, "words": words})
        found = person.opened(lambda: reveal_store.reveal(tx, vault, asked))
    if isinstance(found, Verdict):
        raise Failure(f"Refused: {found.reason}. `fengge vault rules` lists what is allowed.")
    if not found:
        raise Failure(f"The vault holds no contact {ref}; it may have been erased.")
    if json:
        as_json(found[0])
        return
    told = found[0] | (found[0].pop("words", None) or {})
    print("\n".join(f"{name:<10}{shown(value)}" for name, value in told.items() if value is not None))


@app.command()
def log(
    context: typer.Context,
    ref: Annotated[str | None, typer.Option(help="Only looks at this contact.")] = None,
    erased: Annotated[bool, typer.Option("--erased", help="Who has erased what instead.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: JsonFlag = False,
) -> None:
    """Who has looked at whose contact, newest first · 查看记录."""
    place: Place = context.obj
    with place.transaction("ticket") as tx:
        rows = erasure_store.erasures(tx, limit) if erased else reveal_store.reveals(tx, ref, limit)
    if json:
        as_json(rows)
        return
    keys = ("at", "who", "reason") if erased else ("at", "who", "role", "purpose", "outcome", "reason")
    print(table((*keys, "contacts"), [[*(row[key] for key in keys), _short(row["refs"])] for row in rows]))


@app.command()
def rules(context: typer.Context, json: JsonFlag = False) -> None:
    """Which role is shown what, for which purpose · 查看规则."""
    place: Place = context.obj
    with place.transaction("ticket") as tx:
        found = policy.look(tx)["reveal"]
    if json:
        as_json({"version": found.version, "rules": found.value})
        return
    rows = [
        (role, purpose, _form(role, form))
        for role, row in found.value.items()
        for purpose, form in row.items()
    ]
    print(table(("role", "purpose", "is shown"), rows))
    print(f"\nversion {found.version}; whatever is not named is refused")


@app.command()
def allow(
    context: typer.Context,
    role: str,
    purpose: str,
    form: Annotated[Literal["full", "masked", "nothing"], typer.Argument(help="What the role is shown.")],
) -> None:
    """Change what a role is shown for a purpose, from now on · 修改规则."""
    place: Place = context.obj
    with place.transaction("ticket") as tx:
        rules_ = {each: dict(row) for each, row in policy.look(tx)["reveal"].value.items()}
        row = rules_.setdefault(role, {})
        row.pop(purpose, None)
        if form != "nothing":
            row[purpose] = form
        changed = policy.set_policy(tx, "reveal", now(), person.encoded(rules_))
    print(f"{role}, {purpose}: {_form(role, form)}{'' if changed else ' (as before)'}")


def _asked(members: dict[str, Any]) -> Look:
    try:
        return convert(members, Look)
    except ValidationError as error:
        raise Failure(f"this is no code: {error}") from None


def _form(role: str, form: str) -> str:
    return "masked" if role in NEVER_FULL and form == "full" else form


def _short(refs: list[str]) -> str:
    return refs[0] if len(refs) == 1 else f"{len(refs)} contacts"
