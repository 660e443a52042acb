"""A house whose broker has a small disk to itself, and soon gives back what has been consumed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pika

from deploy.local.unprivileged import account_for
from tests.faults.rig import broker
from tests.faults.rig.disk import mounted
from tests.faults.rig.house import SHARDS, House, opened
from tests.faults.rig.load import QUEUE, listen

SPARE = 10_000_000
"""Bytes of the disk that the broker may fill; a fifth of them comes and goes as it works."""
RESERVE = 500_000_000
"""Bytes that it wants free: what outboxes send in the moment between two alarms has to find room."""
SETTINGS = f"""\
disk_free_limit.absolute = {RESERVE}
raft.wal_max_size_bytes = 250000
raft.segment_max_entries = 64
"""
"""A segment is deleted as a whole, so that small ones are gone soon after their last message."""
LOOK = 10.0
"""Seconds after which it looks again at a disk that was full."""
SET, CLEARED = "disk resource limit alarm set on node", "disk resource limit alarm cleared on node"


@contextmanager
def cramped(run: Path) -> Iterator[House]:
    """Such a house in an empty run folder; nothing but what services have not taken yet fills its disk."""
    run.mkdir(parents=True, mode=0o700)
    folder = run / "rabbitmq"
    account = account_for(folder, ["rabbitmq"])
    settings = folder / "conf.d" / "small.conf"
    settings.parent.mkdir()
    settings.write_text(SETTINGS)
    account.own(settings.parent, settings)
    with mounted(folder / "data", SPARE + RESERVE, account), opened(run) as house:
        # The world takes what it hears once its answers are confirmed: on this disk it would block itself.
        with broker.channel(house.endpoints.amqp_url("admin")) as admin:
            admin.queue_delete(QUEUE)
        with pika.BlockingConnection(pika.URLParameters(house.endpoints.amqp_url("world"))) as connection:
            listen(connection.channel(), SHARDS, on_disk=False)
        yield house


def short_of_disk(house: House) -> bool:
    """Whether the alarm stands, by the last word of the broker's own log."""
    begun, over = _alarms(house)
    return begun > over


def is_full(house: House) -> bool:
    """Whether the alarm outlives the broker's next look: nothing that comes and goes takes the room."""
    before = _alarms(house)
    time.sleep(LOOK * 1.2)
    return short_of_disk(house) and _alarms(house) == before


def _alarms(house: House) -> tuple[int, int]:
    said = (house.run / "rabbitmq" / "log").read_text(errors="replace")
    return said.count(SET), said.count(CLEARED)
