"""The disk under the outboxes is full: nothing is acknowledged, nothing half done, until there is room."""

import pytest

from tests.faults import evidence
from tests.faults.rig.disk import may_mount, small_disk
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import SHARDS, House
from tests.integration.process import until

FULL = '"cause":"DiskFull"'


@pytest.mark.accident(23)
@pytest.mark.long
@pytest.mark.skipif(not may_mount(), reason="who may not mount a small disk cannot fill it")
def test_what_cannot_be_written_is_not_acknowledged(drill: Drill) -> None:
    with small_disk(drill.house) as disk:
        drill.submit(600, rate=50)
        drill.flows()
        before = complaints(drill.house, "ticket")
        disk.fill()
        until(lambda: complaints(drill.house, "ticket") > before)
        with drill.witnesses.connect() as tx, drill.witnesses.broker() as channel:
            born = evidence.born(tx, drill.load.tickets)
            until(lambda: drill.load.asked, 60)
            assert evidence.in_queues(channel, SHARDS)
            assert evidence.born(tx, drill.load.tickets) == born < len(drill.load.tickets)
        disk.clear()
        drill.healed()
        drill.judge()


def complaints(house: House, service: str) -> int:
    """How often a service has found the disk full."""
    return house.said(service).count(FULL)
