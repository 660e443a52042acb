"""COMMIT has reached the database, but its answer never arrives: nobody knows whether it holds."""

import pytest

from tests.faults.rig.drill import Drill

TIMES = 10


@pytest.mark.accident(14)
def test_a_commit_without_an_answer_takes_effect_once(drill: Drill) -> None:
    drill.submit(500)
    drill.flows()
    for _ in range(TIMES):
        drill.house.database_wire.cut_at(b"COMMIT")
        assert drill.house.database_wire.sprung.wait(10)
    drill.letters_are_due()
    drill.healed()
    drill.judge()
