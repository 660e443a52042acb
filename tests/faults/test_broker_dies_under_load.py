"""The broker is killed under load and comes back five seconds later."""

import time

import pytest

from tests.faults.rig.drill import Drill

AWAY = 5.0


@pytest.mark.accident(1)
def test_nothing_is_lost_when_the_broker_dies(drill: Drill) -> None:
    drill.submit(500)
    drill.flows()
    drill.house.broker.kill()
    time.sleep(AWAY)
    drill.house.broker.revive()
    drill.healed()
    drill.judge()
