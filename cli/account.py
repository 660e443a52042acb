"""`fengge account`: who may enter the operators' room, and what they may do there."""

import getpass
import re
import secrets
import sys
from typing import Annotated, Any, Literal

import typer

from chassis.database import Tx
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, listing
from contracts.registry import CONSOLE
from services.console import account_store, passwords, record_store, session_store
from services.console.record_store import Action

app = typer.Typer(help="Who may enter the operators' room · 值班室账号", no_args_is_help=True)

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account, e.g. li.wei.")]
By = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who decides; it goes on record.")]
RoleName = Literal["viewer", "operator", "supervisor", "administrator"]
Random = Annotated[bool, typer.Option("--random", help="Draw a password and show it this once.")]


@app.command()
def add(
    context: typer.Context,
    name: Name,
    by: By,
    role: Annotated[RoleName, typer.Option(help="What the account may do.")] = "viewer",
    random: Random = False,
    json: JsonFlag = False,
) -> None:
    """Make an account; its password is asked for, or read from standard input · 新建账号."""
    if not NAME.fullmatch(name):
        raise Failure(f"{name!r} is not like li.wei: small letters, digits and . _ @ -")
    password = _chosen(random)
    place: Place = context.obj
    with place.transaction(CONSOLE) as tx:
        if not account_store.add(tx, name, role, passwords.hashed(password), by):
            raise Failure(f"There is an account {name} already.")
        _note(tx, by, "account add", name, after={"role": role})
    _tell({"account": name, "role": role}, password if random else None, json)


@app.command("list")
def list_(context: typer.Context, json: JsonFlag = False) -> None:
    """All accounts · 账号清单."""
    place: Place = context.obj
    with place.transaction(CONSOLE) as tx:
        rows = account_store.listed(tx)
    listing(rows, json, "nobody may enter; `fengge account add` makes an account")


@app.command()
def role(
    context: typer.Context,
    name: Name,
    role: Annotated[
        RoleName, typer.Argument(metavar="ROLE", help="viewer, operator, supervisor, administrator.")
    ],
    by: By,
    json: JsonFlag = False,
) -> None:
    """Give an account another role, at once · 变更角色."""
    place: Place = context.obj
    with place.transaction(CONSOLE) as tx:
        before = _found(tx, name).role
        if not account_store.set_role(tx, name, role):
            raise Failure(f"{name} comes from an issuer, whose claims say the role.")
        _note(tx, by, "account role", name, {"role": before}, {"role": role})
    _tell({"account": name, "role": role}, None, json)


@app.command()
def lock(context: typer.Context, name: Name, by: By, json: JsonFlag = False) -> None:
    """Shut an account out, at once and everywhere · 停用."""
    _set_locked(context.obj, name, True, by, json)


@app.command()
def unlock(context: typer.Context, name: Name, by: By, json: JsonFlag = False) -> None:
    """Let an account in again, also after too many failures · 解锁."""
    _set_locked(context.obj, name, False, by, json)


@app.command()
def password(
    context: typer.Context, name: Name, by: By, random: Random = False, json: JsonFlag = False
) -> None:
    """Give an account another password; it is signed out everywhere · 重置密码."""
    chosen = _chosen(random)
    place: Place = context.obj
    with place.transaction(CONSOLE) as tx:
        _found(tx, name)
        if not account_store.set_password(tx, name, passwords.hashed(chosen)):
            raise Failure(f"{name} comes from an issuer, where its password is.")
        account_store.forget(tx, name)
        session_store.end_all(tx, name)
        _note(tx, by, "account password", name)
    _tell({"account": name, "password": "changed"}, chosen if random else None, json)


def _set_locked(place: Place, name: str, locked: bool, by: str, json: bool) -> None:
    with place.transaction(CONSOLE) as tx:
        before = _found(tx, name).locked
        account_store.set_locked(tx, name, locked)
        if locked:
            session_store.end_all(tx, name)
        else:
            account_store.forget(tx, name)
        _note(
            tx, by, f"account {'lock' if locked else 'unlock'}", name, {"locked": before}, {"locked": locked}
        )
    _tell({"account": name, "locked": locked}, None, json)


def _found(tx: Tx, name: str) -> account_store.Account:
    found = account_store.find(tx, name)
    if found is None:
        raise Failure(f"There is no account {name}. `fengge account list` shows those there are.")
    return found


def _chosen(random: bool) -> str:
    """A password: drawn, asked for at a terminal, or one line of standard input; never an argument."""
    if random:
        return secrets.token_urlsafe(18)
    if sys.stdin.isatty():
        given: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    if why := passwords.unfit(given):
        raise Failure(f"Not taken: {why}.")
    return given


def _note(tx: Tx, by: str, what: str, name: str, before: Any = None, after: Any = None) -> None:
    record_store.note(
        tx,
        Action(
            who=by,
            role=None,
            what=what,
            target=name,
            outcome="done",
            address="cli",
            before=before,
            after=after,
        ),
    )


def _tell(done: dict[str, Any], password: str | None, json: bool) -> None:
    told = done | ({"password": password} if password else {})
    if json:
        as_json(told)
    else:
        print("\n".join(f"{key:<10}{value}" for key, value in told.items()))
