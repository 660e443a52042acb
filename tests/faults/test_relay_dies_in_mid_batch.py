"""A relay dies in the middle of a batch, before its confirms, before it marks them; then two run at once."""

import pytest

from contracts.registry import SERVICES
from tests.faults.rig.drill import Drill


@pytest.mark.long
@pytest.mark.accident(12)
@pytest.mark.parametrize("point", ["in_relay_batch:kill@3", "before_confirm:kill@2", "before_mark:kill"])
def test_what_was_not_marked_is_published_again(drill: Drill, point: str) -> None:
    drill.load.letters = False
    drill.house.restart(*SERVICES, FAILPOINTS=point)
    drill.submit(200, rate=60)
    drill.all_die_once(*SERVICES)
    drill.healed()
    drill.judge()


@pytest.mark.long
@pytest.mark.accident(12)
def test_two_relays_of_one_service_publish_each_message(drill: Drill) -> None:
    for name in SERVICES:
        drill.house.launch(name, twin=f"{name}-twin", SWEEP_AFTER="0.1")
    drill.submit(400)
    drill.flows()
    drill.house.broker_wire.reset()  # what is in hand is left to whichever sweeps first
    drill.healed()
    drill.judge()
