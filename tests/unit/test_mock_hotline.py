"""The mock hotline says what a hotline would say, and trusts no webhook but a genuine one."""

import base64
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from cli.hotline.day import Day, orders_of
from cli.hotline.receiver import Receiver
from cli.hotline.trial import rows, tried
from contracts.hotline.reading import read

FOLDER = Path(__file__).parents[2] / "directory" / "hotlines"
CITY = read(FOLDER / "kangning.toml")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"


def begun(number: int = 1, **more: Any) -> Day:
    patterns = [row for row in rows(FOLDER / "sample.csv") if row["紧急程度"] != "火急"]
    day = Day(CITY, orders_of(CITY, patterns, number, "M-", NOW), more.get("until", "TicketClosed"))
    assert len(day.opening()) == number
    return day


def heard(day: Day, says: str, number: int = 1) -> list[dict[str, Any]]:
    said = day.hear({"业务类型": says, "工单编号": f"M-{number:05d}"}, NOW)
    assert all(each["event"] for each in tried(CITY, said, NOW)), "the city's file reads what the mock says"
    return said


def test_its_orders_are_those_of_the_sheet_under_numbers_of_their_own() -> None:
    orders = orders_of(CITY, rows(FOLDER / "sample.csv"), 5, "M-", NOW)
    assert [order["工单编号"] for order in orders] == [f"M-{number:05d}" for number in range(1, 6)]
    assert {order["业务类型"] for order in orders} == {"派单"}
    assert orders[0]["标题"] == orders[3]["标题"] == "路灯不亮"


def test_it_urges_supervises_agrees_to_more_time_and_calls_back() -> None:
    day = begun()
    assert [each["业务类型"] for each in heard(day, "签收")] == ["催办", "督办"]
    assert heard(day, "签收") == []
    assert [(each["业务类型"], each["审核结果"]) for each in heard(day, "延期申请")] == [("延期审核", "同意")]
    assert [(each["业务类型"], each["是否解决"]) for each in heard(day, "办理结果")] == [
        ("回访结果", "未解决")
    ]
    assert [(each["满意度"], each["是否解决"]) for each in heard(day, "办理结果")] == [("满意", "已解决")]
    assert not day.over
    assert heard(day, "结案") == []
    assert day.over
    (order,) = day.orders.values()
    assert order.said == ["order", "remind", "supervise", "extension", "callback", "callback"]


def test_an_order_that_is_not_taken_has_ended_and_nobody_waits_for_it() -> None:
    day = begun(2, until="TicketAccepted")
    day.refused("M-00001")
    heard(day, "签收", 2)
    day.refused("M-00002")
    assert day.over
    assert [order.ended for order in day.orders.values()] == ["refused", "TicketAccepted"]


def test_an_order_that_is_given_back_has_ended_and_a_strange_one_is_counted() -> None:
    day = begun(2, until="TicketAccepted")
    heard(day, "退单申请", 1)
    heard(day, "签收", 2)
    assert day.over
    assert [order.ended for order in day.orders.values()] == ["TicketDeclined", "TicketAccepted"]
    heard(day, "签收", 7)
    heard(day, "抄送", 1)
    assert day.strange == 2


def sent(
    body: bytes, ident: str = "msg_1", moment: float | None = None, secret: str = SECRET
) -> dict[str, str]:
    at = datetime.fromtimestamp(moment or time.time(), UTC)
    signature = Webhook(secret).sign(ident, at, body.decode())
    return {
        "webhook-id": ident, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature,
    }  # fmt: skip


def test_only_a_genuine_webhook_of_this_moment_is_taken_and_only_once() -> None:
    receiver, body = Receiver(), json.dumps({"业务类型": "签收"}).encode()
    assert receiver.take(sent(body), body) == 503, "it does not know its secret yet"
    receiver.secret = SECRET
    both = sent(body) | {"webhook-signature": f"v1,none {sent(body)['webhook-signature']}"}
    assert [receiver.take(headers, body) for headers in (sent(body), both)] == [204, 204]
    assert (receiver.messages.get_nowait(), receiver.messages.empty(), receiver.repeated) == (
        {"业务类型": "签收"}, True, 1,
    )  # fmt: skip
    other = f"whsec_{base64.b64encode(b'o' * 32).decode()}"
    forged = [
        (sent(body, secret=other), body), (sent(body), body + b" "),
        (sent(body, moment=time.time() - 600), body), (sent(body) | {"webhook-id": "msg_2"}, body),
        ({}, body),
    ]  # fmt: skip
    assert [receiver.take(headers, said) for headers, said in forged] == [401] * 5
    assert receiver.forged == 5
