"""The broker's exchanges, queues and bindings follow from what the services consume."""

import pytest

from chassis.shell import consumed_by
from chassis.topology import DELIVERY_LIMIT, Topology, doors, of_outside, of_outsider, of_service
from contracts import dispatch, intake, ticket
from services.ticket.service import TicketService


def ticket_topology() -> Topology:
    return of_service("ticket", consumed_by(TicketService), 4)


def test_a_service_has_one_ordered_queue_a_shard() -> None:
    assert [queue.name for queue in ticket_topology().queues] == [f"ticket.{shard}" for shard in range(4)]
    for queue in ticket_topology().queues:
        assert queue.arguments == {
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-single-active-consumer": True,
        }


def test_every_queue_of_the_doors_is_quorum_too_with_an_explicit_delivery_limit() -> None:
    for queue in doors(["intake", "world"]).queues:
        assert queue.arguments["x-queue-type"] == "quorum"
        assert queue.arguments["x-delivery-limit"] == DELIVERY_LIMIT


def test_each_shard_hears_its_own_shard_of_each_publisher() -> None:
    bindings = {
        (b.source, b.destination, b.routing_key) for b in ticket_topology().bindings if not b.to_exchange
    }
    for publisher in ("dispatch", "evaluation", "notification"):
        for shard in range(4):
            assert (f"{publisher}.events", f"ticket.{shard}", str(shard)) in bindings
            assert (f"{publisher}.events", f"ticket.{shard}", str((shard + 1) % 4)) not in bindings


def test_the_intake_is_spread_over_the_shards_by_area() -> None:
    topology = ticket_topology()
    assert ("ticket.inbound", "x-consistent-hash") in [(e.name, e.type) for e in topology.exchanges]
    assert {(b.source, b.routing_key) for b in topology.bindings if b.destination == "ticket.inbound"} == {
        ("gov.inbound", "request.#"),
        ("gov.unrouted", ""),  # what has no known area is refused by the service that takes requests
    }


@pytest.mark.parametrize(
    ("event", "area"), [(intake.OfferAnswered, "assignment"), (intake.RatingGiven, "rating")]
)
def test_an_area_goes_to_the_service_that_consumes_it(event: type[intake.Inbound], area: str) -> None:
    keys = {b.routing_key for b in of_service("x", [event], 2).bindings if b.destination == "x.inbound"}
    assert keys == {f"{area}.#"}


def test_a_service_that_hears_nothing_from_outside_has_no_intake() -> None:
    topology = of_service("x", [dispatch.OfferMade], 2)
    assert [exchange.name for exchange in topology.exchanges] == ["x.events"]
    assert {binding.source for binding in topology.bindings} == {"dispatch.events"}


def test_answers_reach_their_publisher_or_are_kept() -> None:
    topology = doors(["intake"])
    assert ("gov.replies", "gov.replies.intake", "intake") in [
        (b.source, b.destination, b.routing_key) for b in topology.bindings
    ]
    (replies,) = [exchange for exchange in topology.exchanges if exchange.name == "gov.replies"]
    assert replies.alternate == "gov.unclaimed"


def test_the_gateway_hears_the_answers_to_its_own_events_and_to_nobody_elses() -> None:
    own = of_service("gateway", [intake.EventRefused, ticket.TicketClosed], 2)
    assert ("gateway.replies", "gateway.0", "") in [
        (b.source, b.destination, b.routing_key) for b in own.bindings
    ]
    assert {b.source for b in own.bindings} == {"gateway.replies", "ticket.events"}
    ways = [b for b in doors(["intake"]).bindings if b.source == "gov.replies"]
    assert {(b.destination, b.routing_key) for b in ways if b.to_exchange} == {("gateway.replies", "gateway")}


def test_what_outsiders_publish_leads_to_the_gateway_alone_in_order_and_a_full_queue_refuses_it() -> None:
    own = of_outside("gateway", 2)
    assert {(b.destination, b.routing_key) for b in own.bindings if b.source == "gov.outside"} == {
        ("gateway.outside", "#")
    }
    assert [queue.name for queue in own.queues] == ["gateway.outside.0", "gateway.outside.1"]
    for queue in own.queues:
        assert queue.single
        assert queue.arguments["x-overflow"] == "reject-publish"
    assert "gov.outside" not in {b.source for b in doors(["intake"]).bindings + ticket_topology().bindings}


def test_an_outsider_has_a_queue_of_replies_and_one_of_exactly_the_facts_it_hears() -> None:
    both = of_outsider("city", sends=True, hears=["b.v1", "a.v1"])
    assert [(queue.name, queue.single, queue.max_length) for queue in both.queues] == [
        ("gov.replies.city", False, 1_000_000), ("gov.facts.city", False, 1_000_000),
    ]  # fmt: skip
    assert [(b.source, b.routing_key) for b in both.bindings] == [
        ("gov.replies", "city"), ("gov.facts", "a.v1"), ("gov.facts", "b.v1"),
    ]  # fmt: skip
    assert [queue.name for queue in of_outsider("city", hears=["a.v1"]).queues] == ["gov.facts.city"]
    assert of_outsider("city").queues == []
