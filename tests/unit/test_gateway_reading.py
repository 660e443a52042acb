"""From HTTP to events: structured, binary and batch say the same thing."""

import json
from collections.abc import Mapping

import pytest

from contracts.cloudevent import BATCH, SINGLE, CloudEvent
from contracts.problem import ContractViolation
from services.gateway.problems import Refused
from services.gateway.reading import read

DATA = {"external_id": "7", "channel": "hotline_12345", "title": "路灯不亮"}
ENVELOPE = {
    "specversion": "1.0", "id": "七 7/1", "source": "urn:hotline", "time": "2026-11-21T08:00:00Z",
    "type": "cn.fengge.intake.RequestSubmitted.v1",
}  # fmt: skip
HEADERS = {
    "Ce-Specversion": "1.0", "Ce-Id": "%E4%B8%83%207/1", "Ce-Source": "urn:hotline",
    "Ce-Time": "2026-11-21T08:00:00Z", "Ce-Type": ENVELOPE["type"], "Ce-Partitionkey": "theirs",
}  # fmt: skip


def alone(content_type: str, headers: Mapping[str, str], body: bytes) -> object:
    (found,), batch = read(content_type, headers, body)
    assert not batch
    return found


def test_all_three_modes_say_the_same() -> None:
    event = ENVELOPE | {"data": DATA}
    structured = alone(f"{SINGLE}; charset=utf-8", {}, json.dumps(event).encode())
    binary = alone("application/json", HEADERS, json.dumps(DATA).encode())
    (one, two), batch = read(BATCH, {}, json.dumps([event, event]).encode())
    assert batch
    assert structured == one == two
    assert isinstance(structured, CloudEvent)
    assert isinstance(binary, CloudEvent)
    assert (binary.id, binary.data) == (structured.id, structured.data) == ("七 7/1", structured.data)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "data"),
        (b"{", "unreadable"),
        (b"1}", "unreadable"),
        (b'{},"id":"x"', "data"),
        (b"\xff", "unreadable"),
    ],
)
def test_the_body_of_a_binary_event_cannot_reach_into_the_envelope(body: bytes, problem: str) -> None:
    found = alone("application/json", HEADERS, body)
    assert isinstance(found, ContractViolation)
    assert found.problem == problem


@pytest.mark.parametrize("header", ["%ff", "\xff", "%00", "x" * 129])
def test_a_header_that_is_no_text_is_a_broken_envelope(header: str) -> None:
    found = alone("application/json", HEADERS | {"Ce-Source": header}, json.dumps(DATA).encode())
    assert isinstance(found, ContractViolation)
    assert found.problem == "envelope"


def test_another_content_type_is_no_event() -> None:
    with pytest.raises(Refused) as refused:
        read("application/json", {}, json.dumps(ENVELOPE | {"data": DATA}).encode())
    assert refused.value.status == 415
