"""The outside systems' publisher against a real broker."""

import csv
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pika
import pytest

from contracts.cloudevent import SINGLE, CloudEvent, decode, encode, opened
from contracts.event import type_of
from contracts.intake import EventRefused, RatingGiven, RequestSubmitted
from contracts.numbering import ticket_number
from contracts.problem import ContractViolation
from contracts.publisher import INSIDE, AccessRefused, NotConfirmed, Publisher, PublishFailed, Unroutable
from contracts.registry import SERVICES
from deploy.local.endpoints import Endpoints
from tests.broker import drained
from tests.faults.rig.proxy import Proxy, through

SOURCE = "urn:test:hotline"
HEARD = "test.publisher"
REPLIES = "gov.replies.intake"
AS_OURS: Any = {"exchange": INSIDE}
"""The user `intake` is a program of the house."""


def request(number: int) -> RequestSubmitted:
    return RequestSubmitted(
        external_id=f"GD-{number}", channel="hotline_12345", title="路灯不亮", body="街" * 50
    )


@pytest.fixture
def admin(doors: Endpoints) -> Iterator[Any]:
    """A channel that may do everything, on a broker with one listener behind the intake and no replies."""
    with pika.BlockingConnection(pika.URLParameters(doors.amqp_url("admin"))) as connection:
        channel = connection.channel()
        for service in SERVICES:
            channel.exchange_delete(f"{service}.inbound")  # a service declares its share again when it starts
        channel.queue_declare(HEARD, durable=True, arguments={"x-queue-type": "quorum"})
        channel.queue_bind(HEARD, "gov.inbound", "#")
        channel.queue_purge(REPLIES)
        channel.confirm_delivery()
        yield channel
        channel.queue_delete(HEARD)
        channel.queue_purge(REPLIES)


@pytest.fixture
def publisher(servers: Endpoints, admin: Any) -> Iterator[Publisher]:
    with Publisher(servers.amqp_url("intake"), source=SOURCE, **AS_OURS, timeout=5.0) as publisher:
        yield publisher


def publisher_over(wire: Proxy, servers: Endpoints, timeout: float) -> Publisher:
    """A publisher that reaches the broker over the wire only."""
    return Publisher(through(wire, servers.amqp_url("intake")), source=SOURCE, **AS_OURS, timeout=timeout)


def heard(admin: Any) -> list[tuple[Any, Any, CloudEvent[Any]]]:
    """All that waits on the listener's queue: method, properties, event."""
    return [
        (method, properties, opened(event))
        for method, properties, body in drained(admin, HEARD)
        for event in decode(SINGLE, body)
    ]


def test_one_event_is_one_structured_cloudevent_that_the_broker_vouches_for(
    publisher: Publisher, admin: Any
) -> None:
    moment = datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert publisher.submit(request(1), id="hotline-1", time=moment) == "hotline-1"

    ((method, properties, event),) = heard(admin)
    assert method.routing_key == f"request.{ticket_number(SOURCE, 'GD-1')}"
    assert (properties.content_type, properties.delivery_mode) == (SINGLE, 2)
    assert (properties.user_id, properties.message_id) == ("intake", "hotline-1")
    assert (event.id, event.source, event.time, event.data) == ("hotline-1", SOURCE, moment, request(1))


def test_an_event_about_a_ticket_goes_to_its_area(publisher: Publisher, admin: Any) -> None:
    ticket = ticket_number(SOURCE, "GD-1")
    publisher.submit(RatingGiven(ticket=ticket, resolved="yes", satisfaction="satisfied"))
    ((method, _, _),) = heard(admin)
    assert method.routing_key == f"rating.{ticket}"


def test_many_events_arrive_in_order_and_are_counted(publisher: Publisher, admin: Any) -> None:
    steps: list[int] = []
    assert publisher.submit_many(map(request, range(3000)), progress=steps.append) == 3000
    assert steps[-1] == 3000
    assert [event.data.external_id for _, _, event in heard(admin)] == [f"GD-{n}" for n in range(3000)]


def test_what_would_be_refused_is_refused_before_it_is_sent(publisher: Publisher, admin: Any) -> None:
    with pytest.raises(ContractViolation, match="title"):
        publisher.submit_many([request(1), msgspec.structs.replace(request(2), title=""), request(3)])
    assert [event.data.external_id for _, _, event in heard(admin)] == ["GD-1"]
    with pytest.raises(ContractViolation, match="source"):
        Publisher("amqp://localhost", source="not a uri").submit(request(1))
    publisher.submit(request(4))


def test_what_no_queue_takes_is_told(publisher: Publisher, admin: Any) -> None:
    admin.queue_unbind(HEARD, "gov.inbound", "#")
    admin.queue_bind(HEARD, "gov.inbound", "rating.#")
    ticket = ticket_number(SOURCE, "GD-1")
    rating = RatingGiven(ticket=ticket, resolved="yes", satisfaction="satisfied")
    with pytest.raises(Unroutable) as caught:
        publisher.submit_many(
            [publisher.enveloped(request(1), id="lost"), publisher.enveloped(rating, id="kept")]
        )
    assert caught.value.ids == ["lost"]
    assert [event.id for _, _, event in heard(admin)] == ["kept"]
    admin.queue_bind(HEARD, "gov.inbound", "#")
    publisher.submit(request(1), id="lost")
    assert [event.id for _, _, event in heard(admin)] == ["lost"]


def test_a_full_queue_is_given_the_timeout_and_then_told(servers: Endpoints, admin: Any) -> None:
    full = {"x-max-length": 1, "x-overflow": "reject-publish"}
    admin.queue_declare("test.full", exclusive=True, arguments=full)
    admin.queue_bind("test.full", "gov.inbound", "rating.#")
    rating = RatingGiven(ticket=ticket_number(SOURCE, "GD-1"), resolved="yes", satisfaction="satisfied")
    with Publisher(servers.amqp_url("intake"), source=SOURCE, **AS_OURS, timeout=1.0) as publisher:
        with pytest.raises(NotConfirmed, match="nack") as caught:
            publisher.submit_many([rating] * 20)
        assert caught.value.ids
        admin.queue_delete("test.full")
        publisher.submit(rating, id=caught.value.ids[0])


def test_a_broken_connection_is_mended_and_nothing_is_missing(servers: Endpoints, admin: Any) -> None:
    def events() -> Iterator[RequestSubmitted]:
        for number in range(2000):
            if number in (300, 1100):
                wire.cut()
            yield request(number)

    with Proxy(servers.ports["amqp"]) as wire, publisher_over(wire, servers, timeout=5.0) as publisher:
        assert publisher.submit_many(events()) == 2000
    arrived = heard(admin)
    assert {event.data.external_id for _, _, event in arrived} == {f"GD-{n}" for n in range(2000)}
    assert len({event.id for _, _, event in arrived}) == 2000


def test_a_broker_that_falls_silent_is_given_up_with_the_ids_to_send_again(
    servers: Endpoints, admin: Any
) -> None:
    with Proxy(servers.ports["amqp"]) as wire, publisher_over(wire, servers, timeout=0.5) as publisher:
        publisher.submit(request(1))
        wire.freeze()
        with pytest.raises(NotConfirmed) as caught:
            publisher.submit(request(2), id="kept")
        assert caught.value.ids == ["kept"]
        wire.heal()
        publisher.submit(request(2), id="kept")
    assert [event.id for _, _, event in heard(admin)][-1] == "kept"


def test_a_wrong_password_is_told_at_once(servers: Endpoints) -> None:
    parts = urlsplit(servers.amqp_url("intake"))
    url = parts._replace(netloc=f"intake:wrong@{parts.hostname}:{parts.port}").geturl()
    with (
        Publisher(url, source=SOURCE, **AS_OURS) as publisher,
        pytest.raises(AccessRefused, match="password"),
    ):
        publisher.submit(request(1))


def test_an_unknown_virtual_host_is_told_at_once(servers: Endpoints) -> None:
    url = urlsplit(servers.amqp_url("intake"))._replace(path="/nowhere").geturl()
    with (
        Publisher(url, source=SOURCE, **AS_OURS) as publisher,
        pytest.raises(AccessRefused, match="virtual host"),
    ):
        publisher.submit(request(1))


def test_the_replies_of_others_are_not_told(servers: Endpoints, admin: Any) -> None:
    admin.queue_declare("gov.replies.others", durable=True, arguments={"x-queue-type": "quorum"})
    publisher = Publisher(servers.amqp_url("intake"), source=SOURCE, **AS_OURS, publisher="others")
    with publisher, pytest.raises(AccessRefused, match="rights"):
        list(publisher.replies(0.1))
    admin.queue_delete("gov.replies.others")


def test_a_broker_that_is_away_is_given_the_timeout_and_then_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"amqp://intake:x@127.0.0.1:{taken.getsockname()[1]}/fengge"
        with (
            Publisher(url, source=SOURCE, **AS_OURS, timeout=1.0) as publisher,
            pytest.raises(NotConfirmed) as caught,
        ):
            publisher.submit(request(1), id="kept")
    assert caught.value.ids == ["kept"]


def refused(instance: str) -> bytes:
    data = EventRefused(
        problem="urn:fengge:problem:data", title="t", status=422, detail="d", instance=instance
    )
    answer = CloudEvent(
        specversion="1.0", id=f"re-{instance}", source="urn:fengge:ticket", type=type_of(EventRefused),
        time=datetime.now(UTC), data=data,
    )  # fmt: skip
    return encode([answer])[1]


def answer(admin: Any, *instances: str) -> None:
    for instance in instances:
        properties = pika.BasicProperties(content_type=SINGLE)
        admin.basic_publish("gov.replies", "intake", refused(instance), properties, mandatory=True)


def test_replies_of_a_broker_that_lets_in_and_is_silent_end_as_a_failure_to_be_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"amqp://intake:secret@127.0.0.1:{silent.getsockname()[1]}/fengge"
        with Publisher(url, source="urn:test", timeout=0.5) as publisher, pytest.raises(PublishFailed):
            next(publisher.replies(0.5))


def test_refusals_come_back_and_are_gone_once_handled(publisher: Publisher, admin: Any) -> None:
    answer(admin, "a", "b", "c")
    assert [refusal.instance for refusal in publisher.replies(0.5)] == ["a", "b", "c"]
    assert list(publisher.replies(0.2)) == []


def test_a_refusal_whose_handling_failed_comes_again(publisher: Publisher, admin: Any) -> None:
    answer(admin, "a", "b")
    replies = publisher.replies(0.5)
    assert next(replies).instance == "a"
    replies.close()  # type: ignore[attr-defined]
    assert sorted(str(refusal.instance) for refusal in publisher.replies(0.5)) == ["a", "b"]


def run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"AMQP_URL": url}
    command = [sys.executable, "-W", "error", "-m", "contracts.publisher", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_csv_file_is_sent_and_its_bad_rows_are_named(
    servers: Endpoints, admin: Any, tmp_path: Path
) -> None:
    file = tmp_path / "requests.csv"
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["external_id", "channel", "title", "body", "lives_alone", "requester_phone"])
        rows.writerow(["GD-1", "resident", "灯", "第一行\n第二行", "true", "000-0000-0000"])
        rows.writerow(["GD-2", "fax", "灯", "", "", ""])
        rows.writerow(["GD-3", "resident", "灯", "", "", ""])
    url = servers.amqp_url("intake")
    for _ in range(2):
        done = run(url, str(file), "--source", SOURCE, "--exchange", INSIDE)
        assert done.returncode == 1
        assert f"{file}:4:" in done.stderr
        assert "2 confirmed, 1 rows skipped, 0 refused" in done.stdout
    events = [event for _, _, event in heard(admin)]
    assert [event.data.external_id for event in events] == ["GD-1", "GD-3"] * 2
    assert len({event.id for event in events}) == 2  # a file sent twice is the same events
    assert events[0].data.lives_alone
    assert events[0].data.requester.phone == "000-0000-0000"


def test_json_lines_are_sent_as_they_are(servers: Endpoints, admin: Any, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    lines = [
        encode([Publisher("amqp://x", source=SOURCE).enveloped(request(n), id=f"e-{n}")])[1] for n in range(3)
    ]
    file.write_bytes(b"\n".join(lines) + b"\n")
    done = run(servers.amqp_url("intake"), str(file), "--exchange", INSIDE)
    assert (done.returncode, done.stderr) == (0, "")
    assert [event.id for _, _, event in heard(admin)] == ["e-0", "e-1", "e-2"]


def test_the_command_tells_what_is_missing(tmp_path: Path) -> None:
    nowhere = run("", "nothing.csv")
    assert (nowhere.returncode, nowhere.stderr) == (2, "AMQP_URL is not set\n")
    assert run("amqp://x", "nothing.csv").returncode == 2
    (tmp_path / "one.csv").write_text("external_id,channel,title\n1,resident,t\n")
    away = run("amqp://x:x@127.0.0.1:9/x", str(tmp_path / "one.csv"), "--timeout", "0.5")
    assert away.returncode == 3
    assert "1 not confirmed" in away.stderr


def test_outsiders_need_pika_and_msgspec_only() -> None:
    code = "import sys, contracts.publisher; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"marshmallow", "nameko", "kombu", "eventlet", "psycopg", "apispec"} & set(done.stdout.split())
