"""Messages under way on a real PostgreSQL: who may send them, and what comes back after a crash."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from chassis.effect import Effects
from chassis.model import Model
from contracts import notification, ticket
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from services.notification import commands, domain, store
from services.notification.channels import console
from services.notification.correspondence import Outcome
from tests.integration.own_database import Tx, given, own_database, untouched

DATABASE = "notification_claims"
NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
EFFECTS = Effects(Model(notification, domain, store), {}, shards=4, attempts=6)


@pytest.fixture(scope="module")
def database(servers: Endpoints) -> Iterator[str]:
    """A database of these tests alone, as the notification service sees it."""
    with own_database(servers, "notification", DATABASE) as url:
        yield url


@pytest.fixture
def tx(database: str) -> Iterator[Tx]:
    """An open transaction of the notification service that leaves nothing behind."""
    with untouched(database) as tx:
        yield tx


def effect(tx: Tx, *commands: tuple[str, Any], now: datetime = NOON) -> list[str]:
    """Gives commands, each with its ticket, their effect in one batch; returns what is published."""
    return given(EFFECTS, tx, commands, now)


def accepted(number: str, channels: Any = ("smtp", "console")) -> list[tuple[str, Any]]:
    """A ticket of a known requester is received and accepted: one message."""
    received = ticket.TicketReceived(
        source="urn:test", external_id=number, channel="resident", severity="general", category="lift",
        grid="C1", requester_ref=number,
    )  # fmt: skip
    taken = ticket.TicketAccepted(
        category="lift", severity="general", grid="C1", channel="resident", source="urn:test"
    )
    told = [
        commands.Tell(
            event=f"{number}.{type(fact).__name__}",
            fact=fact,
            channels=channels,
            page=console.page,
            at=NOON,
        )
        for fact in (received, taken)
    ]
    return [(number, command) for command in told]


def recorded(delivery: Any, outcome: Outcome) -> tuple[str, Any]:
    return delivery.ticket, commands.RecordOutcome(
        ticket=delivery.ticket, key=delivery.key, channel=delivery.channel, attempt=delivery.attempt,
        outcome=outcome, retries=[5.0], at=NOON,
    )  # fmt: skip


def test_a_claimed_message_is_nobody_elses_until_its_sender_must_be_dead(tx: Tx) -> None:
    effect(tx, *accepted("T1"))
    (claimed,) = store.claim(tx, "smtp", NOON, 200)
    assert claimed.ticket == "T1"
    assert store.claim(tx, "smtp", NOON + store.LEASE / 2, 200) == []
    assert len(store.claim(tx, "smtp", NOON + store.LEASE, 200)) == 1


def test_a_message_sent_twice_after_a_crash_is_published_once(tx: Tx) -> None:
    effect(tx, *accepted("T1"))
    (first,) = store.claim(tx, "smtp", NOON, 200)
    (second,) = store.claim(tx, "smtp", NOON + store.LEASE, 200)
    assert len(effect(tx, recorded(first, Outcome()))) == 1
    assert effect(tx, recorded(second, Outcome())) == []


def test_a_message_to_be_tried_again_comes_back_when_it_is_due(tx: Tx) -> None:
    effect(tx, *accepted("T1"))
    (delivery,) = store.claim(tx, "smtp", NOON, 200)
    assert effect(tx, recorded(delivery, Outcome(error="unreachable", again=True))) == []
    assert store.claim(tx, "smtp", NOON + timedelta(seconds=4), 200) == []
    (again,) = store.claim(tx, "smtp", NOON + timedelta(seconds=5), 200)
    assert (again.attempt, again.error) == (1, "unreachable")


def test_console_pages_are_shown_once_and_in_the_transaction_that_records_them(tx: Tx) -> None:
    effect(tx, *accepted("T1"))
    (letter,) = store.claim(tx, "smtp", NOON, 200)
    assert effect(tx, recorded(letter, Outcome(error="refused"))) == []
    assert store.due_on_console(tx, NOON, 200) == ["T1"]
    states = store.load(tx, ["T1"])
    due = store.know(tx, NOON, [], states).on_console("T1")
    pages = {delivery.key: console.page(delivery) for delivery in due}
    (body,) = effect(tx, ("T1", commands.ShowOnConsole(pages=pages, at=NOON)))
    assert "cn.fengge.notification.NotificationSent.v1" in body
    assert store.due_on_console(tx, NOON, 200) == []
    assert [page["ticket"] for page in store.console(tx, 10)] == ["T1"]


def test_without_a_mail_server_the_page_is_shown_with_the_fact_it_tells(tx: Tx) -> None:
    (body,) = effect(tx, *accepted("T1", channels=("console",)))
    assert "cn.fengge.notification.NotificationSent.v1" in body
    assert store.due_on_console(tx, NOON, 200) == []
    assert [page["ticket"] for page in store.console(tx, 10)] == ["T1"]


def test_a_repeated_message_of_two_senders_is_claimed_by_one(database: str) -> None:
    with psycopg.connect(database) as one, psycopg.connect(database) as other:
        effect(one, *accepted("T2"), *accepted("T3"))
        one.commit()
        claimed = store.claim(one, "smtp", NOON, 1)
        assert {delivery.ticket for delivery in claimed + store.claim(other, "smtp", NOON, 200)} == {
            "T2",
            "T3",
        }
        one.rollback()
        other.rollback()


def test_the_upgrade_to_subscriptions_has_a_way_back_on_which_nobody_hears_too_much(
    servers: Endpoints, database: str
) -> None:
    folder = Path("services/notification/migrations")
    owner = urlsplit(servers.database_url(OWNER))._replace(path=f"/{DATABASE}").geturl()
    subscriber = """
    INSERT INTO subscriber (id, url, types, state, secret, made_by, owner, sources, grids)
    VALUES (%s, 'https://x', '{t}', 'active', 1, 'test', %s, %s, %s)"""
    message = """
    INSERT INTO webhook_message (key, ident, subscriber, event_type, ticket, body)
    VALUES (%s, 'i', %s, 't', '', '')"""
    with psycopg.connect(owner) as tx:
        tx.execute("SET search_path = notification")
        for name, *limits in (
            ("city", None, None, []), ("o/main", "o", ["urn:o"], []), ("near", None, None, ["9"]),
        ):  # fmt: skip
            tx.execute(subscriber, [name, *limits])
            tx.execute(message, [name, name])
        tx.execute((folder / "0004_subscriptions.rollback.sql").read_bytes())
        states = tx.execute("SELECT id, state FROM subscriber ORDER BY id").fetchall()
        assert states == [("city", "active"), ("near", "disabled"), ("o/main", "disabled")]
        queued = tx.execute("SELECT key FROM webhook_message WHERE state = 'queued' ORDER BY key").fetchall()
        tx.execute((folder / "0004_subscriptions.sql").read_bytes())
        numbers = tx.execute("SELECT count(DISTINCT no) FROM webhook_message").fetchone()
        tx.rollback()
    assert (queued, numbers) == ([("city",)], (3,))
