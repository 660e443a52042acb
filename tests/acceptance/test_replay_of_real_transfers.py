"""Real complaints that were passed on: each is returned as often as the file says, and ends with one holder.

The data is not part of the project; REAL_TRANSFERS names its file river_complaints.csv, else it is looked
for beside the project.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cli.sheet import rows_of
from contracts import dispatch
from contracts.event import Event
from contracts.problem import Refusal
from services.dispatch import domain
from services.dispatch.case import Case
from services.dispatch.pool import ENDED, OPENED
from services.ticket.state import Ticket
from tests.unit.test_dispatch_domain import ALL, DESK, ITEM, NOON, TICKET, accept, give_back, option, start
from tests.unit.test_dispatch_objection import rule
from tests.unit.ticketing import after, observe, ticket_in

BESIDE = Path(__file__).parents[3] / "shared" / "data" / "fuzhou12345" / "river_complaints.csv"
FILE = Path(os.environ.get("REAL_TRANSFERS", BESIDE))
UNITS = [option(f"DEP-{n}", "department") for n in range(9)]
POOL = replace(ALL, item=replace(ITEM, kinds=("department",)), options=[*UNITS, DESK])


class Life:
    """One complaint between the units: dispatch decides, the ticket hears of it."""

    def __init__(self) -> None:
        self.case: Case = domain.initial(TICKET)
        self.ticket: Ticket = ticket_in("accepted")
        self.due_at, self.chain = self.ticket.due_at, list[Event]()
        self.say(start(POOL))

    def say(self, command: Any) -> None:
        """What follows has its effect on both; the clock never stands and is never set anew."""
        for fact in domain.decide(self.case, command):
            assert not isinstance(fact, Refusal), fact
            self.case = domain.evolve(self.case, fact)
            if isinstance(fact, Event):
                self.chain.append(fact)
                self.ticket = after(self.ticket, observe(fact))
            assert (self.ticket.due_at, self.ticket.clock) == (self.due_at, "handling")
            assert self.ticket.more.pause is None

    def give_back(self) -> None:
        """Whoever was asked, or has it by a ruling, passes it on; a dispute goes to the next unit."""
        assert self.case.assignee
        self.say(give_back(self.case.hop, self.case.assignee, POOL))
        if self.case.state == "objection_open":
            self.say(rule(UNITS[self.case.hop]))


@pytest.fixture(scope="module")
def transfers() -> list[int]:
    """How often each complaint was passed on."""
    if not FILE.exists():
        pytest.skip("the real transfers are not here; REAL_TRANSFERS=…/river_complaints.csv names them")
    return [int(row["transfers"]) for row in rows_of(FILE)]


def test_each_ends_with_one_holder_after_so_many_hops_and_its_clock_never_stopped(
    transfers: list[int],
) -> None:
    assert len(transfers) > 900
    assert max(transfers) > 5
    for times in transfers:
        life = Life()
        for _ in range(times):
            life.give_back()
        if life.case.state == "offered":
            life.say(accept(life.case.hop, life.case.assignee or "", NOON))
        returns = [one for one in life.chain if isinstance(one, dispatch.AssignmentReturned)]
        hops = [one for one in life.chain if isinstance(one, dispatch.OfferMade | dispatch.ObjectionRuled)]
        assert (len(returns), len(hops), life.case.hop) == (times, times + 1, times + 1)
        opened = [one.assignee for one in life.chain if isinstance(one, OPENED)]
        ended = [one.assignee for one in life.chain if isinstance(one, ENDED)]
        assert opened == [*ended, life.case.assignee]
        assert (life.ticket.state, life.ticket.assignee) == ("assigned", life.case.assignee)
