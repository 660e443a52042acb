"""One node of the broker stops answering for longer than net_ticktime: the others count it out."""

import signal
import time

import pytest

from contracts.publisher import INSIDE, Publisher, PublishFailed
from tests.faults.rig.cluster import Node
from tests.faults.rig.control import Control
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import House
from tests.integration.process import until

TICK = 8
"""Seconds of net_ticktime; who is silent for that long, and a quarter more, is gone for the others."""
ALL_TICK = f"[erpc:call(N, net_kernel, set_net_ticktime, [{TICK}, 0]) || N <- [node() | nodes()]]."
RUNNING = "length(rabbit_nodes:all_running())."


@pytest.mark.accident(6)
@pytest.mark.long
def test_a_minority_confirms_nothing(cluster_drill: Drill) -> None:
    house, load = cluster_drill.house, cluster_drill.load
    Control(house.run)("eval", ALL_TICK)
    minority = house.fellows[0]
    cluster_drill.submit_on(rate=15)
    cluster_drill.flows()
    with Publisher(minority.url("world"), source=load._source, timeout=5.0, exchange=INSIDE) as publisher:
        load.publish(publisher, [load._request(publisher, 1_000_000)])
        cut_off = load._request(publisher, 1_000_001)
        minority.freeze()
        for _ in range(2):  # before and after the others have counted it out
            with pytest.raises(PublishFailed):
                publisher.submit_many([cut_off])
            time.sleep(1.5 * TICK)
        assert Control(house.run)("eval", RUNNING).strip() == "2"
        cluster_drill.flows(50)
        minority.thaw()
        load.publish(publisher, [cut_off])
    cluster_drill.flows(50)
    rejoin(minority, house)
    cluster_drill.healed()
    cluster_drill.judge()


def rejoin(node: Node, house: House) -> None:
    """What an operator does: a node that was frozen does not pause; it stands apart until it is restarted."""
    node.kill(signal.SIGTERM, 60.0)
    node.revive()
    until(lambda: Control(house.run)("eval", RUNNING).strip() == "3", 60)
