"""The node that leads the queue of a shard is killed and stays away for a while."""

import pytest

from tests.faults.rig.control import Control
from tests.faults.rig.drill import Drill


@pytest.mark.accident(5)
@pytest.mark.long
def test_the_other_two_elect_a_leader_and_carry_on(cluster_drill: Drill) -> None:
    leader = cluster_drill.house.brokers[Control(cluster_drill.house.run).leader("ticket.0")]
    cluster_drill.submit_on()
    cluster_drill.flows()
    leader.kill()
    cluster_drill.flows(50)
    leader.revive()
    cluster_drill.healed()
    cluster_drill.judge()
