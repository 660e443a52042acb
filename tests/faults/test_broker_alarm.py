"""The broker runs short of memory or disk and takes nothing from publishers until the alarm is over."""

import time

import pytest

from contracts.publisher import INSIDE, Publisher, PublishFailed
from contracts.registry import SERVICES
from tests.faults import evidence
from tests.faults.evidence import in_queues
from tests.faults.rig.control import Control
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import SHARDS
from tests.integration.process import until

ALARMS = {
    "memory": (["set_vm_memory_high_watermark", "0.000001"], ["set_vm_memory_high_watermark", "0.4"]),
    "disk": (["set_disk_free_limit", "100000GB"], ["set_disk_free_limit", "200MB"]),
}
LASTS = 12.0
ANSWER = 4.0
"""Seconds that a publisher waits for its confirm here."""


@pytest.mark.accident(22)
@pytest.mark.long
@pytest.mark.parametrize("alarm", ALARMS)
def test_ledgers_go_on_and_outboxes_keep_until_the_alarm_is_over(drill: Drill, alarm: str) -> None:
    control = Control(drill.house.run)
    begin, end = ALARMS[alarm]
    drill.submit(900, rate=50)
    drill.flows()
    control(*begin)
    over = time.monotonic() + LASTS
    with Publisher(drill.outside, source=drill.load._source, timeout=ANSWER, exchange=INSIDE) as publisher:
        request = drill.load._request(publisher, 1_000_000)
        with pytest.raises(PublishFailed, match=r"send them again with the same ids|timed out"):
            publisher.submit_many([request])
    with drill.witnesses.connect() as tx, drill.witnesses.broker() as channel:
        until(lambda: not in_queues(channel, SHARDS))  # what the broker has is still delivered and committed
        kept = sum(evidence.under_way(tx, []).get(f"{service} unsent", 0) for service in SERVICES)
    confirmed = drill.load.confirmed
    time.sleep(max(0.0, over - time.monotonic()))
    assert not drill.load.asked
    assert drill.load.confirmed == confirmed < 900
    assert kept > 0
    control(*end)
    drill.healed()
    with Publisher(drill.outside, source=drill.load._source, timeout=ANSWER, exchange=INSIDE) as publisher:
        drill.load.publish(publisher, [request])
    drill.judge()
