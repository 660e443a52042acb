"""Whatever an outside system sends: it is told what is wrong, nothing is dropped, and its neighbours flow."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pika
import pytest

from contracts.cloudevent import SINGLE, decode, opened
from contracts.intake import EventRefused
from contracts.numbering import ticket_number
from tests.acceptance.conftest import Fengge, eventually

SOURCE = "/acceptance/hotline"
PATIENCE = 60.0


class Outsider:
    """A hotline that knows AMQP and JSON and nothing else of ours."""

    def __init__(self, url: str) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()
        self._channel.queue_purge("gov.replies.intake")

    def send(self, body: bytes, content_type: str = SINGLE, key: str = "request.x") -> None:
        """One message, confirmed by the broker."""
        properties = pika.BasicProperties(
            content_type=content_type, user_id="intake", message_id=str(uuid4()), delivery_mode=2
        )
        self._channel.basic_publish("gov.inbound", key, body, properties, mandatory=True)

    def answer(self) -> EventRefused:
        """The next refusal."""
        for method, properties, body in self._channel.consume(
            "gov.replies.intake", inactivity_timeout=PATIENCE
        ):
            assert method is not None, "no answer came"
            self._channel.basic_ack(method.delivery_tag)
            self._channel.cancel()
            (event,) = decode(properties.content_type, body)
            refused = opened(event).data
            assert isinstance(refused, EventRefused)
            return refused
        raise AssertionError

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()


@pytest.fixture(scope="module")
def outsider(fengge: Fengge) -> Iterator[Outsider]:
    """A hotline with the user `intake`."""
    endpoints = json.loads((fengge.run / "endpoints.json").read_text())
    outsider = Outsider(endpoints["broker"]["users"]["intake"])
    yield outsider
    outsider.close()


def request(external_id: str | None = None, **data: Any) -> dict[str, Any]:
    """A request that is all right, but for what `data` changes (None takes a member away)."""
    said = {"external_id": external_id or str(uuid4()), "channel": "hotline_12345", "title": "路灯不亮",
            "category": "street_light", "grid": "99010100100201001"} | data  # fmt: skip
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": SOURCE,
        "type": "cn.fengge.intake.RequestSubmitted.v1",
        "time": "2026-11-16T08:00:00Z",
        "data": {key: value for key, value in said.items() if value is not None},
    }


def cancellation(number: str) -> dict[str, Any]:
    """The requester takes the ticket back."""
    return request() | {"type": "cn.fengge.intake.RequestCancelled.v1", "data": {"ticket": number}}


def written(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


BAD: dict[str, tuple[bytes, str, str, int]] = {
    "unknown type": (
        written(request() | {"type": "cn.fengge.intake.Nonsense.v1"}),
        SINGLE,
        "unknown-type",
        422,
    ),
    "bad JSON": (b'{"specversion": "1.0", ', SINGLE, "unreadable", 400),
    "wrong content type": (written(request()), "text/plain", "content-type", 415),
    "missing field": (written(request(title=None)), SINGLE, "data", 422),
    "missing id": (written({k: v for k, v in request().items() if k != "id"}), SINGLE, "envelope", 400),
    "10 MB body": (written(request(body="水" * 3_500_000)), SINGLE, "too-large", 413),
}


@pytest.mark.parametrize("what", BAD)
def test_what_breaks_the_contract_is_answered_and_parked_and_its_neighbours_flow(
    fengge: Fengge, outsider: Outsider, what: str
) -> None:
    body, content_type, problem, status = BAD[what]
    before, after = str(uuid4()), str(uuid4())
    outsider.send(written(request(before)))
    outsider.send(body, content_type)
    outsider.send(written(request(after)))
    refused = outsider.answer()
    assert (refused.problem, refused.status, refused.parked) == (
        f"urn:fengge:problem:{problem}",
        status,
        True,
    )
    assert problem in {row["reason"] for row in fengge.json("parked", "list")}
    for neighbour in (before, after):
        assert _life(fengge, neighbour, "OfferMade")["ticket"]["state"] == "dispatching"


def test_a_missing_field_is_named_by_its_pointer(outsider: Outsider) -> None:
    outsider.send(written(request(title=None, channel="pigeon")))
    assert {error["pointer"] for error in outsider.answer().errors} == {"/data/title", "/data/channel"}


def test_a_duplicate_number_is_answered_with_its_ticket(fengge: Fengge, outsider: Outsider) -> None:
    first = request()
    again = request(first["data"]["external_id"], title="换个说法再说一次")
    for event in (
        first,
        first,
        again,
    ):  # the same event twice is one event; a new one about the same is a duplicate
        outsider.send(written(event))
    refused = outsider.answer()
    number = ticket_number(SOURCE, first["data"]["external_id"])
    assert (refused.problem, refused.status) == ("urn:fengge:problem:duplicate", 409)
    assert (refused.instance, refused.ticket, refused.parked) == (again["id"], number, False)
    life = _life(fengge, first["data"]["external_id"], "OfferMade")
    assert [event["type"] for event in life["history"]].count("cn.fengge.ticket.TicketReceived.v1") == 1


def test_an_unknown_grid_raises_an_alarm_and_the_desk_is_asked(fengge: Fengge, outsider: Outsider) -> None:
    event = request(grid="NOWHERE-1")
    outsider.send(written(event))
    life = _life(fengge, event["data"]["external_id"], "OfferMade")
    (blocked,) = [each["data"] for each in life["history"] if "DispatchBlocked" in each["type"]]
    assert (blocked["reason"], blocked["detail"]) == ("unknown_grid", "NOWHERE-1")
    assert life["explanation"]["place"] == "unknown"
    (offer,) = [each["data"] for each in life["history"] if "OfferMade" in each["type"]]
    assert offer["kind"] == "community_desk"


def test_a_message_about_an_unknown_ticket_is_refused(outsider: Outsider) -> None:
    event = cancellation("7K3M-9QXR-2B4D-T8WZ")
    outsider.send(written(event))
    refused = outsider.answer()
    assert (refused.problem, refused.status) == ("urn:fengge:problem:unknown-ticket", 404)
    assert refused.instance == event["id"]


def test_an_illegal_move_is_refused_with_the_state_and_the_allowed_moves(
    fengge: Fengge, outsider: Outsider
) -> None:
    event = request()
    number = ticket_number(SOURCE, event["data"]["external_id"])
    for each in (event, cancellation(number), cancellation(number)):
        outsider.send(written(each))
    refused = outsider.answer()
    assert (refused.problem, refused.status, refused.ticket) == (
        "urn:fengge:problem:illegal-move",
        409,
        number,
    )
    assert refused.errors == [{"command": "CancelTicket", "state": "cancelled", "allowed": "AddComment"}]
    assert _life(fengge, event["data"]["external_id"], "TicketCancelled")["ticket"]["state"] == "cancelled"


def _life(fengge: Fengge, external_id: str, until: str) -> dict[str, Any]:
    """The ticket of a request, once a fact called `until` is in its history."""
    number = ticket_number(SOURCE, external_id)

    def found() -> dict[str, Any] | None:
        if not any(row["id"] == number for row in fengge.json("ticket", "list", "--all", "--limit", "1000")):
            return None
        life: dict[str, Any] = fengge.json("ticket", "show", number)
        return life if any(f".{until}." in event["type"] for event in life["history"]) else None

    life: dict[str, Any] = eventually(found)
    return life
