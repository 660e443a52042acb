"""What simulated people do about a fact: pure, and drawn by seed, so that neither time nor order matters."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts import dispatch, evaluation, intake, ticket
from contracts.actor import Actor
from contracts.cloudevent import CloudEvent
from contracts.event import Event

ASSIGNEE, RESIDENT, DESK = "/assignee/app", "/resident/mini-program", "/community/desk"
ADJUDICATOR = "/district/adjudication"

ANSWERS: dict[str, tuple[int, int, int]] = {
    "grid_officer": (86, 8, 6),
    "party_member": (78, 10, 12),
    "social_organization": (86, 9, 5),
    "property_company": (68, 20, 12),
    "department": (82, 14, 4),
    "volunteer_team": (76, 12, 12),
    "rota": (97, 0, 3),
    "community_desk": (100, 0, 0),
}
"""Of a hundred offers to each kind: accepted, returned, left until they expire."""

RETURN_CODES: dict[str, tuple[str, ...]] = {
    "grid_officer": ("not_our_duty", "capacity", "insufficient_info"),
    "party_member": ("capacity", "conflict_of_interest"),
    "social_organization": ("outside_contract", "capacity"),
    "property_company": ("not_our_duty", "conflict_of_interest", "not_our_area"),
    "department": ("not_our_area", "not_our_duty", "duplicate"),
    "volunteer_team": ("capacity", "unsafe"),
}
CANCELLED, DECLINED, CONTACTED_LATE, SILENT, NEVER_HAPPY = 0.03, 0.12, 0.05, 0.22, 0.04
RESOLVED = (("yes", 80), ("partly", 13), ("no", 7))
SATISFACTION: dict[str, tuple[int, int, int, int, int]] = {
    "yes": (45, 35, 15, 4, 1),
    "partly": (10, 25, 35, 22, 8),
    "no": (0, 2, 8, 50, 40),
}
EMERGENCY_LINES = ("110", "119", "120", "122")
LEVELS = ("very_satisfied", "satisfied", "basically_satisfied", "dissatisfied", "very_dissatisfied")
WHY_UNHAPPY = ("too_slow", "not_solved", "bad_manner")


@dataclass(frozen=True)
class Answer:
    """What somebody tells Fengge `after` so many seconds of thought, through which system."""

    after: float
    source: str
    event: Event


@dataclass(frozen=True)
class World:
    """The people of one demo: their seed, and the places and categories they know."""

    seed: int
    grids: Sequence[str]
    categories: Sequence[str]
    late: float = 7.0
    """Seconds after which a first contact is certainly too late."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The tickets of this demo and what the dice know them by; where there are any, others are left alone."""

    def answers(self, fact: CloudEvent[Event]) -> list[Answer]:
        """What follows from a fact; the same fact always has the same answers."""
        if self.names and fact.partitionkey not in self.names:
            return []
        react = REACTIONS.get(type(fact.data))
        return react(self, fact.partitionkey, fact) if react else []

    def chance(self, ticket_no: str, what: str, turn: object = "") -> random.Random:
        """The dice for one decision about one ticket."""
        name = self.names.get(ticket_no, ticket_no)
        return random.Random(f"{self.seed}:{name}:{what}:{turn}")  # noqa: S311  a play, no secret

    def cancels(self, ticket_no: str) -> bool:
        """Whether the resident of this ticket will take it back once somebody has accepted it."""
        return self.chance(ticket_no, "cancel").random() < CANCELLED


def _received(world: World, no: str, fact: CloudEvent[Any]) -> list[Answer]:
    """The desk finds out what is missing, or declines."""
    said: ticket.TicketReceived = fact.data
    if (said.category and said.grid) or said.category in EMERGENCY_LINES:
        return []
    chance = world.chance(no, "triage")
    after = chance.uniform(0.3, 1.5)
    if not said.category and chance.random() < DECLINED:
        declined = intake.RequestDeclined(
            ticket=no, reason_code="statutory_path", statutory_path="行政复议或诉讼", operator="desk-1"
        )
        return [Answer(after, DESK, declined)]
    triaged = intake.RequestTriaged(
        ticket=no,
        category=said.category or chance.choice(world.categories),
        severity=said.severity,
        grid=said.grid or chance.choice(world.grids),
        operator="desk-1",
    )
    return [Answer(after, DESK, triaged)]


def _offered(world: World, no: str, fact: CloudEvent[Any]) -> list[Answer]:
    """The assignee accepts, returns, or lets the offer expire."""
    offer: dispatch.OfferMade = fact.data
    chance = world.chance(no, "offer", offer.hop)
    answer = chance.choices(("accept", "return", "ignore"), ANSWERS[offer.kind])[0]
    if answer == "ignore":
        return []
    returned = answer == "return"
    answered = intake.OfferAnswered(
        ticket=no,
        assignment=offer.assignment,
        assignee=offer.assignee,
        answer="return" if returned else "accept",
        return_code=chance.choice(RETURN_CODES[offer.kind]) if returned else None,  # type: ignore[arg-type]
        basis="演示：退单理由" if returned else None,
        proposed_unit="community-desk" if returned else None,
    )
    return [Answer(chance.uniform(0.1, 0.9), ASSIGNEE, answered)]


def _claimable(world: World, no: str, fact: CloudEvent[Any]) -> list[Answer]:
    """One of those who could be asked claims it, mostly; sometimes two do."""
    opened: dispatch.ClaimOpened = fact.data
    chance = world.chance(no, "claim", opened.hop)
    free = [each.assignee for each in opened.explanation.candidates]
    many = chance.choices((0, 1, 2), (15, 65, 20))[0]
    return [
        Answer(
            chance.uniform(0.1, 0.9), ASSIGNEE,
            intake.OfferClaimed(ticket=no, assignment=opened.assignment, assignee=who),
        )
        for who in chance.sample(free, min(many, len(free)))
    ]  # fmt: skip


def _disputed(world: World, no: str, fact: CloudEvent[Any]) -> list[Answer]:
    """The adjudicator finds that it was rightly offered to the one who returned it last."""
    opened: dispatch.ObjectionOpened = fact.data
    ruled = intake.ObjectionRuled(
        ticket=no,
        actor=Actor(role="adjudicator", id="adjudicator-1"),
        assignee=opened.assignee,
        reason_code="in_their_list",
        basis="演示：属其职责清单。",
    )
    return [Answer(world.chance(no, "ruling", fact.number).uniform(0.3, 1.5), ADJUDICATOR, ruled)]


def _accepted(world: World, no: str, fact: CloudEvent[Any]) -> list[Answer]:
    """The assignee calls the requester, mostly in time; a few requesters no longer want it."""
    held: dispatch.AssignmentAccepted | dispatch.AssignmentReopened = fact.data
    is_rework = isinstance(held, dispatch.AssignmentReopened)
    chance = world.chance(no, "contact", fact.number if is_rework else "first")
    if not is_rework and world.cancels(no):
        return [
            Answer(chance.uniform(0.1, 0.9), RESIDENT, intake.RequestCancelled(ticket=no, confirmed=True))
        ]
    late = chance.random() < CONTACTED_LATE
    after = world.late if late else chance.uniform(0.1, 0.9)
    logged = intake.FirstContactLogged(ticket=no, assignment=held.assignment, assignee=held.assignee)
    return [Answer(after, ASSIGNEE, logged)]


def _contacted(world: World, no: str, fact: CloudEvent[Any]) -> list[Answer]:
    """The assignee does the work and reports it."""
    contact: dispatch.FirstContactMade = fact.data
    chance = world.chance(no, "work", fact.number)
    resolved: Any = _drawn(chance, RESOLVED)
    reported = intake.WorkReported(
        ticket=no,
        assignment=contact.assignment,
        assignee=contact.assignee,
        resolved=resolved,
        unresolved_reason=None if resolved == "yes" else "needs_more_time",
        outcome="演示：已上门处理并拍照留存。",
        evidence=["photo-1"],
    )
    return [Answer(chance.uniform(0.3, 1.5), ASSIGNEE, reported)]


def _asked(world: World, no: str, fact: CloudEvent[Any]) -> list[Answer]:
    """The resident praises, complains, or stays silent."""
    asked: evaluation.RatingRequested = fact.data
    chance = world.chance(no, "rating", asked.round)
    never_happy = world.chance(no, "temper").random() < NEVER_HAPPY
    if not never_happy and chance.random() < SILENT:
        return []
    resolved: Any = "no" if never_happy else _drawn(chance, RESOLVED)
    satisfaction = chance.choices(LEVELS, SATISFACTION[resolved])[0]
    given = intake.RatingGiven(
        ticket=no,
        resolved=resolved,
        satisfaction=satisfaction,  # type: ignore[arg-type]
        reason=chance.choice(WHY_UNHAPPY) if satisfaction in LEVELS[3:] else None,
    )
    return [Answer(chance.uniform(0.2, 1.2), RESIDENT, given)]


def _drawn(chance: random.Random, shares: Sequence[tuple[str, int]]) -> Any:
    return chance.choices([value for value, _ in shares], [share for _, share in shares])[0]


REACTIONS: dict[type[Event], Callable[[World, str, CloudEvent[Any]], list[Answer]]] = {
    ticket.TicketReceived: _received,
    dispatch.OfferMade: _offered,
    dispatch.ClaimOpened: _claimable,
    dispatch.ObjectionOpened: _disputed,
    dispatch.AssignmentAccepted: _accepted,
    dispatch.AssignmentReopened: _accepted,
    dispatch.FirstContactMade: _contacted,
    evaluation.RatingRequested: _asked,
}
