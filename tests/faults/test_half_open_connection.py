"""Bytes vanish without a FIN: each side believes that the other is merely silent."""

import time

import pytest

from contracts.registry import SERVICES
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import HEARTBEAT, House
from tests.integration.process import until

FOUND_WITHIN = 2.0 * HEARTBEAT


@pytest.mark.accident(16)
@pytest.mark.long
@pytest.mark.parametrize("busy", [True, False], ids=["busy", "idle"])
def test_a_silent_broker_is_found_by_the_heartbeats(drill: Drill, busy: bool) -> None:
    drill.submit(300)
    drill.flows()
    if not busy:
        drill.judge()
    drill.house.broker_wire.blackhole()
    took = found(drill.house, "consumer", "relay")
    drill.house.broker_wire.heal()
    drill.healed()
    assert max(took.values()) < FOUND_WITHIN, took
    drill.judge()


def found(house: House, *lines: str) -> dict[str, float]:
    """Seconds after which each service knows that these lines are broken."""
    begun = time.monotonic()
    took: dict[str, float] = {}
    while len(took) < len(SERVICES) * len(lines):
        assert time.monotonic() - begun < 60, f"only found: {took}"
        for service in SERVICES:
            stand = house.processes[service].lines()
            took |= {
                f"{service} {line}": round(time.monotonic() - begun, 1)
                for line in lines
                if not stand[line] and f"{service} {line}" not in took
            }
        time.sleep(0.05)
    return took


@pytest.mark.accident(16)
@pytest.mark.long
def test_a_silent_database_is_found_by_the_deadline_of_a_statement(drill: Drill) -> None:
    drill.house.restart(*SERVICES, STATEMENT_TIMEOUT="2")
    drill.submit(300)
    drill.flows()
    drill.house.database_wire.blackhole()
    found(drill.house, "database")
    drill.house.database_wire.heal()
    drill.healed()
    begun = time.monotonic()
    until(lambda: all(drill.house.processes[name].ready() for name in SERVICES))
    took = time.monotonic() - begun
    assert took < FOUND_WITHIN, f"on new connections after {took:.1f} s"
    drill.judge()
