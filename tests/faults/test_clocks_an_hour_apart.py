"""The services' clocks disagree by two hours, then jump: nothing is ordered or numbered by time."""

import pytest

from tests.faults.rig.drill import Drill

AHEAD, BEHIND = {"CLOCK_SKEW_SECONDS": "3600"}, {"CLOCK_SKEW_SECONDS": "-3600"}
APART = """
SELECT extract(epoch FROM avg(t.time - d.time))
FROM ticket.history t JOIN ticket.history d USING (ticket)
WHERE t.source = 'urn:fengge:ticket' AND d.source = 'urn:fengge:dispatch' AND ticket = ANY(%s)
"""


@pytest.mark.accident(24)
@pytest.mark.long
def test_order_and_sequence_do_not_depend_on_clocks(drill: Drill) -> None:
    drill.house.restart("ticket", "evaluation", **AHEAD)
    drill.house.restart("dispatch", "notification", **BEHIND)
    drill.submit(300, rate=30)
    drill.flows()
    with drill.witnesses.connect() as tx:
        ((apart,),) = tx.execute(APART, [drill.load.tickets]).fetchall()
    assert apart > 6000
    drill.house.restart("dispatch", "notification", **AHEAD)
    drill.house.restart("ticket", "evaluation", **BEHIND)
    drill.healed()
    drill.judge()
