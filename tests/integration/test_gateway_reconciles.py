"""What a system has sent is held, under way, parked, refused or missing: each event once, with its reason."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
import pytest

from contracts.actor import Actor
from contracts.intake import EventRefused
from contracts.numbering import ticket_number
from contracts.ticket import (
    InfoProvided,
    InfoRequested,
    TicketClosed,
    TicketMerged,
    TicketUnmerged,
)
from deploy.local.endpoints import Endpoints
from tests.integration import gatehouse
from tests.integration.gatehouse import Gate, request
from tests.integration.process import until

PERIOD = {"from": "2026-11-21T00:00:00Z", "to": "2026-11-22T00:00:00Z"}
LISTS = ("held", "under_way", "parked", "refused", "missing")


@pytest.fixture(scope="module")
def gate(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gatehouse.opened(servers, tmp_path_factory.mktemp("gate"), "gateway_reconciles") as opened:
        yield opened


def reconciled(gate: Gate, source: str, client: str, ids: list[str] | None = None) -> dict[str, Any]:
    asked = {"source": source, **PERIOD}
    if ids is None:
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        reply = gate.ask("GET", f"/reconcile?{query}", client=client)
    else:
        body = json.dumps(asked | {"ids": ids}).encode()
        reply = gate.ask("POST", "/reconcile", body, client, Content_Type="application/json")
    assert reply.status == 200, reply
    return dict(reply.json)


def test_every_event_is_in_one_list_with_its_reason(gate: Gate) -> None:
    source = "urn:gate:lists"
    gate.let_in("lists", source)
    for name in ("held", "new", "old", "refused", "parked"):
        assert gate.send(request(name, source), "lists").status == 202
    assert gate.send(request("door", source, channel="smoke"), "lists").status == 422
    assert gate.send(request("mended", source, channel="smoke"), "lists").status == 422
    assert gate.send(request("mended", source), "lists").status == 202
    gate.received_by_desk("held", source)
    for name, parked in (("refused", False), ("parked", True)):
        problem = "urn:fengge:problem:duplicate"
        gate.refuse(
            EventRefused(
                problem=problem, title="t", status=409, detail="it is a ticket already",
                instance=f"{name}/1", source=source, parked=parked,
            )
        )  # fmt: skip
    with psycopg.connect(gate.database_url) as tx:
        tx.execute("UPDATE intake SET received_at = now() - interval '2 minutes' WHERE id = 'old/1'")
    until(lambda: reconciled(gate, source, "lists")["counts"]["parked"] == 1)
    until(lambda: reconciled(gate, source, "lists")["counts"]["held"] == 1)
    until(lambda: reconciled(gate, source, "lists")["counts"]["refused"] == 2)
    found = reconciled(gate, source, "lists")
    assert {name: [entry["id"] for entry in found[name]] for name in LISTS} == {
        "held": ["held/1"], "under_way": ["mended/1", "new/1"], "parked": ["parked/1"],
        "refused": ["door/1", "refused/1"], "missing": ["old/1"],
    }  # fmt: skip
    assert found["counts"]["sent"] == sum(found["counts"][name] for name in LISTS) == 7
    assert [entry["reason"] for entry in found["refused"]] == ["data", "duplicate"]
    assert found["missing"][0]["reason"] == "no-effect"
    assert found["missing"][0]["ticket"] == ticket_number(source, "old")
    assert found["complete"] is True


def test_ids_that_never_came_are_missing_as_well(gate: Gate) -> None:
    gate.send(request("here"))
    gate.received_by_desk("here")
    until(lambda: reconciled(gate, gatehouse.HOTLINE, "hotline")["counts"]["held"] == 1)
    found = reconciled(gate, gatehouse.HOTLINE, "hotline", ["here/1", "lost/1", "lost/1"])
    assert [(entry["id"], entry["reason"]) for entry in found["missing"]] == [("lost/1", "never-received")]
    assert (found["counts"]["held"], found["counts"]["missing"]) == (1, 1)


BAD = {
    "no source": ("from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z", "/source"),
    "no zone": ("source=urn:gate:hotline&from=2026-11-21T00:00:00&to=2026-11-22T00:00:00Z", "/from"),
    "backwards": ("source=urn:gate:hotline&from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z", ""),
    "a year": ("source=urn:gate:hotline&from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z", ""),
}


@pytest.mark.parametrize("what", BAD)
def test_a_period_that_cannot_be_looked_at_is_told_why(gate: Gate, what: str) -> None:
    query, pointer = BAD[what]
    reply = gate.ask("GET", f"/reconcile?{query}", client="hotline")
    assert (reply.status, reply.problem) == (422, "query")
    assert [error["pointer"] for error in reply.json.get("errors", [])] == ([pointer] if pointer else [])


def stands(gate: Gate, number: str, state: str) -> bool:
    shown = gate.ask("GET", f"/tickets/{number}", client="hotline")
    return shown.status == 200 and bool(shown.json["state"] == state)


def test_a_ticket_is_shown_as_it_moves(gate: Gate) -> None:
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    actor = Actor(role="operator", id="d")
    number = gate.received_by_desk("moving")
    steps = [
        (InfoRequested, "pending_info"), (InfoProvided, "received"), (TicketMerged, "merged"),
        (TicketUnmerged, "received"), (TicketClosed, "closed"),
    ]  # fmt: skip
    facts = {
        InfoRequested: InfoRequested(missing=["where"], by=actor, at=moment, until=moment),
        InfoProvided: InfoProvided(by=actor, paused_at=moment, at=moment, due_at=moment),
        TicketMerged: TicketMerged(primary=ticket_number("urn:x", "1"), reason_code="x"),
        TicketUnmerged: TicketUnmerged(primary=ticket_number("urn:x", "1"), reason_code="x"),
        TicketClosed: TicketClosed(rated=True, resolved="yes", satisfaction="satisfied"),
    }
    for kind, state in steps:
        gate.tell(number, facts[kind])
        until(partial(stands, gate, number, state))
    shown = gate.ask("GET", f"/tickets/{number}", client="hotline").json
    assert (shown["resolved"], shown["satisfaction"], shown["primary"]) == ("yes", "satisfied", None)


def test_facts_about_a_ticket_whose_beginning_nobody_heard_make_none(gate: Gate) -> None:
    number = ticket_number("urn:gate:hotline", "headless")
    gate.tell(number, TicketClosed(rated=False))
    known = gate.received_by_desk("after")
    until(lambda: gate.query("SELECT count(*) FROM standing WHERE id = %s", known) == [(1,)])
    assert gate.query("SELECT count(*) FROM standing WHERE id = %s", number) == [(0,)]
