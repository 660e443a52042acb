"""PostgreSQL ends at once in the middle of transactions, and recovers from its log."""

import signal
import time

import pytest

from tests.faults.rig.drill import Drill

AWAY = 2.0


@pytest.mark.accident(13)
def test_nothing_is_lost_when_the_database_crashes(drill: Drill) -> None:
    drill.submit(500)
    for _ in range(2):
        drill.flows()
        drill.house.database.kill(signal.SIGQUIT)
        time.sleep(AWAY)
        drill.house.database.revive()
    drill.letters_are_due()
    drill.healed()
    drill.judge()
