"""Every service is told to stop under load and starts anew: it finishes what it has, nothing comes twice."""

import signal

import pytest

from contracts.registry import SERVICES
from tests.faults.rig.deliveries import Deliveries
from tests.faults.rig.drill import Drill


@pytest.mark.accident(11)
@pytest.mark.parametrize("rounds", [1, pytest.param(5, marks=pytest.mark.long)])
def test_no_message_is_delivered_again(drill: Drill, rounds: int) -> None:
    deliveries = Deliveries()
    drill.house.broker_wire.taps.append(deliveries)
    drill.submit_on()
    for name in SERVICES * rounds:
        drill.flows()
        assert drill.house.processes[name].stopped(signal.SIGTERM) == 0
        drill.house.start(name)
    drill.healed()
    drill.judge()
    assert deliveries.count > 100
    assert not deliveries.repeated
