"""How requests stand, for the system that sent them and nobody else."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from werkzeug.datastructures import MultiDict

from chassis.database import Tx
from contracts.gateway.open311.requests import MOST_REQUESTS, ServiceRequest, Token, Wanted, Which
from services.gateway import open311_store as store
from services.gateway.call import Answer, Call
from services.gateway.channels.open311.telling import ENDS, extended, notes, span, status
from services.gateway.channels.open311.whose import sources
from services.gateway.channels.open311.writing import Written
from services.gateway.json_body import checked
from services.gateway.problems import Refused


def list_(call: Call, tx: Tx) -> Answer:
    """The requests that are asked for, the newest first; raises Refused."""
    wanted = checked(Wanted, _said(call.request.args))
    mine = sources(call.caller, wanted.jurisdiction_id)
    ids = _split(wanted.service_request_id)
    if ids is not None and len(ids) > MOST_REQUESTS:
        raise Refused("query", 422, f"service_request_id: at most {MOST_REQUESTS} at once")
    rows = store.by_id(tx, mine, ids) if ids is not None else _found(call, tx, mine, wanted)
    return _answer(call, tx, rows, wanted.extensions)


def show(call: Call, tx: Tx) -> Answer:
    """One request; raises Refused (404) where this system has sent none with that number."""
    which = checked(Which, _said(call.request.args))
    number = call.arguments["service_request_id"]
    mine = sources(call.caller, which.jurisdiction_id)
    rows = store.by_id(tx, mine, [number]) if "\0" not in number else []
    if not rows:
        raise Refused("unknown-ticket", 404, "service_request_id: you have sent no such request")
    return _answer(call, tx, rows, which.extensions)


def token(call: Call, tx: Tx) -> Answer:
    """The number of the ticket of what the caller calls so; raises Refused (404) where there is none."""
    which = checked(Which, _said(call.request.args))
    number = call.arguments["token"]
    mine = sources(call.caller, which.jurisdiction_id)
    tickets = store.by_sender_no(tx, mine, number) if "\0" not in number else []
    if not tickets:
        raise Refused("unknown-ticket", 404, "token: you have sent no request under it")
    found = [Token(service_request_id=ticket, token=number) for ticket in tickets]
    return Answer(200, Written(found, "service_requests", "request"))


def _said(args: MultiDict[str, str]) -> dict[str, str]:
    """The parameters that say something; one that stands there again goes on, as after a comma."""
    said = {name: ",".join(filter(None, values)) for name, values in args.lists()}
    return {name: value for name, value in said.items() if value}


def _split(text: str | None) -> list[str] | None:
    return [part.strip() for part in text.split(",")] if text else None


def _found(call: Call, tx: Tx, mine: Sequence[str], wanted: Wanted) -> list[dict[str, Any]]:
    start, end = span(wanted, call.now)
    statuses, most = set(_split(wanted.status) or ()), int(wanted.page_size)
    values = {
        "sources": list(mine), "codes": _split(wanted.service_code), "from": start, "to": end,
        "over": "closed" in statuses if len(statuses) == 1 else None, "ends": list(ENDS),
        "most": most, "after": (int(wanted.page) - 1) * most,
    }  # fmt: skip
    return store.found(tx, values)


def _answer(call: Call, tx: Tx, rows: Sequence[dict[str, Any]], extensions: str) -> Answer:
    found = [status(row, call.places.open(row["ticket"], row["place"])) for row in rows]
    if extensions == "true":
        found = _with_history(tx, rows, found)
    return Answer(200, Written(found, "service_requests", "request"))


def _with_history(
    tx: Tx, rows: Sequence[dict[str, Any]], found: Sequence[ServiceRequest]
) -> list[ServiceRequest]:
    steps = defaultdict[str, list[tuple[datetime, str]]](list)
    for ticket, at, name in store.steps(tx, [row["ticket"] for row in rows]):
        steps[ticket].append((at, name))
    return [
        replace(each, extended_attributes=extended(row), notes=notes(steps[row["ticket"]]))
        for row, each in zip(rows, found, strict=True)
    ]
