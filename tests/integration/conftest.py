"""The session's servers as the services find them, and the ledger of the ticket service on its own."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pika
import psycopg
import pytest

from chassis import topology
from chassis.states import Table
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from deploy.schemas import bring_up_to_date
from deploy.topology import PikaChannel
from services.console import passwords
from services.console.room import Room
from tests.integration import rooms
from tests.integration.ledger import Ledger
from tests.integration.process import Stage

LEDGER_TABLES = (
    "inbox, position, waiting, parked, outbox, suspect, pause, ticket, request, contact, history, reveal, "
    "seal, remark, vault_key, relay, erasure, likeness, likeness_low, letter, standing_order, visit, sensor, "
    "cell, gazetteer"
)


@pytest.fixture(scope="session")
def doors(servers: Endpoints) -> Endpoints:
    """The session's servers with what all services share; what belongs to one service a test declares."""
    with pika.BlockingConnection(pika.URLParameters(servers.amqp_url("admin"))) as connection:
        topology.declare(PikaChannel(connection.channel()), topology.doors(["intake"]))
    return servers


@pytest.fixture(scope="session")
def migrated(servers: Endpoints) -> Endpoints:
    """The session's servers with every schema up to date."""
    bring_up_to_date(servers.database_url(OWNER))
    return servers


@pytest.fixture
def empty(migrated: Endpoints) -> Endpoints:
    """The same with a ticket service that has seen nothing yet."""
    clear(migrated)
    return migrated


def clear(migrated: Endpoints) -> None:
    """Lets the ticket service forget everything."""
    with psycopg.connect(migrated.database_url(OWNER)) as tx:
        tx.execute("SET search_path = ticket")
        tx.execute(f"TRUNCATE {LEDGER_TABLES}")


@pytest.fixture
def ledger(empty: Endpoints) -> Iterator[Ledger]:
    """One process's view of the empty ledger; `ledger.fellow()` is another process's."""
    with Ledger.opened(empty.database_url("ticket"), empty.amqp_url("ticket")) as opened:
        yield opened


@pytest.fixture
def stage(empty: Endpoints, tmp_path: Path) -> Iterator[Stage]:
    """An empty ledger, empty queues, and whatever processes the test starts on them."""
    stage = Stage(empty, tmp_path)
    stage.clear()
    try:
        yield stage
    finally:
        stage.close()


@pytest.fixture(scope="session", autouse=True)
def proved_states() -> Iterator[None]:
    """Whatever a test of this process saves is what a load would give: a process may remember it."""
    plain = Table.save

    def save(self: Table[Any], tx: Any, states: Sequence[Any], rows: Any = None) -> list[Any]:
        saved = plain(self, tx, states, rows)
        assert self.load(tx, sorted(state.id for state in saved)) == {state.id: state for state in saved}
        return saved

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Table, "save", save)
        yield


@pytest.fixture(scope="module", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Passwords of rooms in this process cost little; in a process of its own a room has real parameters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", rooms.QUICK)
        yield


@pytest.fixture(scope="module", autouse=True)
def quick_starts() -> Iterator[None]:
    """Services started here find their servers by number: none loads a resolver, a quarter of its start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVENTLET_NO_GREENDNS", "yes")
        yield


@pytest.fixture
def room(migrated: Endpoints) -> Iterator[Room]:
    """The operators' room, with an account for each role and nothing on record."""
    room = rooms.opened(migrated)
    yield room
    room.close()
