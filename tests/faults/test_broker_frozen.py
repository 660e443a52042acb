"""The broker stops answering, but its connections stand; then it goes on as if nothing had been."""

import time

import pytest

from tests.faults.rig.drill import Drill


@pytest.mark.accident(3)
@pytest.mark.parametrize("seconds", [20, pytest.param(90, marks=pytest.mark.long)])
def test_a_frozen_broker_loses_nothing(drill: Drill, seconds: int) -> None:
    drill.submit(300)
    drill.flows()
    drill.house.broker.freeze()
    time.sleep(seconds)
    drill.house.broker.thaw()
    drill.healed()
    drill.judge()
