"""A city's hotline sends in its own words: what it says becomes events, and only of its own orders."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.hotline.reading import read
from contracts.numbering import ticket_number
from deploy.local.endpoints import Endpoints
from tests.integration import gatehouse
from tests.integration.gatehouse import HOTLINES, Gate, Reply

CITY = read(HOTLINES / "kangning.toml")
SOURCE = CITY.source


@pytest.fixture(scope="module")
def gate(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gatehouse.opened(servers, tmp_path_factory.mktemp("gate"), "gateway_hotline") as opened:
        opened.let_in("kangning", SOURCE)
        yield opened


def send(gate: Gate, *messages: Any, client: str = "kangning", **headers: str) -> Reply:
    """One message by itself, several as a batch."""
    body = json.dumps(messages[0] if len(messages) == 1 else messages).encode()
    return gate.ask(
        "POST", "/hotline/kangning", body, client, Content_Type="application/json; charset=utf-8", **headers
    )


def order(number: str, **more: Any) -> dict[str, Any]:
    return {"业务类型": "派单", "工单编号": number, "标题": "路灯不亮", "紧急程度": "一般", **more}


def about(number: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"业务类型": kind, "工单编号": number, **more}


def test_a_work_order_is_kept_answered_and_goes_to_the_intake(gate: Gate) -> None:
    reply = send(gate, order("KN1", 来电人="王女士", 电话="139 0000 2001"))
    number = ticket_number(SOURCE, "KN1")
    assert (reply.status, reply.json["ticket"], reply.json["id"]) == (202, number, "KN1/order")
    properties, event, key = gate.received()
    assert (properties.user_id, key) == ("gateway", f"request.{number}")
    assert (event["source"], event["data"]["requester"]["name"]) == (SOURCE, "王女士")
    assert send(gate, order("KN1", 来电人="王女士", 电话="139 0000 2001")).json["state"] == "repeated"
    assert send(gate, order("KN1", 标题="别的事")).problem == "id-reused"
    assert gate.nothing_more()
    assert gate.query("SELECT DISTINCT body FROM outbox") == [("",)]


def test_of_a_batch_each_message_has_its_own_fate_by_the_citys_own_fields(gate: Gate) -> None:
    reply = send(
        gate, order("KN2"), about("KN2", "催办"), order("KN3", 紧急程度="火急"), about("nobody", "催办"), 7
    )
    results = reply.json["results"]
    assert [result["status"] for result in results] == [202, 404, 422, 404, 400]
    wrong = results[2]["problem"]
    assert wrong["type"].endswith(":mapping")
    assert wrong["errors"][0]["pointer"] == "/紧急程度"
    assert gate.received()[1]["data"]["external_id"] == "KN2"
    assert gate.nothing_more()
    asked = f"/reconcile?source={SOURCE}&from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z"
    refused = gate.ask("GET", asked, client="kangning").json["refused"]
    assert ("KN3/order", "mapping") in [(entry["id"], entry["reason"]) for entry in refused]


def test_what_follows_an_order_is_taken_at_once(gate: Gate) -> None:
    send(gate, order("KN4"))
    said = [
        about("KN4", "催办"), about("KN4", "督办", 原因="群众多次来电"), about("KN4", "撤单"),
        about("KN4", "回访结果", 是否解决="已解决", 满意度="满意"),
    ]  # fmt: skip
    assert [result["status"] for result in send(gate, *said).json["results"]] == [202] * 4
    number = ticket_number(SOURCE, "KN4")
    came = [gate.received() for _ in range(5)]
    assert {key.partition(".")[2] for _, _, key in came} == {number}
    assert [event["type"].split(".")[3] for _, event, _ in came[1:]] == [
        "ReminderSent", "SupervisionOrdered", "RequestCancelled", "CallbackMade",
    ]  # fmt: skip


def test_nobody_speaks_for_the_hotline_of_another(gate: Gate) -> None:
    hidden, none = (
        gate.ask("POST", f"/hotline/{city}", b"{}", "hotline", Content_Type="application/json")
        for city in ("kangning", "nowhere")
    )
    assert (hidden.status, hidden.json["detail"]) == (none.status, none.json["detail"])
    assert (hidden.status, hidden.problem) == (404, "not-found")
    assert gate.nothing_more()


WRONG: dict[str, tuple[bytes, str, int, str]] = {
    "no JSON": (b"<order/>", "application/json", 400, "unreadable"),
    "a form": (b"a=b", "application/x-www-form-urlencoded", 415, "content-type"),
    "an empty message": (b"{}", "application/json", 422, "mapping"),
    "too many": (b"[" + b"1," * 500 + b"1]", "application/json", 413, "too-many"),
    "deep": (b"[" * 40 + b"]" * 40, "application/json", 400, "too-deep"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_message_is_told_why(gate: Gate, what: str) -> None:
    body, kind, status, problem = WRONG[what]
    reply = gate.ask("POST", "/hotline/kangning", body, "kangning", Content_Type=kind)
    assert (reply.status, reply.problem) == (status, problem)
