"""Real messages and replies on a simulated clock: as many are overdue as the file itself says.

The data is not part of the project; REAL_REPLIES names its file messages_replied.csv, else it is looked for
beside the project.
"""

import heapq
import os
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from cli.sheet import moment, rows_of
from contracts import ticket
from contracts.intake import RequestSubmitted
from contracts.worktime import Calendar
from services.ticket import commands, domain
from tests.unit.ticketing import BUILDING, CONTACTED, DONE, RULES, STARTED, TAKEN

BESIDE = Path(__file__).parents[3] / "shared" / "data" / "tipdm2020c" / "messages_replied.csv"
FILE = Path(os.environ.get("REAL_REPLIES", BESIDE))
CALENDAR = Calendar()
WITHIN = timedelta(days=15)


def real() -> list[tuple[datetime, datetime]]:
    """When each message came and when it was answered."""
    if not FILE.exists():
        pytest.skip("the real replies are not here; REAL_REPLIES=…/messages_replied.csv names them")
    told = ((moment(row["time"]), moment(row["reply_time"])) for row in rows_of(FILE))
    return [(came.astimezone(UTC), answered.astimezone(UTC)) for came, answered in told if came and answered]


def register(number: int, at: datetime) -> commands.RegisterRequest:
    request = RequestSubmitted(
        external_id=str(number), channel="resident", title="留言", category="lighting", grid=BUILDING
    )
    return commands.RegisterRequest(source="urn:m", request=request, at=at, rules=RULES, calendar=CALENDAR)


class Day:
    """All tickets on one simulated clock: what comes from outside, and the alarms they set."""

    def __init__(self) -> None:
        self.states: dict[int, Any] = {}
        self.facts: dict[int, list[Any]] = {}
        self.line: list[tuple[datetime, int, int, Any]] = []
        self.turn = count()

    def plan(self, at: datetime, number: int, *commands_: Any) -> None:
        for command in commands_:
            heapq.heappush(self.line, (at, next(self.turn), number, command))

    def run(self) -> None:
        while self.line:
            _, _, number, command = heapq.heappop(self.line)
            state = self.states.get(number) or domain.initial(str(number))
            before = state.alarm_at
            for fact in domain.decide(state, command):
                self.facts.setdefault(number, []).append(fact)
                state = domain.evolve(state, fact)
            self.states[number] = state
            if state.alarm_at and state.alarm_at != before:
                ring = commands.RingAlarm(at=state.alarm_at, rules=RULES, calendar=CALENDAR)
                self.plan(state.alarm_at, number, ring)


def test_as_many_are_overdue_as_the_file_says() -> None:
    replies = real()
    day = Day()
    for number, (came, answered) in enumerate(replies):
        day.plan(came, number, register(number, came))
        handled = (STARTED, TAKEN, CONTACTED, DONE)
        at = max(came, answered)  # some are dated before their message
        day.plan(
            at, number, *(commands.Observe(fact=f, at=at, rules=RULES, calendar=CALENDAR) for f in handled)
        )
    day.run()

    late = {number for number, (came, answered) in enumerate(replies) if answered > came + WITHIN}
    rung = {n for n, facts in day.facts.items() if any(isinstance(f, ticket.TicketOverdue) for f in facts)}
    handled_late = {
        n for n, facts in day.facts.items()
        for fact in facts if isinstance(fact, ticket.TicketHandled) and not fact.on_time
    }  # fmt: skip
    assert len(replies) > 2000
    assert len(late) > 100
    assert rung == handled_late == late
    assert {state.state for state in day.states.values()} == {"awaiting_rating"}
    print(f"{len(late)} of {len(replies)} answered after 15 days")
