"""A hotline's day over HTTP alone: orders in, webhooks back, reminders, call-backs, a rework, to the end."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from chassis.clock import now
from chassis.policy import in_force, set_policy
from cli.demo.stage import Stage
from cli.demo.whim import Answer, World
from contracts import dispatch, intake, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.hotline.reading import read
from tests.acceptance.conftest import ROOT, Fengge

MAPPING = ROOT / "directory" / "hotlines" / "kangning.toml"
SOURCE = read(MAPPING).source
ORDERS = 5
"""The first and the last are not resolved at first."""


@dataclass(frozen=True)
class Crew(World):
    """Assignees who take and do whatever comes from the hotline, and nothing else."""

    ours: set[str] = field(default_factory=set)

    def answers(self, fact: CloudEvent[Event]) -> list[Answer]:
        """What follows from a fact about one of the hotline's tickets."""
        number, said = fact.partitionkey, fact.data
        if isinstance(said, ticket.TicketReceived) and said.source == SOURCE:
            self.ours.add(number)
        return [Answer(0.1, "/crew", event) for event in _done(number, said)] if number in self.ours else []


def _done(number: str, said: Any) -> Iterator[Event]:
    if isinstance(said, dispatch.ClaimOpened):
        first = said.explanation.candidates[0].assignee
        yield intake.OfferClaimed(ticket=number, assignment=said.assignment, assignee=first)
        return
    held = {name: getattr(said, name, None) for name in ("assignment", "assignee")}
    match said:
        case dispatch.OfferMade():
            yield intake.OfferAnswered(ticket=number, answer="accept", **held)  # type: ignore[arg-type]
        case dispatch.AssignmentAccepted() | dispatch.AssignmentReopened():
            yield intake.FirstContactLogged(ticket=number, **held)  # type: ignore[arg-type]
        case dispatch.FirstContactMade():
            yield intake.WorkReported(ticket=number, resolved="yes", outcome="已修复。", **held)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def day(fengge: Fengge) -> Iterator[dict[str, Any]]:
    """What the mock hotline tells of its day in a house where people work."""
    endpoints = json.loads((fengge.run / "endpoints.json").read_text())
    with psycopg.connect(endpoints["database"]["roles"]["evaluation"]) as tx:
        tx.execute("SET search_path = evaluation")
        trusted = in_force(tx)["rating_publishers"].value["trusted"]
        set_policy(tx, "rating_publishers", now(), json.dumps({"trusted": [*trusted, f"gateway {SOURCE}"]}))
    key = fengge.json("client", "add", "kangning", "--source", SOURCE)["key"]
    crew = Stage(endpoints["broker"]["users"]["world"], 4, Crew(1, (), ()))
    assert crew.open()
    try:
        yield fengge.json(
            "hotline", "play", endpoints["gateway"]["gateway"], "--mapping", str(MAPPING), "--key", key,
            "--orders", str(ORDERS), "--seconds", "120",
        )  # fmt: skip
    finally:
        crew.close()


def test_every_order_is_signed_for_done_called_back_about_and_closed(day: dict[str, Any]) -> None:
    assert (day["balanced"], day["refused"], day["forged"], day["strange"]) == (True, [], 0, 0)
    assert len(day["orders"]) == ORDERS
    for order in day["orders"]:
        assert order["ended"] == "TicketClosed"
        assert order["heard"][0] == "TicketAccepted"
        assert {"TicketHandled", "RatingSubmitted"} <= set(order["heard"])
        assert order["said"][0] == "order"
        assert "callback" in order["said"]
    assert {"remind", "supervise"} <= {said for order in day["orders"] for said in order["said"]}


def test_what_was_not_resolved_was_done_again(day: dict[str, Any]) -> None:
    times = [order["heard"].count("TicketHandled") for order in day["orders"]]
    assert times == [2, 1, 1, 1, 2]


def test_the_webhook_of_the_day_is_gone(fengge: Fengge, day: dict[str, Any]) -> None:
    (hook,) = [row for row in fengge.json("webhook", "list") if row["id"].startswith("kangning/mock-")]
    assert (hook["state"], hook["reason"], hook["under_way"]) == ("disabled", "ended by its owner", 0)
