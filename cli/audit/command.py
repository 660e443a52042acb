"""`fengge audit`: the ledger check and the check of the sealed history, told to people and to scripts."""

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from cli.audit import chain, ledger, store
from cli.audit.chain import Proof
from cli.audit.ledger import Audit
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, table
from contracts.registry import SERVICES
from services.ticket.audit.proof import Head

Service = Literal["ticket", "dispatch", "notification", "evaluation"]
ACCOUNT = (
    "服务\nservice", "接收\naccepted", "生效\neffected", "等待\nwaiting", "搁置\nparked", "在途\nunder way",
    "缺失\nmissing",
)  # fmt: skip
SHOWN = 100


def audit(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--chain", help="Check the sealed history instead · 验链.")] = False,
    since: Annotated[
        datetime | None, typer.Option(help="Only tickets touched, or blocks sealed, since then (local time).")
    ] = None,
    service: Annotated[Service | None, typer.Option(help="Only the ledger of this service.")] = None,
    grace: Annotated[float, typer.Option(min=1, help="Seconds that an event may be under way.")] = 60,
    heads: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="What --chain --json said earlier, kept elsewhere."),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Whether every ticket adds up · 对账与验链.

    Without --chain: accepted = effected + waiting + parked + under way, in each service and for each ticket;
    whatever does not add up is named. With --chain: the history is what it was when it was sealed; what was
    altered, removed or slipped in since then is named by shard, block and ticket.
    Exit status 0 only if all adds up. What is parked adds up, and waits for a person.
    """
    since = since.astimezone() if since else None
    began = time.monotonic()
    told = _followed(context.obj, since, heads) if follow else _audited(context.obj, service, since, grace)
    seconds = time.monotonic() - began
    if json:
        as_json(told.document | {"seconds": round(seconds, 1)})
    else:
        print(f"{told.words}\n({seconds:.1f} s)")
    raise typer.Exit(0 if told.well else 1)


class Told(msgspec.Struct):
    """What a check came to, for scripts and for people."""

    well: bool
    document: dict[str, Any]
    words: str


def _audited(place: Place, service: str | None, since: datetime | None, grace: float) -> Told:
    services = [service] if service else SERVICES
    needed = {*services, "ticket"} if since else services
    with store.opened(place, needed) as ledgers:
        found = ledger.audited(ledgers, services, since, grace)
    return Told(found.balanced, _audit_document(found), _audit_words(found))


def _followed(place: Place, since: datetime | None, heads: Path | None) -> Told:
    with store.opened(place, ["ticket"]) as ledgers, store.moment(ledgers["ticket"]) as tx:
        proof = chain.followed(tx, since, _noted(heads))
    return Told(proof.whole, _proof_document(proof), _proof_words(proof))


def _noted(path: Path | None) -> Sequence[Head]:
    if path is None:
        return ()
    try:
        return msgspec.json.decode(path.read_bytes(), type=Noted).heads
    except msgspec.DecodeError as error:
        raise Failure(f"{path} is not what `fengge audit --chain --json` prints: {error}") from None


class Noted(msgspec.Struct):
    """The part of an earlier document that is compared."""

    heads: list[Head]


def _audit_document(found: Audit) -> dict[str, Any]:
    accounts = [{**msgspec.to_builtins(each), "balanced": each.balanced} for each in found.accounts]
    keys = ("service", "ticket", "source", "event", "reason")
    return {
        "balanced": found.balanced,
        "services": accounts,
        "faults": msgspec.to_builtins(found.faults),
        "parked": [dict(zip(keys, record, strict=True)) for record in found.parked],
    }


def _audit_words(found: Audit) -> str:
    rows = [msgspec.structs.astuple(each) for each in found.accounts]
    lines = [table(ACCOUNT, rows), ""]
    if found.faults:
        faults = [(each.service, each.ticket, ledger.WORDS[each.what], each.detail) for each in found.faults]
        lines += _some(("service", "ticket", "fact 事实", "which 哪些"), faults)
    if found.parked:
        lines.append(
            f"{len(found.parked)} parked records wait for a decision · 待处理搁置：fengge parked list"
        )
    lines.append("all adds up · 账目相符" if found.balanced else "this does not add up · 账目不符")
    return "\n".join(lines)


def _proof_document(proof: Proof) -> dict[str, Any]:
    return {
        "whole": proof.whole,
        "blocks": proof.blocks,
        "rows": proof.rows,
        "unsealed": proof.unsealed,
        "heads": [msgspec.to_builtins(head) for _, head in sorted(proof.heads.items())],
        "faults": msgspec.to_builtins(proof.faults),
    }


def _proof_words(proof: Proof) -> str:
    lines = [f"{proof.blocks} blocks, {proof.rows} rows · 已验区块与行"]
    lines += [f"{proof.unsealed} rows are not sealed yet · 尚未封存"] if proof.unsealed else []
    if proof.faults:
        faults = [
            (each.shard, each.block, each.ticket, chain.WORDS[each.what], each.detail)
            for each in proof.faults
        ]
        lines += ["", *_some(("shard", "block", "ticket", "what 问题", "which 哪些"), faults)]
    lines.append("the chain is whole · 链完整" if proof.whole else "the chain is broken · 链已断")
    return "\n".join(lines)


def _some(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    more = [f"… {len(rows) - SHOWN} more; --json has them all"] if len(rows) > SHOWN else []
    return [table(titles, rows[:SHOWN], widest=70), *more, ""]
