"""The notification service as a process: real broker, database and mail server, each of which may fail."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from contracts import dispatch
from deploy.local.endpoints import Endpoints
from tests.integration.notifying import House, TicketService, awaited, notifying


@pytest.fixture(scope="module")
def house(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The service in a database of its own, with quick retries."""
    with notifying(servers, tmp_path_factory.mktemp("mail"), "notification_mail") as running:
        yield running


@pytest.fixture
def mail(house: House) -> Iterator[House]:
    """The house with its mail server open."""
    with house.mail_server():
        yield house


def test_the_mail_arrives_once_with_a_chinese_subject_and_the_id_of_its_event(mail: House) -> None:
    number = mail.request("resident@example.org")
    event = mail.accept(number)
    mail.accept(number)
    (letter,) = awaited(lambda: mail.mailbox.of(number))
    assert letter["Subject"] == f"您的诉求已受理（{number}）"
    assert letter["Message-ID"] == f"<{event}.requester@fengge.example>"
    assert letter["To"] == "resident@example.org"
    assert "elderly_care" in letter.get_content()
    awaited(lambda: mail.deliveries(number) == [("smtp", "sent", 1, None)])
    assert len(mail.mailbox.of(number)) == 1


def test_a_refused_recipient_reads_it_on_the_console_and_the_neighbour_gets_the_mail(mail: House) -> None:
    refused, taken = mail.request("refused@example.org"), mail.request("taken@example.org")
    mail.accept(refused)
    mail.accept(taken)
    awaited(lambda: mail.mailbox.of(taken))
    awaited(lambda: mail.on_console(refused) == [refused])
    assert mail.mailbox.of(refused) == []
    assert mail.on_console(taken) == []


def test_a_broken_address_hurts_nobody_else(mail: House) -> None:
    broken, whole = mail.request("a,b@[example"), mail.request("whole@example.org")
    mail.accept(broken)
    mail.accept(whole)
    awaited(lambda: mail.mailbox.of(whole))
    awaited(lambda: mail.on_console(broken))


def test_a_requester_without_an_address_is_told_on_the_console(mail: House) -> None:
    number = mail.request()
    mail.accept(number)
    awaited(lambda: mail.on_console(number) == [number])
    assert mail.mailbox.of(number) == []


def test_mail_waits_for_a_server_that_is_down_and_arrives_when_it_is_up(house: House) -> None:
    number = house.request("resident@example.org")
    house.accept(number)
    awaited(lambda: [row for row in house.deliveries(number) if row[2] >= 1 and row[3] == "unreachable"])
    with house.mail_server():
        assert len(awaited(lambda: house.mailbox.of(number))) == 1
        awaited(lambda: house.deliveries(number)[0][:2] == ("smtp", "sent"))
    assert house.on_console(number) == []


def test_letters_whose_addresses_cannot_be_asked_lose_no_try(
    mail: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(TicketService, "away", True)
        number = mail.request("resident@example.org")
        queued = datetime.now(UTC)
        mail.accept(number)
        awaited(lambda: mail.due_at(number) > queued + timedelta(seconds=2))
        awaited(lambda: mail.due_at(number) < datetime.now(UTC) + timedelta(seconds=4))
    assert len(awaited(lambda: mail.mailbox.of(number))) == 1
    awaited(lambda: mail.deliveries(number) == [("smtp", "sent", 1, None)])


def test_a_mail_server_that_hangs_does_not_delay_the_console(house: House) -> None:
    with socket.create_server(("127.0.0.1", house.smtp_port)) as silent:
        waiting = house.request("resident@example.org")
        house.accept(waiting)
        connection, _ = silent.accept()  # the mail round hangs from here on
        with connection:
            offer = dispatch.OfferMade(
                assignment="a1", assignee="officer-1", kind="grid_officer", hop=1,
                expires_at=datetime.now(UTC),
                explanation=dispatch.Explanation(place="code", kinds=["grid_officer"], candidates=[]),
            )  # fmt: skip
            house.publish(waiting, 1, offer)
            awaited(lambda: house.on_console(waiting) == ["officer-1"])
            assert house.deliveries(waiting) == [("smtp", "queued", 0, None)]
