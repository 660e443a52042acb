"""100,000 requests came while nobody worked; then broker, database and all services start anew."""

import signal
import time

import pytest

from contracts.registry import SERVICES
from tests.faults.evidence import ENDED, in_queues
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import SHARDS
from tests.integration.process import until

BACKLOG = 100_000
WITHIN = 900.0
"""Seconds in which it has to be gone, on a machine with two cores that runs everything."""


@pytest.mark.accident(25)
@pytest.mark.long
def test_a_backlog_drains_in_order(drill: Drill) -> None:
    drill.house.kill(*SERVICES, sign=signal.SIGTERM)
    drill.load.answers = drill.load.letters = False
    drill.submit(BACKLOG, rate=1e6)
    until(lambda: drill.load.asked, 300)
    with drill.witnesses.broker() as channel:
        assert sum(in_queues(channel, SHARDS).values()) == BACKLOG
    drill.house.broker.kill(signal.SIGTERM)
    drill.house.database.kill(signal.SIGINT)
    drill.house.broker.revive()
    drill.house.start(*SERVICES)
    drill.healed()
    drained(drill)
    drill.ends = (*ENDED, "dispatching")  # offered, and nobody answers here
    drill.judge(within=WITHIN)


def drained(drill: Drill) -> None:
    """Waits until the queues are empty, asking seldom: who works is not to be disturbed."""
    deadline = time.monotonic() + WITHIN
    with drill.witnesses.broker() as channel:
        while in_queues(channel, SHARDS) and time.monotonic() < deadline:
            time.sleep(1.0)
