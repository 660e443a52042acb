"""An operator lets a system in at the broker; it sends a request, hears of its ticket, and is shut out."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pika
import pika.exceptions
import pytest

from contracts.event import type_of
from contracts.intake import RequestSubmitted
from contracts.numbering import ticket_number
from contracts.publisher import AccessRefused, Publisher
from contracts.ticket import TicketReceived
from tests.acceptance.conftest import Fengge, eventually

SOURCE = "urn:acceptance:amqp"
NAME = "acceptance-amqp"
FACTS = f"gov.facts.{NAME}"


class System:
    """A system that has a user at the broker."""

    def __init__(self, where: str, password: str) -> None:
        self._where, self.password = where, password

    @property
    def url(self) -> str:
        """The broker as it enters it."""
        parts = urlsplit(self._where)
        return parts._replace(netloc=f"{NAME}:{self.password}@{parts.netloc.rpartition('@')[2]}").geturl()

    def submit(self, external_id: str, **more: Any) -> str:
        """Sends a request; the number of its ticket."""
        request = RequestSubmitted(external_id=external_id, channel="hotline_12345", title="路灯不亮", **more)
        with Publisher(self.url, source=SOURCE, timeout=5) as publisher:
            publisher.submit(request, id=f"{external_id}/{uuid4()}")
        return ticket_number(SOURCE, external_id)

    def heard(self) -> list[dict[str, Any]]:
        """All that waits on its queue of facts."""
        with pika.BlockingConnection(pika.URLParameters(self.url)) as connection:
            channel, found = connection.channel(), []
            while (got := channel.basic_get(FACTS, auto_ack=True))[0]:
                found.append(json.loads(got[2]))
        return found


@pytest.fixture(scope="module")
def system(fengge: Fengge) -> Iterator[System]:
    document = json.loads((fengge.run / "endpoints.json").read_text())
    told = fengge.json(
        "client", "add", NAME, "--auth", "amqp", "--source", SOURCE, "--event", "RequestSubmitted",
        "--hears", "TicketReceived",
    )  # fmt: skip
    assert told["key"] == NAME
    yield System(document["broker"]["url"], told["secret"])
    fengge("client", "revoke", NAME)


def test_what_it_sends_becomes_a_ticket_of_which_it_hears_and_what_is_wrong_is_answered(
    fengge: Fengge, system: System
) -> None:
    external_id = str(uuid4())
    number = system.submit(external_id)
    (fact,) = eventually(system.heard)
    assert (fact["type"], fact["partitionkey"]) == (type_of(TicketReceived), number)
    assert external_id not in json.dumps(fact)
    assert fengge.json("ticket", "show", number)
    system.submit(external_id)  # under another id
    with Publisher(system.url, source=SOURCE) as publisher:
        (refusal,) = publisher.replies(5.0)
    assert (refusal.status, refusal.ticket) == (409, number)


def test_an_operator_changes_what_it_hears_and_its_password(fengge: Fengge, system: System) -> None:
    assert "nothing" in fengge("client", "hears", NAME)
    with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="NOT_FOUND"):
        system.heard()
    fengge("client", "hears", NAME, "--event", "TicketClosed", "--event", "TicketReceived")
    assert "TicketClosed, TicketReceived" in fengge("client", "list")
    old = system.password
    with pika.BlockingConnection(pika.URLParameters(system.url)) as open_:
        system.password = fengge.json("client", "rotate", NAME)["secret"]
        with pytest.raises(pika.exceptions.ConnectionClosed):
            eventually(lambda: open_.process_data_events(0.1) is not None)
    number = system.submit(str(uuid4()))
    assert [fact["partitionkey"] for fact in eventually(system.heard)] == [number]
    with pytest.raises(AccessRefused):
        System(system.url, old).submit(str(uuid4()))


def test_who_is_shut_out_is_let_in_again_with_the_same_password(fengge: Fengge, system: System) -> None:
    fengge("client", "revoke", NAME)
    with pytest.raises(AccessRefused):
        system.submit(str(uuid4()))
    assert "revoked" in fengge("client", "list")
    fengge("client", "restore", NAME)
    system.submit(str(uuid4()))
    fengge("topology", "apply")
    system.submit(str(uuid4()))


WRONG = {
    "nothing to send and nothing to hear": ("add", "nobody", "--auth", "amqp"),
    "a name of ours": ("add", "intake", "--auth", "amqp", "--source", SOURCE),
    "a fact that is none": ("add", "nobody", "--auth", "amqp", "--hears", "Nonsense"),
    "a fact about visits at home": ("add", "nobody", "--auth", "amqp", "--hears", "VisitDue"),
    "facts by HTTP": ("add", "nobody", "--source", SOURCE, "--hears", "TicketClosed"),
    "a name that is taken": ("add", NAME, "--auth", "amqp", "--source", SOURCE),
    "facts for nobody": ("hears", "nobody", "--event", "TicketClosed"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_done_is_told_and_nobody_is_let_in(fengge: Fengge, system: System, what: str) -> None:
    assert fengge("client", *WRONG[what], status=1).strip()
    assert {row["id"] for row in fengge.json("client", "list")} & {"nobody", "intake"} == set()
