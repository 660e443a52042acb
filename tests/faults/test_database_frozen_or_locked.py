"""The database stops answering, or somebody locks a table: work piles up, and hearts go on beating."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest

from contracts.registry import SERVICES
from deploy.local.accounts import SUPERUSER
from tests.faults.rig.control import Control
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import HEARTBEAT, House

LASTS = 3.5 * HEARTBEAT
Harm = Callable[[House], AbstractContextManager[None]]


@contextmanager
def frozen(house: House) -> Iterator[None]:
    """No instruction of the database is carried out."""
    house.database.freeze()
    try:
        yield
    finally:
        house.database.thaw()


@contextmanager
def locked(house: House) -> Iterator[None]:
    """Each service finds a table of its ledger locked."""
    with psycopg.connect(house.endpoints.database_url(SUPERUSER)) as tx:
        for service in SERVICES:
            _lock(tx, service)
        yield


def _lock(tx: psycopg.Connection, service: str) -> None:
    """A service at work may hold the one table and want the other: then whoever has to let go is us or it."""
    while True:
        try:
            with tx.transaction():
                tx.execute(f"LOCK TABLE {service}.inbox, {service}.position".encode())
        except psycopg.errors.DeadlockDetected:
            continue
        return


@pytest.mark.accident(15)
@pytest.mark.long
@pytest.mark.parametrize("harm", [frozen, locked])
def test_connections_to_the_broker_survive_a_database_that_does_not_answer(drill: Drill, harm: Harm) -> None:
    control = Control(drill.house.run)
    drill.submit(300)
    drill.flows()
    before = control.connections()
    with harm(drill.house):
        time.sleep(LASTS)
    after = control.connections()
    drill.healed()
    assert before == after
    assert len(before) == 2 * len(SERVICES)
    drill.judge()
