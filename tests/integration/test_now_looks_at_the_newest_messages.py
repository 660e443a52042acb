"""Whether the newest messages were taken in: read from the front of each, and not again once it is proved."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from chassis import outbox
from chassis.database import Tx
from contracts.cloudevent import CloudEvent
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from services.console.now import domain, newest, store

HEARD = {"dispatch": ["ticket"], "evaluation": ["ticket"]}
SOURCE = "urn:fengge:ticket"
T1, T2, T3 = (f"T-{uuid4()}" for _ in range(3))
QUOTED = '他说:"partitionkey":"T-9","sequence":"99"'
"""What a resident may write; it names no place."""


@pytest.fixture
def tx(migrated: Endpoints) -> Iterator[Tx]:
    """The owner of all ledgers, who leaves nothing behind."""
    with psycopg.connect(migrated.database_url(OWNER)) as tx:
        tx.execute("TRUNCATE ticket.outbox")
        yield tx
        tx.rollback()


def sent(tx: Tx, *keys: str) -> None:
    """One message of these tickets' first events, confirmed a while ago."""
    facts = [
        CloudEvent(
            id=key, source=SOURCE, type="cn.fengge.ticket.TicketReceived.v1", time=datetime.now(UTC),
            data={"title": QUOTED}, specversion="1.0", partitionkey=key, sequence="1", correlationid=key,
        )
        for key in keys
    ]  # fmt: skip
    store.inside(tx, "ticket")
    outbox.append(tx, outbox.pack("ticket", facts, 1))
    tx.execute("UPDATE outbox SET sent_at = now() - interval '5 seconds' WHERE sent_at IS NULL")


def takes(tx: Tx, service: str, *keys: str) -> None:
    """The events of these tickets take effect there."""
    for key in keys:
        tx.execute(f"INSERT INTO {service}.position VALUES (%s, %s, 1)".encode(), [SOURCE, key])


def missing(tx: Tx, proved: dict[str, AbstractSet[int]]) -> list[str]:
    """Who has not taken a message in, and the messages that everybody has are proved from now on."""
    arrived = newest.arrived(tx, HEARD, 60, proved)
    assert len(arrived) == 4
    proved.update(domain.proved(arrived))
    return sorted(each.subscriber for each in arrived if not each.taken)


def test_each_message_is_read_until_all_have_taken_it_in(tx: Tx) -> None:
    proved: dict[str, AbstractSet[int]] = {}
    sent(tx, T1)
    sent(tx, T2, T3)
    assert missing(tx, proved) == ["dispatch", "dispatch", "evaluation", "evaluation"]
    takes(tx, "dispatch", T1, T2, T3)
    assert missing(tx, proved) == ["evaluation", "evaluation"]
    takes(tx, "evaluation", T2, T3)
    assert missing(tx, proved) == ["evaluation"]
    assert newest.keys_under_way(tx, HEARD, "evaluation", [], "ticket") == [T1]
    tx.execute("TRUNCATE dispatch.position")
    assert missing(tx, proved) == ["dispatch", "evaluation"], "what is proved is not looked at again"
