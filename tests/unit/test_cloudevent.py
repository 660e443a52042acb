"""The fast codec between services: what it writes, what it reads, what it refuses."""

from datetime import UTC, datetime

import msgspec
import pytest

from contracts.cloudevent import BATCH, SINGLE, CloudEvent, decode, encode, opened
from contracts.event import Event
from contracts.problem import ContractViolation
from contracts.ticket import TicketVerified


def verified(sequence: str = "1") -> CloudEvent[Event]:
    return CloudEvent(
        specversion="1.0",
        id=f"v-{sequence}",
        source="urn:fengge:ticket",
        type="cn.fengge.ticket.TicketVerified.v1",
        time=datetime(2026, 11, 21, 10, tzinfo=UTC),
        data=TicketVerified(by="rule:evidence"),
        sequence=sequence,
        partitionkey="PQ42-1RE6-5GQJ-WJVC",
    )


def test_one_event_is_a_structured_cloudevent_without_empty_attributes() -> None:
    content_type, body = encode([verified()])
    assert content_type == SINGLE == "application/cloudevents+json"
    assert msgspec.json.decode(body) == {
        "specversion": "1.0",
        "id": "v-1",
        "source": "urn:fengge:ticket",
        "type": "cn.fengge.ticket.TicketVerified.v1",
        "time": "2026-11-21T10:00:00Z",
        "data": {"by": "rule:evidence", "reworks": 0, "asked": True},
        "sequence": "1",
        "partitionkey": "PQ42-1RE6-5GQJ-WJVC",
    }


def test_several_events_are_a_batch_in_their_order() -> None:
    events = [verified(str(number)) for number in range(1, 51)]
    content_type, body = encode(events)
    assert content_type == BATCH == "application/cloudevents-batch+json"
    assert [opened(event) for event in decode(content_type, body)] == events


def test_an_empty_batch_is_a_batch() -> None:
    assert decode(*encode([])) == []


def test_the_sequence_is_a_number_and_zero_where_there_is_none() -> None:
    (read,) = decode(*encode([verified("12")]))
    assert read.number == 12
    assert verified("").number == 0


@pytest.mark.parametrize(
    ("content_type", "body", "problem"),
    [
        ("application/json", b"{}", "content-type"),
        (SINGLE, b"{", "unreadable"),
        (SINGLE, b"\xff", "unreadable"),
        (SINGLE, b'{"x":' + b"[" * 100_000, "unreadable"),
        (BATCH, b'[{"x":' + b"[" * 100_000, "unreadable"),
        (SINGLE, b"[]", "envelope"),
        (BATCH, b"{}", "envelope"),
        (SINGLE, b'{"specversion": "0.3"}', "envelope"),
        (SINGLE, encode([verified("one")])[1], "envelope"),
        (SINGLE, encode([verified("1\n")])[1], "envelope"),
    ],
)
def test_what_is_no_cloudevent_is_refused(content_type: str, body: bytes, problem: str) -> None:
    with pytest.raises(ContractViolation) as caught:
        decode(content_type, body)
    assert caught.value.problem == problem


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ((b"TicketVerified.v1", b"TicketVerified.v9"), "unknown-type"),
        ((b'"by":"rule:evidence",', b""), "data"),
        ((b"rule:evidence", b"rule\\u0000"), "data"),
        ((b"rule:evidence", b"\xff"), "data"),
        ((b'"reworks":0', b'"reworks":0.0'), "data"),
        ((b'"reworks":0', b'"x":' + b"[" * 500 + b"]" * 500), None),
    ],
)
def test_data_is_checked_when_it_is_opened(change: tuple[bytes, bytes], problem: str | None) -> None:
    content_type, body = encode([verified()])
    (read,) = decode(content_type, body.replace(*change))
    if problem is None:
        assert opened(read).data == TicketVerified(by="rule:evidence")
        return
    with pytest.raises(ContractViolation) as caught:
        opened(read)
    assert caught.value.problem == problem
