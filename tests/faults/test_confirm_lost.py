"""The broker takes messages, but its confirms never arrive: whoever sent them sends them again."""

import time

import pytest

from tests.faults.rig.drill import Drill

SILENT = 1.0


@pytest.mark.accident(2)
def test_what_is_sent_again_takes_effect_once(drill: Drill) -> None:
    wires = [drill.house.broker_wire, drill.house.outside_wire]
    drill.submit(400)
    drill.flows()
    for wire in wires:
        wire.blackhole("down")
    time.sleep(SILENT)
    for wire in wires:
        wire.heal()
        wire.reset()
    drill.healed()
    drill.judge()
