"""From a message to the events in it, and from facts to messages."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from chassis.delivery import REPLIES_EXCHANGES, Arrival, Delivery, Unreadable, again, read, written
from chassis.outbox import EVENTS_PER_MESSAGE, pack
from contracts import cloudevent, ticket
from contracts.cloudevent import BATCH, SINGLE, CloudEvent
from contracts.event import type_of
from contracts.numbering import shard_of, ticket_number

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def fact(key: str = "T", sequence: str = "1", **envelope: Any) -> CloudEvent[Any]:
    members = {"id": f"{key}.{sequence}", "source": "urn:fengge:ticket", **envelope}
    return CloudEvent(
        specversion="1.0", type=type_of(ticket.TicketCancelled), time=NOW,
        partitionkey=key, sequence=sequence, data=ticket.TicketCancelled(reason_code="x"), **members,
    )  # fmt: skip


def inside(*events: CloudEvent[Any], content_type: str | None = None) -> list[Arrival] | Unreadable:
    kind, body = cloudevent.encode(events)
    return read(Delivery(body=body, content_type=content_type or kind, exchange="ticket.events"))


def outside(body: bytes, content_type: str = SINGLE) -> list[Arrival] | Unreadable:
    return read(Delivery(body=body, content_type=content_type, exchange="gov.inbound", publisher="intake"))


def request(**data: Any) -> bytes:
    said = {"external_id": "7", "channel": "hotline_12345", "title": "路灯不亮", **data}
    envelope = {"specversion": "1.0", "id": "e", "source": "urn:hotline", "time": "2026-11-21T08:00:00Z",
                "type": "cn.fengge.intake.RequestSubmitted.v1", "data": said}  # fmt: skip
    return msgspec.json.encode(envelope)


def test_a_batch_gives_its_events_in_order() -> None:
    arrivals = inside(*(fact(sequence=str(number)) for number in (1, 2, 3)))
    assert isinstance(arrivals, list)
    assert [arrival.event.number for arrival in arrivals] == [1, 2, 3]
    assert {arrival.stream for arrival in arrivals} == {("urn:fengge:ticket", "T")}


def test_what_comes_from_outside_goes_through_the_gate_and_gets_its_ticket() -> None:
    arrivals = outside(request())
    assert isinstance(arrivals, list)
    assert arrivals[0].event.partitionkey == ticket_number("urn:hotline", "7")
    assert (arrivals[0].event.number, arrivals[0].publisher) == (0, "intake")
    refused = outside(request(channel="smoke signals"))
    assert isinstance(refused, Unreadable)
    assert refused.violation.problem == "data"


@pytest.mark.parametrize(
    "event",
    [
        fact(sequence=""),
        fact(sequence="0"),
        fact(key=""),
        fact(sequence=str(2**31)),
        fact(id="a\0b"),
        fact(key="\0"),
    ],
)
def test_an_inside_event_that_the_ledger_cannot_place_is_unreadable(event: CloudEvent[Any]) -> None:
    assert isinstance(inside(event), Unreadable)


def test_an_answer_is_about_an_event_and_needs_no_place_among_the_facts_of_a_ticket() -> None:
    kind, body = cloudevent.encode([fact(key="", sequence="")])
    for exchange in REPLIES_EXCHANGES:
        (arrival,) = read(Delivery(body=body, content_type=kind, exchange=exchange))  # type: ignore[misc]
        assert (arrival.event.partitionkey, arrival.event.number) == ("", 0)


@pytest.mark.parametrize("content_type", ["", "text/plain", BATCH])
def test_a_body_that_is_not_what_it_says_is_unreadable(content_type: str) -> None:
    assert isinstance(outside(request(), content_type), Unreadable)
    assert isinstance(inside(fact(), content_type=content_type or "x"), Unreadable)


def test_the_same_unreadable_message_is_known_again_and_another_is_not() -> None:
    def ident(body: bytes, message_id: str) -> tuple[str, str]:
        found = read(Delivery(body=body, content_type=SINGLE, exchange="gov.inbound", message_id=message_id))
        assert isinstance(found, Unreadable)
        return found.ident

    assert ident(b"{", "1") == ident(b"{", "1")
    assert len({ident(b"{", "1"), ident(b"{", "2"), ident(b"[", "1")}) == 3


def test_what_waited_is_read_again_under_the_name_it_waits_by() -> None:
    arrivals = outside(request())
    assert isinstance(arrivals, list)
    (arrival,) = arrivals
    found = again(arrival.exchange, arrival.publisher, written(arrival.event), 2, arrival.ident)
    assert isinstance(found, list)
    assert (found[0].event, found[0].attempt, found[0].taken) == (arrival.event, 2, True)
    stranger = again(arrival.exchange, arrival.publisher, written(arrival.event), 0, ("parked", "1"))
    assert isinstance(stranger, list)
    assert not stranger[0].taken
    nonsense = again("gov.inbound", "intake", "{", 0, ("parked", "2"))
    assert isinstance(nonsense, Unreadable)
    assert nonsense.waits_as == ("parked", "2")


def test_a_message_carries_up_to_fifty_facts_of_one_shard_in_order() -> None:
    facts = [fact(f"T{number % 7}", str(1 + number // 7)) for number in range(700)]
    messages = pack("ticket", facts, 4)
    carried = []
    for exchange, routing_key, content_type, body in messages:
        events = cloudevent.decode(content_type, body.encode())
        assert exchange == "ticket.events"
        assert len(events) <= EVENTS_PER_MESSAGE
        assert {str(shard_of(event.partitionkey, 4)) for event in events} == {routing_key}
        carried += [(event.partitionkey, event.number) for event in events]
    for key in {event.partitionkey for event in facts}:
        assert [number for at, number in carried if at == key] == list(range(1, 101))


def test_a_single_fact_travels_as_a_single_event() -> None:
    assert [message[2] for message in pack("ticket", [fact()], 4)] == [SINGLE]
    assert pack("ticket", [], 4) == []
