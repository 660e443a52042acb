"""Every consumer dies before COMMIT: the database takes all of it back, the broker delivers it again."""

import pytest

from contracts.registry import LEDGERS
from tests.faults.rig.drill import Drill


@pytest.mark.accident(7)
def test_what_was_not_committed_is_done_once_by_the_next(drill: Drill) -> None:
    drill.load.letters = False  # what becomes of those is another accident
    drill.house.restart(*LEDGERS, FAILPOINTS="before_commit:kill@3")
    drill.submit(200)
    drill.all_die_once(*LEDGERS)
    drill.healed()
    drill.judge()
