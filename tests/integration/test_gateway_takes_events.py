"""The gateway keeps an event before it answers, tells what became of each, and hands it on exactly once."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from contracts.cloudevent import BATCH, SINGLE
from contracts.gate import admit
from contracts.gateway.events import DEEPEST, MOST_BYTES, MOST_EVENTS
from contracts.numbering import ticket_number
from deploy.local.endpoints import Endpoints
from tests.integration import gatehouse
from tests.integration.gatehouse import HOTLINE, REQUEST, Gate, about, request
from tests.integration.process import until

DATABASE = "gateway_takes"
END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


@pytest.fixture(scope="module")
def gate(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gatehouse.opened(servers, tmp_path_factory.mktemp("gate"), DATABASE) as opened:
        yield opened


def batch(gate: Gate, events: list[Any], **headers: str) -> Any:
    reply = gate.ask("POST", "/events", json.dumps(events).encode(), "hotline", Content_Type=BATCH, **headers)
    assert reply.status == 207
    return reply.json["results"]


def test_a_structured_event_is_kept_answered_and_goes_to_the_intake(gate: Gate) -> None:
    reply = gate.send(request("one"))
    number = ticket_number(HOTLINE, "one")
    assert reply.status == 202
    trace = reply.headers["x-trace-id"]
    assert reply.json == {
        "id": "one/1", "source": HOTLINE, "state": "accepted", "ticket": number, "trace": trace,
    }  # fmt: skip
    properties, event, key = gate.received()
    assert (properties.user_id, properties.content_type, key) == ("gateway", SINGLE, f"request.{number}")
    admitted = admit(SINGLE, json.dumps(event).encode())
    assert (admitted.id, admitted.source, admitted.type) == ("one/1", HOTLINE, REQUEST)
    assert trace in admitted.traceparent
    assert gate.nothing_more()


def test_what_was_said_is_forgotten_once_the_broker_has_it(gate: Gate) -> None:
    said = request("two", body="张三住在三号楼", requester={"name": "张三", "phone": "13800138000"})
    assert gate.send(said).status == 202
    assert gate.received()[1]["data"]["requester"]["phone"] == "13800138000"
    assert gate.nothing_more()
    assert gate.query("SELECT DISTINCT body FROM outbox") == [("",)]
    tables = ("intake", "access", "answer", "refusal", "standing", "parked", "waiting")
    kept = [row for table in tables for row in gate.query(f"SELECT t::text FROM {table} t")]
    assert not any("张三" in text or "13800138000" in text for (text,) in kept)


def test_in_binary_mode_the_envelope_is_in_headers(gate: Gate) -> None:
    data = {"external_id": "three", "channel": "hotline_12345", "title": "路灯不亮"}
    headers = {
        "ce-specversion": "1.0", "ce-id": quote("三/1"), "ce-source": HOTLINE, "ce-type": REQUEST,
        "ce-time": "2026-11-21T08:12:05+08:00", "Content-Type": "application/json; charset=utf-8",
        "X-API-Key": gate.keys["hotline"].key,
    }  # fmt: skip
    reply = gate.raw("POST", "/events", json.dumps(data).encode(), headers)
    assert (reply.status, reply.json["id"]) == (202, "三/1")
    assert gate.received()[1]["data"]["title"] == "路灯不亮"
    broken = gate.raw("POST", "/events", b'{"a"', headers)
    assert (broken.status, broken.problem) == (400, "unreadable")


def test_of_a_batch_each_event_has_its_own_fate(gate: Gate) -> None:
    wrong = request("four-b", channel="smoke")
    foreign = request("four-c", source="urn:gate:other")
    results = batch(gate, [request("four-a"), wrong, foreign, 7, request("four-d")])
    assert [result["status"] for result in results] == [202, 422, 403, 400, 202]
    assert results[1]["problem"]["errors"][0]["pointer"] == "/data/channel"
    assert {gate.received()[1]["data"]["external_id"] for _ in range(2)} == {"four-a", "four-d"}
    assert gate.nothing_more()


def test_the_same_event_again_is_taken_once_and_its_id_cannot_say_something_else(gate: Gate) -> None:
    assert gate.send(request("five")).json["state"] == "accepted"
    later = request("five") | {"time": "2026-11-21T09:00:00+08:00"}
    assert [gate.send(event).json["state"] for event in (request("five"), later)] == ["repeated"] * 2
    other = gate.send(request("five", title="另一件事"))
    assert (other.status, other.problem) == (409, "id-reused")
    results = batch(gate, [request("five-b"), request("five-b"), request("five-b", title="又一件")])
    assert [result["status"] for result in results] == [202, 202, 409]
    assert [gate.received()[1]["data"]["external_id"] for _ in range(2)] == ["five", "five-b"]
    assert gate.nothing_more()


def test_an_event_without_effect_goes_on_its_way_again_when_it_is_sent_again(gate: Gate) -> None:
    gate.send(request("six"))
    gate.received()
    with psycopg.connect(gate.database_url) as tx:
        tx.execute("UPDATE intake SET sent_at = now() - interval '2 minutes' WHERE id = 'six/1'")
    assert [gate.send(request("six")).json["state"] for _ in range(2)] == ["repeated"] * 2
    assert gate.received()[1]["id"] == "six/1"
    assert gate.nothing_more()


def test_under_one_idempotency_key_there_is_one_request_and_one_answer(gate: Gate) -> None:
    first = gate.send(request("seven"), Idempotency_Key="seven")
    again = gate.send(request("seven"), Idempotency_Key="seven")
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    other = gate.send(request("seven-b"), Idempotency_Key="seven")
    assert (other.status, other.problem) == (422, "key-reused")
    assert gate.send(request("eight", channel="smoke"), Idempotency_Key="eight").status == 422
    assert gate.send(request("eight"), Idempotency_Key="eight").status == 202
    assert gate.send(request("nine"), Idempotency_Key="a b").status == 422
    assert [gate.received()[1]["data"]["external_id"] for _ in range(2)] == ["seven", "eight"]
    assert gate.nothing_more()


def test_while_a_request_is_under_way_its_idempotency_key_is_taken(gate: Gate) -> None:
    with psycopg.connect(gate.database_url) as tx:
        tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('hotline ten', 0))")
        busy = gate.send(request("ten"), Idempotency_Key="ten")
    assert (busy.status, busy.problem, busy.headers["retry-after"]) == (409, "in-flight", "1")
    assert gate.send(request("ten"), Idempotency_Key="ten").status == 202
    gate.received()


def test_of_many_who_send_the_same_at_once_one_is_first(gate: Gate) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: gate.send(request("eleven")), range(24)))
    assert sorted(reply.json["state"] for reply in replies) == ["accepted"] + ["repeated"] * 23
    gate.received()
    assert gate.nothing_more()


TOO_MUCH: dict[str, tuple[bytes, str, int, str]] = {
    "a large request": (b" " * (MOST_BYTES + 1), SINGLE, 413, "too-large"),
    "a large event": (b'{"a":"' + b"x" * 1_000_001 + b'"}', SINGLE, 413, "too-large"),
    "too many events": (json.dumps([1] * (MOST_EVENTS + 1)).encode(), BATCH, 413, "too-many"),
    "deep JSON": (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), BATCH, 400, "too-deep"),
    "no JSON": (b"<a/>", SINGLE, 400, "unreadable"),
    "no batch": (b"{}", BATCH, 400, "unreadable"),
    "no event": (b"{}", "application/json", 415, "content-type"),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_what_is_too_much_or_nothing_at_all_is_told_why(gate: Gate, what: str) -> None:
    body, content_type, status, problem = TOO_MUCH[what]
    reply = gate.ask("POST", "/events", body, "hotline", Content_Type=content_type)
    assert (reply.status, reply.problem) == (status, problem)


def test_an_event_about_a_ticket_follows_its_request_at_once(gate: Gate) -> None:
    gate.send(request("twelve"))
    number = ticket_number(HOTLINE, "twelve")
    reply = gate.send(about(number, "RequestCancelled", "twelve/2"))
    assert (reply.status, reply.json["ticket"]) == (202, number)
    assert [gate.received()[2] for _ in range(2)] == [f"request.{number}"] * 2


def test_every_request_is_on_record_for_good(gate: Gate) -> None:
    reply = gate.send(request("thirteen"))
    gate.received()
    row = "SELECT client, method, path, status, problem, events FROM access WHERE trace = %s"
    assert gate.query(row, reply.headers["x-trace-id"]) == [("hotline", "POST", "/events", 202, None, 1)]
    refused = gate.send(request("fourteen", channel="smoke"))
    assert gate.query(row, refused.headers["x-trace-id"]) == [("hotline", "POST", "/events", 422, "data", 0)]
    for statement in ("DELETE FROM access", "UPDATE access SET status = 200"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            gate.query(statement)


def test_what_cannot_be_committed_is_not_taken(gate: Gate, servers: Endpoints) -> None:
    with psycopg.connect(servers.database_url("postgres"), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false")
        try:
            admin.execute(END, [DATABASE])
            replies = [gate.send(request("dark")) for _ in range(2)]
        finally:
            admin.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true")
    for reply in replies:
        assert (reply.status, reply.problem, reply.headers["retry-after"]) == (503, "unavailable", "1")
    until(lambda: gate.send(request("dark")).status == 202)
    assert gate.received()[1]["id"] == "dark/1"
    assert gate.nothing_more()


def test_many_at_once_are_each_kept_once_answered_for_themselves_and_on_record(gate: Gate) -> None:
    gate.let_in("crowd", "urn:gate:crowd")
    wrong = request("crowd-wrong", "urn:gate:crowd", channel="smoke")
    events = [request(f"crowd-{number}", "urn:gate:crowd") for number in range(60) for _ in range(2)] + [
        wrong
    ] * 5
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda event: gate.send(event, "crowd"), events))
    assert Counter(reply.status for reply in replies) == {202: 120, 422: 5}
    told = [reply.json for reply in replies if reply.status == 202]
    assert Counter(each["state"] for each in told) == {"accepted": 60, "repeated": 60}
    assert len({each["trace"] for each in told}) == 120
    assert sorted(gate.received()[1]["id"] for _ in range(60)) == sorted({each["id"] for each in events[:-5]})
    assert gate.nothing_more()
    rows = gate.query("SELECT status, events, count(*) FROM access WHERE client = 'crowd' GROUP BY 1, 2")
    assert sorted(rows) == [(202, 0, 60), (202, 1, 60), (422, 0, 5)]
