"""The three nodes of the broker are restarted one by one under load."""

import signal

import pytest

from tests.faults.rig.drill import Drill

PATIENCE = 60.0
"""Seconds that a node may take to stop in order."""


@pytest.mark.accident(4)
@pytest.mark.long
def test_two_nodes_carry_on_while_the_third_restarts(cluster_drill: Drill) -> None:
    cluster_drill.submit_on()
    cluster_drill.flows()
    for node in cluster_drill.house.brokers.values():
        node.kill(signal.SIGTERM, PATIENCE)
        cluster_drill.flows()
        node.revive()
    cluster_drill.healed()
    cluster_drill.judge()
