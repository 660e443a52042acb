"""Several tickets and the post between them, without any database."""

from typing import Any

from msgspec.structs import replace

from contracts.event import Event
from contracts.intake import Requester, RequestSubmitted
from contracts.problem import Refusal
from services.ticket import commands
from services.ticket.commands import Match, Primary
from services.ticket.domain import decide, evolve, initial
from services.ticket.letters import Letter
from services.ticket.state import Ticket
from tests.unit.ticketing import BUILDING, CALENDAR, CONTACTED, DONE, NOW, RULES, STARTED, TAKEN, observe

LONG = "我们楼三层的楼道灯坏了一个多星期，晚上老人上下楼看不清台阶"


class House:
    """Some tickets and the post between them, which arrives when somebody delivers it."""

    def __init__(self) -> None:
        self.tickets: dict[str, Ticket] = {}
        self.post: list[Letter] = []
        self.facts: dict[str, list[Any]] = {}

    def tell(self, number: str, command: Any) -> list[Any]:
        """A ticket is told something; what follows, and the letters it writes."""
        state = self.tickets.get(number) or initial(number)
        facts = decide(state, command)
        for fact in facts:
            if not isinstance(fact, Refusal):
                state = evolve(state, fact)
        self.post += state.letters
        self.tickets[number] = replace(state, letters=(), read=())
        self.facts.setdefault(number, []).extend(facts)
        return facts

    def deliver(self, at: Any = NOW, number: str | None = None) -> bool:
        """One ticket reads all its post; False where there is none."""
        to = number or next((letter.ticket for letter in self.post), None)
        mine = [letter for letter in self.post if letter.ticket == to]
        self.post = [letter for letter in self.post if letter.ticket != to]
        if to is None or not mine:
            return False
        self.tell(to, commands.ReadLetters(letters=mine, at=at, rules=RULES, calendar=CALENDAR))
        return True

    def settle(self, at: Any = NOW) -> None:
        """All post is delivered, and what it leads to."""
        while self.deliver(at):
            pass

    def submit(self, number: str, leader: str | None = None, repeat: bool = False, at: Any = NOW) -> None:
        """A request comes; the very same words may be those of `leader`."""
        request = RequestSubmitted(
            external_id=number, channel="resident", title="路灯", body=LONG, category="lighting",
            grid=BUILDING, requester=Requester(phone="13800138000"),
        )  # fmt: skip
        match = Match(self.primary(leader), repeat) if leader else None
        command = commands.RegisterRequest(
            source="urn:s", request=request, at=at, rules=RULES, calendar=CALENDAR, match=match
        )
        self.tell(number, command)

    def primary(self, number: str) -> Primary:
        """What another ticket can know of this one."""
        state = self.tickets.get(number) or initial(number)
        return Primary(
            id=number, state=state.state, category=state.category, severity=state.severity, grid=state.grid,
            received_at=state.received_at, primary=state.more.primary,
        )  # fmt: skip

    def states(self, numbers: str) -> list[str]:
        """Where these tickets are."""
        return [self.tickets[number].state for number in numbers]

    def published(self, number: str) -> list[str]:
        """What a ticket has published, by name."""
        return [type(fact).__name__ for fact in self.facts[number] if isinstance(fact, Event)]


def work_on(house: House, number: str) -> None:
    """The straight way of one ticket until its requester is asked; all post is read."""
    for fact in (STARTED, TAKEN, CONTACTED, DONE):
        house.tell(number, observe(fact))
    house.settle()
