"""A service is frozen until the broker has given it up and another has its work; then it goes on."""

import signal
import time

import pytest

from tests.faults.rig.drill import Drill
from tests.faults.rig.house import HEARTBEAT


@pytest.mark.long
@pytest.mark.accident(10)
@pytest.mark.parametrize("name", ["ticket", "dispatch"])
def test_a_zombie_does_nothing_a_second_time(drill: Drill, name: str) -> None:
    drill.house.restart(name, INSTANCE="1/2")
    drill.house.launch(name, twin=f"{name}-twin", INSTANCE="2/2")
    drill.submit_on()
    drill.flows()
    zombie = drill.house.processes[name].popen
    zombie.send_signal(signal.SIGSTOP)
    time.sleep(2 * HEARTBEAT)
    drill.flows()  # the other one has taken over
    zombie.send_signal(signal.SIGCONT)
    drill.flows()
    drill.healed()
    drill.judge()
