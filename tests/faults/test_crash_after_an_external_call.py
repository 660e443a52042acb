"""Notification dies when the mail server has taken a letter, and before it could write that down."""

import pytest

from tests.faults.rig.drill import LATER, Drill

LETTER = 5
"""The letter it dies of; up to so many are sent and not written down."""


@pytest.mark.accident(9)
def test_the_receiver_sees_one_key_however_often_the_letter_comes(drill: Drill) -> None:
    drill.house.restart("notification", FAILPOINTS=f"after_send:kill@{LETTER}")
    drill.submit(100)
    drill.house.dies("notification")
    drill.house.start("notification", **LATER)
    drill.healed()
    drill.judge(repeated_letters=LETTER)
