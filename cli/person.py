"""`fengge vault export` and `erase`: all that is held about one person, told or taken out."""

import getpass
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
import typer

from chassis.clock import now
from chassis.database import Tx
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json
from services.gateway import open311_store
from services.ticket import erasure_store
from services.ticket.privacy import reveal_store, vault_store
from services.ticket.privacy.disclosure import Look, Verdict
from services.ticket.privacy.vault import Locked, Vault, normal_phone

T = TypeVar("T")

Phone = Annotated[str, typer.Option(help="The person's telephone number, as they give it.")]
Who = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who does it; it goes on record.")]
EXPORT, ERASE = "export", "erase"


def export(context: typer.Context, phone: Phone, who: Who) -> None:
    """All that is held about one person, as JSON; it goes on record · 导出个人信息.

    Contacts, words, tickets with their history, and who has looked. Hand it to the person alone.
    """
    place: Place = context.obj
    vault = place.vault()
    with place.transaction("ticket") as tx:
        refs = _refs(tx, vault, phone)
        _note(tx, refs, EXPORT, who)
        found = opened(lambda: erasure_store.held(tx, vault, refs))
        parked = erasure_store.parked_with(tx, _spellings(phone))
    records = [f"ticket:{no}" for no in parked]
    as_json(msgspec.to_builtins({"exported_at": now(), "tickets": found, "parked": records}, enc_hook=str))


def erase(
    context: typer.Context,
    phone: Phone,
    reason: Annotated[str, typer.Option(help="Why; it goes on record.")],
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also of tickets that are still open.")] = False,
    json: JsonFlag = False,
) -> None:
    """Take out who a person is and what they said; the history stays · 删除个人信息.

    What was taken out cannot be brought back, except from a back-up.
    """
    place: Place = context.obj
    vault = place.vault()
    with place.transaction("ticket") as tx, place.transaction("gateway") as gateway:
        refs = _refs(tx, vault, phone)
        _refuse_unfinished(tx, refs, phone, force)
        if not yes and not typer.confirm(
            f"Erase the identity behind {len(refs)} tickets for ever?", err=True
        ):
            raise Failure("nothing was erased")
        open311_store.forget_places(gateway, refs)
        done = erasure_store.erase(tx, refs, who, reason)
        said = [erasure_store.forget_parked(tx, now(), text, who, reason) for text in _spellings(phone)]
    done = msgspec.structs.replace(done, parked=sum(said))
    if json:
        as_json(msgspec.to_builtins(done))
    else:
        print(f"erased: {done.contacts} contacts, {done.requests} requests, {done.parked} parked messages")


def opened(work: Callable[[], T]) -> T:
    """What `work` finds in the vault; a vault that does not open is told in words."""
    try:
        return work()
    except Locked as locked:
        raise Failure(f"The vault does not open: {locked}.") from None


def encoded(value: Any) -> str:
    """A policy's figures as JSON."""
    return msgspec.json.encode(value).decode()


def _refs(tx: Tx, vault: Vault, phone: str) -> list[str]:
    if not normal_phone(phone):
        raise Failure(f"{phone!r} is no telephone number.")
    if clear := vault_store.clear(tx):
        raise Failure(f"{clear} rows are not sealed yet and cannot be searched: `fengge vault rotate` first.")
    refs = erasure_store.refs_of(tx, vault, phone)
    if not refs:
        raise Failure("Nobody with this number is known here.")
    return refs


def _refuse_unfinished(tx: Tx, refs: list[str], phone: str, force: bool) -> None:
    if parked := erasure_store.parked_with(tx, _spellings(phone)):
        names = ", ".join(f"ticket:{no}" for no in parked)
        raise Failure(f"Parked messages name this number; decide on them first: {names}.")
    open_ = erasure_store.still_open(tx, refs)
    if open_ and not force:
        raise Failure(
            f"Still open: {', '.join(open_)}. --force erases all the same; nobody can call back then."
        )


def _spellings(phone: str) -> list[str]:
    return list({phone.strip(), normal_phone(phone)})


def _note(tx: Tx, refs: list[str], purpose: str, who: str) -> None:
    reveal_store.note(
        tx, Look(refs=refs, purpose=purpose, who=who, role="data_subject", words=True), Verdict("full")
    )
