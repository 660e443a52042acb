"""A city's hotline sends and is told in its own words; a system hears of its own tickets alone."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from standardwebhooks import Webhook

from contracts import dispatch, evaluation, ticket
from contracts.hotline.reading import read
from contracts.numbering import ticket_number
from deploy.local.endpoints import Endpoints
from services.gateway import client_store
from services.notification import webhook_store
from tests.integration import gatehouse
from tests.integration.gatehouse import HOTLINE, HOTLINES, Gate, Reply
from tests.integration.notifying import TOKEN, DispatchService, House, awaited, notifying
from tests.integration.receiver import Got, Receiver, receiving

DOCS = Path(__file__).parents[2] / "docs"
CITY = read(HOTLINES / "kangning.toml")
SOURCE = CITY.source
HERE = {
    "NOTIFY_TOKEN": "root-of-webhook-secrets-root-of-webhook-secrets", "WEBHOOK_NETWORKS": "127.0.0.0/8",
    "HOTLINES": str(HOTLINES), "OUTSIDE_TIMEOUT": "1",
}  # fmt: skip
JSON = "application/json"


@pytest.fixture(scope="module")
def house(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The notification service, which may post to the loopback."""
    folder = tmp_path_factory.mktemp("house")
    with notifying(servers, folder, "notification_subscriptions", **HERE) as running, running.mail_server():
        yield running


@pytest.fixture(scope="module")
def gate(servers: Endpoints, house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """The gateway before it, with two systems."""
    inside = {"NOTIFICATION_URL": f"http://127.0.0.1:{house.health_port}", "INTERNAL_TOKEN": TOKEN}
    folder = tmp_path_factory.mktemp("gate")
    with gatehouse.opened(servers, folder, "gateway_hotline", **inside) as opened:
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
    assert [result["status"] for result in results] == [202, 202, 422, 404, 400]
    wrong = results[2]["problem"]
    assert wrong["type"].endswith(":mapping")
    assert wrong["errors"][0]["pointer"] == "/紧急程度"
    assert gate.received()[1]["data"]["external_id"] == "KN2"
    assert gate.received()[1]["data"]["ticket"] == ticket_number(SOURCE, "KN2")
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


@pytest.mark.parametrize("guide", ["integrators.md", "integrators.zh-CN.md"])
def test_the_hotlines_curl_of_the_guide_works_as_it_stands(gate: Gate, guide: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed: nobody has tried the guide's command")
    text = (DOCS / guide).read_text(encoding="utf-8")
    (command,) = [
        each for each in re.findall(r"```bash\n(curl .*?)```", text, re.DOTALL) if "/hotline/" in each
    ]
    where = {"FENGGE_URL": f"http://127.0.0.1:{gate.port}", "FENGGE_KEY": gate.keys["kangning"].key}
    told = subprocess.run(
        ["bash", "-c", command], env=os.environ | where, text=True, capture_output=True, timeout=30
    )
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["ticket"] == ticket_number(SOURCE, "KN20261121000001")


class Subscription:
    """A system's webhook, its endpoint and what came there."""

    def __init__(self, gate: Gate, owner: str, receiver: Receiver, name: str = "", **wanted: Any) -> None:
        self.gate, self.owner, self.receiver = gate, owner, receiver
        self.name = name or f"w{uuid4().hex[:8]}"
        said = {"name": self.name, "url": f"{receiver.url}/in", **wanted}
        reply = gate.ask("POST", "/webhooks", json.dumps(said).encode(), owner, Content_Type=JSON)
        assert reply.status == 201, reply
        self.created, self.secret = reply.json, reply.json["secret"]

    def do(self, what: str, body: Any = None, owner: str = "") -> Reply:
        """Something is asked about it, by its owner unless somebody else is named."""
        method = {"deliveries": "GET", "": "DELETE"}.get(what, "POST")
        sent = b"" if body is None else json.dumps(body).encode()
        where = f"/webhooks/{self.name}/{what}".rstrip("/")
        return self.gate.ask(method, where, sent, owner or self.owner, Content_Type=JSON)

    def got(self, word: str) -> list[Got]:
        """What came about a ticket."""
        return self.receiver.about(word)

    def listed(self) -> Any:
        """As its owner sees it."""
        shown = self.gate.ask("GET", "/webhooks", client=self.owner).json["webhooks"]
        return next(each for each in shown if each["name"] == self.name)


def settled() -> None:
    """What was asked about subscriptions is promised to take effect within this time."""
    time.sleep(webhook_store.subscribed.seconds)


@pytest.fixture
def receivers() -> Iterator[list[Receiver]]:
    with ExitStack() as stack:
        yield [stack.enter_context(receiving()) for _ in range(2)]


def accepted(gate: Gate, source: str, grid: str = "9901") -> str:
    """A request of this source has become a ticket and is accepted in a cell."""
    number = gate.received_by_desk(uuid4().hex, source)
    taken = ticket.TicketAccepted(
        category="street_light", severity="general", grid=grid, channel="hotline_12345", source=source
    )
    gate.tell(number, taken)
    return number


def verified(got: Got, secret: str) -> Any:
    return Webhook(secret).verify(got.body, {name.lower(): value for name, value in got.headers.items()})


def test_a_system_hears_of_its_own_tickets_and_of_no_others(gate: Gate, receivers: list[Receiver]) -> None:
    mine = Subscription(gate, "kangning", receivers[0], events=["TicketAccepted"])
    other = Subscription(gate, "hotline", receivers[1], events=["TicketAccepted"])
    settled()
    assert (mine.created["sources"], mine.created["state"]) == ([SOURCE], "active")
    number, theirs = accepted(gate, SOURCE), accepted(gate, HOTLINE)
    (got,) = awaited(lambda: mine.got(number))
    assert verified(got, mine.secret)["data"]["ticket"] == number
    awaited(lambda: other.got(theirs))
    assert (mine.got(theirs), other.got(number)) == ([], [])


def test_nobody_sees_or_touches_the_webhook_of_another(gate: Gate, receivers: list[Receiver]) -> None:
    mine = Subscription(gate, "kangning", receivers[0], events=["TicketAccepted"])
    asked = [("test", None), ("rotate", None), ("pause", None), ("resume", None), ("deliveries", None),
             ("replay", {"from": 0}), ("", None)]  # fmt: skip
    for what, body in asked:
        reply = mine.do(what, body, owner="hotline")
        assert (what, reply.status, reply.problem) == (what, 404, "not-found")
        assert gate.raw("POST", f"/webhooks/{mine.name}/test", b"", {}).status == 401
    odd = gate.ask("POST", "/webhooks/%00%27/test", client="kangning")
    assert (odd.status, odd.problem) == (404, "not-found")
    assert mine.name not in json.dumps(gate.ask("GET", "/webhooks", client="hotline").json)
    assert (mine.listed()["state"], receivers[0].got) == ("active", [])
    same = Subscription(
        gate, "hotline", receivers[1], mine.name, events=["TicketClosed"]
    )  # a name of its own
    assert mine.listed()["url"] != same.listed()["url"]


def test_of_cells_a_system_hears_by_how_their_codes_begin(gate: Gate, receivers: list[Receiver]) -> None:
    near = Subscription(gate, "kangning", receivers[0], events=["TicketAccepted"], grids=["990101"])
    all_ = Subscription(gate, "kangning", receivers[1], events=["cn.fengge.ticket.TicketAccepted.v1"])
    settled()
    inside, outside = accepted(gate, SOURCE, "990101001"), accepted(gate, SOURCE, "990102001")
    awaited(lambda: near.got(inside) and all_.got(inside) and all_.got(outside))
    assert near.got(outside) == []


def test_a_trial_tells_whether_it_works_and_its_secret_can_be_changed(
    gate: Gate, receivers: list[Receiver]
) -> None:
    hook = Subscription(gate, "kangning", receivers[0], events=["TicketClosed"])
    ident = hook.do("test").json["webhook_id"]
    (got,) = awaited(lambda: receivers[0].got)
    assert (got.headers["webhook-id"], verified(got, hook.secret)["type"]) == (
        ident,
        "cn.fengge.webhook.Test.v1",
    )
    (tried,) = awaited(lambda: hook.do("deliveries").json["deliveries"])
    assert (tried["webhook_id"], tried["status"], tried["state"], tried["attempt"]) == (ident, 200, "sent", 1)
    assert str(tried["number"]) == got.headers["fengge-sequence"]
    new = hook.do("rotate").json["secret"]
    assert hook.do("rotate").problem == "webhook"
    hook.do("test")
    later = awaited(lambda: receivers[0].got[1:])[0]
    assert verified(later, hook.secret) == verified(later, new)
    assert "whsec" not in str(gate.query("SELECT * FROM answer"))
    assert "secret" not in hook.listed()


def test_what_happens_in_a_pause_is_kept_and_can_be_had_again_from_a_number_on(
    gate: Gate, house: House, receivers: list[Receiver]
) -> None:
    hook = Subscription(gate, "kangning", receivers[0], events=["TicketAccepted"])
    settled()
    before = accepted(gate, SOURCE)
    awaited(lambda: hook.got(before))
    assert hook.do("pause").json["state"] == "paused"
    settled()
    during = accepted(gate, SOURCE)
    awaited(lambda: hook.listed()["waiting"] == 1)
    assert hook.got(during) == []
    assert hook.do("resume").json["state"] == "active"
    (came,) = awaited(lambda: hook.got(during))
    awaited(lambda: hook.listed()["waiting"] == 0)
    assert hook.do("replay", {"from": int(came.headers["fengge-sequence"])}).json == {"queued": 1}
    awaited(lambda: len(hook.got(during)) == 2)
    assert len(hook.got(before)) == 1
    with psycopg.connect(house.database_url) as tx:
        assert webhook_store.set_state(tx, f"kangning/{hook.name}", "paused", "they move house")
    assert (hook.do("resume").status, hook.listed()["reason"]) == (409, "they move house")


def test_who_is_shut_out_hears_nothing_any_more(gate: Gate, house: House, receivers: list[Receiver]) -> None:
    gate.let_in("leaving", "urn:gate:leaving")
    hook = Subscription(gate, "leaving", receivers[0], events=["TicketAccepted"])
    with psycopg.connect(gate.database_url) as tx:
        client_store.set_state(tx, "leaving", "revoked")

    def rests() -> bool:
        with psycopg.connect(house.database_url) as tx:
            query = "SELECT vouched FROM subscriber WHERE id = %s"
            return tx.execute(query, [f"leaving/{hook.name}"]).fetchone() == (False,)

    witness = Subscription(gate, "hotline", receivers[1], events=["TicketAccepted"])
    awaited(rests)
    settled()
    unheard, heard = accepted(gate, "urn:gate:leaving"), accepted(gate, HOTLINE)
    awaited(lambda: witness.got(heard))
    assert hook.got(unheard) == []
    assert witness.got(unheard) == []


def test_a_webhook_is_ended_for_good(gate: Gate, receivers: list[Receiver]) -> None:
    hook = Subscription(gate, "kangning", receivers[0], events=["TicketAccepted"])
    witness = Subscription(gate, "kangning", receivers[1], events=["TicketAccepted"])
    assert hook.do("").json["state"] == "ended"
    assert [hook.do(what).status for what in ("", "resume", "test", "deliveries")] == [404] * 4
    again = {"name": hook.name, "url": f"{receivers[0].url}/in", "events": ["TicketAccepted"]}
    reply = gate.ask("POST", "/webhooks", json.dumps(again).encode(), "kangning", Content_Type=JSON)
    assert (reply.status, reply.json["detail"]) == (409, "its name is taken, or was")
    settled()
    number = accepted(gate, SOURCE)
    awaited(lambda: witness.got(number))
    assert hook.got(number) == []


NOT_MADE: dict[str, tuple[dict[str, Any], int, str]] = {
    "into the house": ({"url": "http://10.0.0.1/in"}, 422, "forbidden_address"),
    "nowhere": ({"url": "ftp://x/in"}, 422, "bad_url"),
    "of an unknown event": ({"events": ["RequestSubmitted"]}, 422, "no event that can be subscribed to"),
    "of nothing": ({"events": []}, 422, "name at least one"),
    "of visits at home": ({"events": ["VisitDue"]}, 422, "no event that can be subscribed to"),
    "without a name": ({"name": "No Name"}, 422, "/name"),
    "in the words of another's hotline": ({"hotline": "kangning"}, 404, "no hotline of yours"),
    "in the words of nobody's": ({"hotline": "nowhere"}, 404, "no hotline of yours"),
}


@pytest.mark.parametrize("what", NOT_MADE)
def test_a_webhook_that_may_not_be_is_not_made(gate: Gate, what: str) -> None:
    said, status, why = NOT_MADE[what]
    wanted = {"name": "wrong", "url": "http://127.0.0.1:9/in", "events": ["TicketClosed"]} | said
    reply = gate.ask("POST", "/webhooks", json.dumps(wanted).encode(), "hotline", Content_Type=JSON)
    assert reply.status == status
    assert why in reply.json["detail"]
    assert "wrong" not in json.dumps(gate.ask("GET", "/webhooks", client="hotline").json)


def test_nobody_has_more_webhooks_than_is_good(gate: Gate) -> None:
    gate.let_in("greedy", "urn:gate:greedy")

    def make(number: int) -> Reply:
        said = {"name": f"w-{number}", "url": "http://127.0.0.1:9/in", "events": ["TicketClosed"]}
        return gate.ask("POST", "/webhooks", json.dumps(said).encode(), "greedy", Content_Type=JSON)

    assert [make(number).status for number in range(20)] == [201] * 20
    assert [(reply.status, reply.problem) for reply in (make(0), make(20))] == [(409, "webhook")] * 2


def test_a_hotline_is_told_how_its_order_goes_in_its_own_words(
    gate: Gate, house: House, receivers: list[Receiver]
) -> None:
    hook = Subscription(gate, "kangning", receivers[0], hotline="kangning")
    settled()
    number = accepted(gate, SOURCE)
    DispatchService.words[number] = "已更换灯泡，恢复照明。"
    work: dict[str, Any] = {"assignment": "a1", "assignee": "GO-1"}
    house.publish(number, 1, dispatch.FirstContactMade(**work, in_time=True))
    awaited(lambda: hook.got("签收"))
    DispatchService.away = True
    handled = ticket.TicketHandled(
        **work, assignee_kind="grid_officer", resolved="partly", on_time=True, unresolved_reason="long_works"
    )
    gate.tell(number, handled)
    awaited(lambda: _alarms(house) == ["outcomes"])
    assert hook.got("办理结果") == []
    DispatchService.away = False
    (outcome,) = awaited(lambda: hook.got("办理结果"))
    told = verified(outcome, hook.secret)
    assert told.pop("联系时间")
    assert {name: told[name] for name in ("是否解决", "未解决原因", "公开答复内容", "承办编号")} == {
        "是否解决": "部分解决", "未解决原因": "施工周期长", "公开答复内容": "已更换灯泡，恢复照明。",
        "承办编号": number,
    }  # fmt: skip
    assert _alarms(house) == []
    with psycopg.connect(house.database_url) as tx:
        assert tx.execute("SELECT count(*) FROM webhook_message WHERE body LIKE '%灯泡%'").fetchone() == (0,)
    follower = gate.received_by_desk(uuid4().hex, SOURCE)
    gate.tell(follower, ticket.TicketMerged(primary=number, reason_code="same_words"), handled)
    (joined,) = awaited(lambda: [got for got in hook.got("办理结果") if follower in got.body.decode()])
    assert joined.document["公开答复内容"] == told["公开答复内容"]
    assert number not in joined.body.decode()
    rated = evaluation.RatingSubmitted(round=1, resolved="yes", satisfaction="satisfied", assignee="GO-1")
    house.publish(number, 1, rated)
    gate.tell(number, ticket.TicketClosed(rated=True, resolved="yes", satisfaction="satisfied"))
    awaited(lambda: hook.got("评价") and hook.got("结案"))
    assert not any("GO-1" in got.body.decode() for got in receivers[0].got)


def _alarms(house: House) -> list[str]:
    with psycopg.connect(house.database_url) as tx:
        query = "SELECT kind FROM alarm WHERE about = 'dispatch' AND cleared_at IS NULL"
        return [kind for (kind,) in tx.execute(query)]
