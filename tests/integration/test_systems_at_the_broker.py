"""A system of another office does at the broker what it was let in for, until it is shut out."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pika
import pika.exceptions
import pytest
from jsonschema import Draft202012Validator

from contracts import dispatch, ticket
from contracts.cloudevent import SINGLE, CloudEvent
from contracts.event import Event, type_of
from contracts.jsonschemas import exported, public_name
from contracts.numbering import shard_of
from contracts.registry import LEDGERS
from deploy.local.accounts import MOST_CONNECTIONS
from deploy.local.endpoints import Endpoints
from deploy.local.rabbitmq import control
from tests.integration import gatehouse
from tests.integration.gatehouse import HOTLINE, REQUEST, SHARDS, Gate, request
from tests.integration.outside import REFUSED, Broker, management
from tests.integration.process import until
from tests.integration.test_least_rights import Attempt, publish, refused
from tests.integration.test_local_servers import needs_own_broker

pytestmark = needs_own_broker

RECEIVED, CLOSED, OFFERED = (
    type_of(event) for event in (ticket.TicketReceived, ticket.TicketClosed, dispatch.OfferMade)
)


@pytest.fixture(scope="module")
def gate(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gatehouse.opened(servers, tmp_path_factory.mktemp("gate"), "gateway_outside") as opened:
        yield opened


@pytest.fixture(scope="module")
def broker(servers: Endpoints, gate: Gate) -> Iterator[Broker]:
    opened = Broker(servers, gate)
    yield opened
    for user in ("province", "listener", "other"):
        opened.keeper.shut_out(user)
        for kind in ("facts", "replies"):
            gate.admin.queue_delete(f"gov.{kind}.{user}")


@pytest.fixture(scope="module")
def passwords(broker: Broker) -> dict[str, str]:
    """A system that sends requests, one that hears facts, and one more that hears some of them."""
    given = {
        "province": broker.let_in("province", [HOTLINE], types=[REQUEST]),
        "listener": broker.let_in("listener", hears=[RECEIVED, CLOSED, OFFERED]),
        "other": broker.let_in("other", hears=[CLOSED]),
    }
    broker.settle(*given)
    return given


def opened(broker: Broker, name: str, passwords: dict[str, str]) -> Any:
    channel = broker.connected(name, passwords[name]).channel()
    channel.confirm_delivery()
    return channel


FORBIDDEN: dict[str, Attempt] = {
    "read a service's queue": lambda on: on.basic_get("gateway.0"),
    "read another's replies": lambda on: on.basic_get("gov.replies.intake"),
    "read another's facts": lambda on: on.basic_get("gov.facts.other"),
    "read what nobody claimed": lambda on: on.basic_get("gov.unclaimed"),
    "listen to the services": lambda on: on.queue_bind("gov.facts.listener", "ticket.events", "0"),
    "listen to more facts": lambda on: on.queue_bind("gov.facts.listener", "gov.facts", OFFERED),
    "listen to the intake": lambda on: on.queue_bind("gov.facts.listener", "gov.inbound", "#"),
    "make a queue": lambda on: on.queue_declare("", exclusive=True),
    "make its own queue anew": lambda on: on.queue_declare("gov.facts.more", durable=True),
    "empty its own queue's binding": lambda on: on.queue_unbind("gov.facts.listener", "gov.facts", CLOSED),
    "delete its own queue": lambda on: on.queue_delete("gov.facts.listener"),
    "make an exchange": lambda on: on.exchange_declare("gov.more"),
    "delete the facts": lambda on: on.exchange_delete("gov.facts"),
    "publish a fact": publish("ticket.events"),
    "publish a fact to others": publish("gov.facts", CLOSED),
    "publish into a queue": publish("", "gov.facts.other"),
    "answer a publisher": publish("gov.replies", "intake"),
    "go past the gateway": publish("gov.inbound", "request.x"),
    "listen to what others send": lambda on: on.queue_bind("gov.facts.listener", "gov.outside", "#"),
    "read what others send": lambda on: on.basic_get("gateway.outside.0"),
}


@pytest.mark.parametrize("name", ["province", "listener"])
@pytest.mark.parametrize("attempt", FORBIDDEN)
def test_what_a_system_was_not_let_in_for_it_cannot_do(
    broker: Broker, passwords: dict[str, str], name: str, attempt: str
) -> None:
    channel = opened(broker, name, passwords)
    with refused():
        FORBIDDEN[attempt](channel)
    channel.connection.close()


def test_who_only_hears_sends_nothing_and_who_only_sends_hears_nothing(
    broker: Broker, passwords: dict[str, str]
) -> None:
    attempts: dict[str, Attempt] = {
        "listener": publish("gov.outside", "request.x"),
        "province": lambda on: on.basic_get("gov.facts.province"),
    }
    for name, attempt in attempts.items():
        channel = opened(broker, name, passwords)
        with refused(404 if name == "province" else 403):
            attempt(channel)
        channel.connection.close()


def test_who_sends_is_heard_under_its_own_name_alone(
    broker: Broker, gate: Gate, passwords: dict[str, str]
) -> None:
    channel = opened(broker, "province", passwords)
    body = json.dumps(request("out-1")).encode()
    said = pika.BasicProperties(content_type=SINGLE, delivery_mode=2, user_id="province")
    channel.basic_publish("gov.outside", "request.out-1", body, said, mandatory=True)
    properties, event, _ = gate.received()
    assert (properties.user_id, event["id"]) == ("gateway", "out-1/1")
    assert gate.query("SELECT client FROM intake WHERE id = 'out-1/1'") == [("province",)]
    assert channel.basic_get("gov.replies.province") == (None, None, None)
    with refused(406):
        publish("gov.outside", "request.x", user="admin")(channel)
    channel.connection.close()


def test_who_is_known_at_the_broker_is_nobody_by_http(gate: Gate, passwords: dict[str, str]) -> None:
    for given in (passwords["province"], f"fgk.province.1.{passwords['province']}"):
        assert gate.raw("GET", "/tickets/x", b"", {"X-API-Key": given}).problem == "unauthorized"


def test_who_forgets_to_close_connections_harms_itself_alone(
    broker: Broker, passwords: dict[str, str]
) -> None:
    with ExitStack() as open_:
        for _ in range(MOST_CONNECTIONS):
            open_.callback(broker.connected("province", passwords["province"]).close)
        with pytest.raises(pika.exceptions.ProbableAccessDeniedError, match="limit"):
            broker.connected("province", passwords["province"])
        broker.connected("other", passwords["other"]).close()


def heard(channel: Any, name: str, many: int) -> list[dict[str, Any]]:
    """The next facts on a system's queue."""
    found: list[dict[str, Any]] = []

    def more() -> bool:
        method, properties, body = channel.basic_get(f"gov.facts.{name}", auto_ack=True)
        if method:
            assert properties.content_type == SINGLE
            found.append(json.loads(body))
        return len(found) == many

    until(more)
    return found


def offer(number: str) -> CloudEvent[Event]:
    """A fact of the dispatch service, which names a person."""
    fact = dispatch.OfferMade(
        assignment="a1", assignee="zhang-san", kind="grid_officer", hop=1, expires_at=datetime.now(UTC),
        explanation=dispatch.Explanation(place="g", kinds=[], candidates=[]),
    )  # fmt: skip
    return CloudEvent(
        specversion="1.0", id=f"{number}.dispatch.1", source="urn:fengge:dispatch", type=OFFERED,
        time=datetime.now(UTC), data=fact, partitionkey=number, sequence="1", sequencetype="Integer",
        correlationid="GD-1", causationid="GD-1",
    )  # fmt: skip


def test_facts_come_in_order_without_a_person_and_only_to_those_who_may_hear_them(
    broker: Broker, gate: Gate, passwords: dict[str, str]
) -> None:
    number = gate.received_by_desk("out-2")
    gate._publish("dispatch.events", str(shard_of(number, SHARDS)), offer(number))
    listener, other = (opened(broker, name, passwords) for name in ("listener", "other"))
    schemas, told = exported(), heard(listener, "listener", 2)
    gate.tell(number, ticket.TicketClosed(rated=False))
    told += heard(listener, "listener", 1)
    assert sorted(event["type"] for event in told) == sorted([RECEIVED, OFFERED, CLOSED])
    for event in told:
        Draft202012Validator(schemas["envelope"]).validate(event)
        Draft202012Validator(schemas[public_name(event["type"])]).validate(event["data"])
    said = json.dumps(told, ensure_ascii=False)
    assert not [word for word in ("zhang-san", "out-2", "GD-1", "correlationid", "_ref") if word in said]
    assert {event["partitionkey"] for event in told} == {number}
    assert [event["sequence"] for event in told if event["source"] == "urn:fengge:ticket"] == ["1", "2"]
    assert [event["type"] for event in heard(other, "other", 1)] == [CLOSED]
    assert listener.basic_get("gov.facts.listener")[0] is other.basic_get("gov.facts.other")[0] is None
    for channel in (listener, other):
        channel.connection.close()


def test_what_a_system_hears_can_be_changed(broker: Broker, gate: Gate, passwords: dict[str, str]) -> None:
    broker.change("UPDATE hearing SET type = %s WHERE client = %s", RECEIVED, "other")
    broker.settle("other")
    number = gate.received_by_desk("out-3")
    gate.tell(number, ticket.TicketClosed(rated=False))
    channel = opened(broker, "other", passwords)
    assert [event["type"] for event in heard(channel, "other", 1)] == [RECEIVED]
    until(lambda: gate.query("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(0,)])
    assert channel.basic_get("gov.facts.other")[0] is None
    channel.connection.close()


def ends(connection: pika.BlockingConnection) -> str:
    """What the broker says when it ends a connection."""
    with pytest.raises(pika.exceptions.ConnectionClosed) as ended:
        until(lambda: connection.process_data_events(0.1) is not None)
    return str(ended.value)


def waiting(gate: Gate) -> int:
    """How many facts wait for the listener."""
    count: int = gate.admin.queue_declare("gov.facts.listener", passive=True).method.message_count
    return count


def revoked(broker: Broker, name: str, state: str) -> None:
    broker.change("UPDATE client SET state = %s WHERE id = %s", state, name)
    broker.settle(name)


def test_who_is_shut_out_is_out_at_once_with_all_that_waited_and_may_be_let_in_again(
    broker: Broker, gate: Gate, passwords: dict[str, str]
) -> None:
    connection = broker.connected("listener", passwords["listener"])
    gate.received_by_desk("out-4")
    until(lambda: waiting(gate))
    revoked(broker, "listener", "revoked")
    assert ends(connection)
    with pytest.raises(REFUSED):
        broker.connected("listener", passwords["listener"])
    revoked(broker, "listener", "active")
    assert waiting(gate) == 0
    broker.connected("listener", passwords["listener"]).close()


def test_a_broker_that_forgot_everybody_is_told_again_by_the_table(
    broker: Broker, servers: Endpoints, passwords: dict[str, str]
) -> None:
    control(servers.run, "delete_user", "listener")
    with pytest.raises(REFUSED):
        broker.connected("listener", passwords["listener"])
    broker.settle("listener", "province")
    channel = opened(broker, "listener", passwords)
    assert channel.basic_get("gov.facts.listener")[0] is None
    channel.connection.close()


def test_the_management_api_lets_in_and_shuts_out_as_well(
    broker: Broker, servers: Endpoints, passwords: dict[str, str], tmp_path: Path
) -> None:
    here = broker.keeper
    with management(servers, tmp_path) as api:
        broker.keeper = api
        assert api.users() == here.users() >= {"admin", "province", *LEDGERS}
        connection = broker.connected("province", passwords["province"])
        revoked(broker, "province", "revoked")
        assert ends(connection)
        assert "province" not in here.users()
        revoked(broker, "province", "revoked")  # whoever is out already stays out
        revoked(broker, "province", "active")
        broker.connected("province", passwords["province"]).close()
    broker.keeper = here
