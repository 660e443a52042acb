"""What a system publishes at the broker is judged as by HTTP: once, in order, whatever dies."""

import json
from collections.abc import Iterator
from typing import Any

import pika
import pytest

from contracts.cloudevent import SINGLE
from contracts.intake import EventRefused
from contracts.numbering import ticket_number
from contracts.problem import problem_type
from deploy.local.endpoints import Endpoints
from tests.integration import gatehouse
from tests.integration.gatehouse import HOTLINE, REQUEST, Gate, about, request
from tests.integration.outside import Broker
from tests.integration.process import until
from tests.integration.test_local_servers import needs_own_broker

pytestmark = needs_own_broker

OURS = "urn:gate:ours"
CANCEL = "cn.fengge.intake.RequestCancelled.v1"
PERIOD = "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z"


@pytest.fixture(scope="module")
def gate(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gatehouse.opened(servers, tmp_path_factory.mktemp("gate"), "gateway_amqp") as opened:
        opened.let_in("ours-by-http", OURS, types=[REQUEST, CANCEL])
        yield opened


class Wire:
    """A system at the broker that may send requests and take them back, as `OURS`."""

    def __init__(self, broker: Broker, password: str) -> None:
        self._broker, self._password = broker, password
        self._connect()

    def _connect(self) -> None:
        self.on: Any = self._broker.connected("ours", self._password).channel()
        self.on.confirm_delivery()

    def send(self, *events: dict[str, Any], user: str | None = "ours", **more: Any) -> None:
        """Publishes events, each confirmed; the key is the request's, as the guide asks."""
        said = pika.BasicProperties(content_type=SINGLE, delivery_mode=2, user_id=user, **more)
        for event in events:
            key = f"request.{event['id'].partition('/')[0]}"
            self.on.basic_publish("gov.outside", key, json.dumps(event).encode(), said, mandatory=True)

    def replies(self, many: int) -> list[dict[str, Any]]:
        """The next answers, and no more than those."""
        found: list[dict[str, Any]] = []

        def more() -> bool:
            method, _, body = self.on.basic_get("gov.replies.ours", auto_ack=True)
            found.extend([json.loads(body)["data"]] if method else [])
            return len(found) == many

        until(more)
        return found


@pytest.fixture(scope="module")
def wire(servers: Endpoints, gate: Gate) -> Iterator[Wire]:
    broker = Broker(servers, gate)
    password = broker.let_in("ours", [OURS], types=[REQUEST, CANCEL])
    broker.settle("ours")
    wire = Wire(broker, password)
    wire.broker = broker  # type: ignore[attr-defined]
    yield wire
    wire.on.connection.close()
    broker.keeper.shut_out("ours")
    gate.admin.queue_delete("gov.replies.ours")


FOREIGN, NOWHERE = ticket_number(HOTLINE, "theirs"), ticket_number(OURS, "nothing")
DESK = {"role": "operator", "id": "x"}
WRONG: dict[str, dict[str, Any]] = {
    "another's source": request("wrong-1", HOTLINE),
    "another's source and id": request("theirs", HOTLINE),
    "a type that it may not send": about(FOREIGN, "ReminderSent", "wrong-2", OURS, actor=DESK),
    "another's ticket": about(FOREIGN, "RequestCancelled", "wrong-3", OURS),
    "a ticket that does not exist": about(NOWHERE, "RequestCancelled", "wrong-4", OURS),
    "data that breaks its contract": request("wrong-5", OURS, channel="smoke"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_refused_by_http_is_refused_by_amqp_for_the_same_reason_and_takes_no_effect(
    gate: Gate, wire: Wire, what: str
) -> None:
    event = WRONG[what]
    if what == "another's source":  # the first of all: what the others name exists
        assert gate.send(request("theirs", HOTLINE)).status == 202
        assert gate.received()[1]["id"] == "theirs/1"
    answer = gate.send(event, "ours-by-http")
    wire.send(event)
    (reply,) = wire.replies(1)
    assert reply["problem"] == problem_type(answer.problem)
    told = answer.json
    assert (reply["status"], reply["detail"], reply["instance"]) == (
        answer.status,
        told["detail"],
        event["id"],
    )
    assert [(error["pointer"], error["detail"]) for error in reply.get("errors", [])] == [
        (error["pointer"], error["detail"]) for error in told.get("errors", [])
    ]
    assert gate.nothing_more()


def test_its_own_goes_through_once_with_all_that_follows_and_stands_in_the_reconciliation(
    gate: Gate, wire: Wire
) -> None:
    number = ticket_number(OURS, "own-1")
    wire.send(
        request("own-1", OURS), request("own-1", OURS), about(number, "RequestCancelled", "own-1/2", OURS)
    )
    assert [gate.received()[1]["id"] for _ in range(2)] == ["own-1/1", "own-1/2/1"]
    assert gate.nothing_more()
    wire.send(request("own-1", OURS, title="换了"))
    (reply,) = wire.replies(1)
    assert (reply["problem"], reply["status"]) == (problem_type("id-reused"), 409)
    gate.refuse(
        EventRefused(
            problem=problem_type("illegal-move"), title="no", status=409, detail="not now",
            instance="own-1/2/1", source=OURS, ticket=number,
        )
    )  # fmt: skip
    (reply,) = wire.replies(1)  # what a service says of it comes back, too
    assert (reply["instance"], reply["ticket"], reply["detail"]) == ("own-1/2/1", number, "not now")
    told = gate.ask("GET", f"/reconcile?source={OURS}&{PERIOD}", client="ours-by-http").json
    assert {each["id"] for each in told["refused"]} == {
        "own-1/2/1", "wrong-2/1", "wrong-3/1", "wrong-4/1", "wrong-5/1"
    }  # fmt: skip
    assert [each["id"] for each in told["under_way"]] == ["own-1/1"]
    (accesses,) = gate.query("SELECT sum(events) FROM access WHERE client = 'ours' AND method = 'AMQP'")
    assert accesses == (2,)


def test_a_claim_to_anothers_id_takes_nothing_away_from_its_owner(gate: Gate, wire: Wire) -> None:
    wire.send(request("mine", HOTLINE))
    wire.replies(1)
    assert gate.send(request("mine", HOTLINE)).status == 202
    assert gate.received()[1]["id"] == "mine/1"
    wire.send(request("mended", OURS, channel="smoke"))
    wire.replies(1)
    wire.send(request("mended", OURS))
    assert gate.received()[1]["id"] == "mended/1"


def test_no_header_leads_past_the_gateway(gate: Gate, wire: Wire) -> None:
    wire.send(request("past", HOTLINE), headers={"CC": ["request.past"], "BCC": ["request.past"]})
    assert wire.replies(1)[0]["problem"] == problem_type("forbidden")
    assert gate.nothing_more()


def test_for_whom_the_broker_does_not_vouch_nothing_takes_effect_and_a_person_looks_at_it(
    gate: Gate, wire: Wire
) -> None:
    wire.send(request("nobody", OURS), user=None)
    parked = "SELECT reason, publisher, body FROM parked WHERE id = 'nobody/1'"
    until(lambda: gate.query(parked))
    ((reason, publisher, body),) = gate.query(parked)
    assert (reason, publisher, json.loads(bytes(body))["id"]) == ("unauthorized", None, "nobody/1")
    assert gate.nothing_more()


def test_what_waits_of_who_was_shut_out_is_parked_and_tried_again_once_it_may_come_in(
    gate: Gate, wire: Wire
) -> None:
    gate.kill()
    wire.send(request("late", OURS))
    wire.broker.change("UPDATE client SET state = 'revoked' WHERE id = 'ours'")  # type: ignore[attr-defined]
    gate.restart()
    parked = "SELECT no, reason FROM parked WHERE id = 'late/1' AND state = 'open'"
    until(lambda: gate.query(parked))
    ((no, reason),) = gate.query(parked)
    assert reason == "unauthorized"
    assert wire.replies(1)[0]["parked"] is True
    wire.broker.change("UPDATE client SET state = 'active' WHERE id = 'ours'")  # type: ignore[attr-defined]
    gate.retry(no)
    assert gate.received()[1]["id"] == "late/1"
    assert gate.query("SELECT count(*) FROM waiting") == [(0,)]


def test_a_gateway_that_dies_between_commit_and_ack_takes_each_in_once_in_order_and_answers_once(
    gate: Gate, wire: Wire
) -> None:
    gate.restart(FAILPOINTS="after_commit:kill@1")
    tickets = [f"dies-{number}" for number in range(40)]
    for ticket in tickets:
        wire.send(request(ticket, OURS))
    wire.send(request("dies-wrong", HOTLINE))
    until(lambda: gate.process.poll() is not None)
    for ticket in tickets:
        number = ticket_number(OURS, ticket)
        wire.send(about(number, "RequestCancelled", f"{ticket}/2", OURS))
    gate.restart(SWEEP_AFTER="5")  # nothing of the dead process's may be overtaken meanwhile
    came = [gate.received()[1]["id"] for _ in range(2 * len(tickets))]
    assert gate.nothing_more()
    assert sorted(came) == sorted(f"{ticket}/{part}" for ticket in tickets for part in ("1", "2/1"))
    for ticket in tickets:
        assert came.index(f"{ticket}/1") < came.index(f"{ticket}/2/1")
    assert len(wire.replies(1)) == 1
    assert wire.on.basic_get("gov.replies.ours") == (None, None, None)
