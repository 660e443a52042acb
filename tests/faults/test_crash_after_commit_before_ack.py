"""Every consumer dies after COMMIT: its acks and its hand-over to the relay are lost with it."""

import pytest

from contracts.registry import LEDGERS
from tests.faults.rig.drill import Drill


@pytest.mark.accident(8)
def test_what_was_committed_takes_effect_once_and_is_published(drill: Drill) -> None:
    drill.load.letters = False  # what becomes of those is another accident
    drill.house.restart(*LEDGERS, FAILPOINTS="after_commit:kill@3")
    drill.submit(200)
    drill.all_die_once(*LEDGERS)
    drill.healed()
    drill.judge()
