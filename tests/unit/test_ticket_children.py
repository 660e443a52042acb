"""One ticket, several units: the lead's ticket waits for its mandatory parts, and no part is lost with it."""

import random
from typing import Any

import pytest

from contracts import ticket
from contracts.event import Event
from contracts.intake import Part
from contracts.numbering import ticket_number
from contracts.problem import Refusal
from services.ticket import commands, desk
from services.ticket.guards import waited_for
from services.ticket.state import Ticket
from tests.unit.house import House, work_on
from tests.unit.test_ticket_followers import ONWARD
from tests.unit.test_ticket_random_life import PAUSES, sensible
from tests.unit.ticketing import (
    BUILDING,
    BY_DESK,
    CONTACTED,
    DAY,
    DONE,
    HAPPY,
    NOW,
    RULES,
    STARTED,
    TAKEN,
    UNHAPPY,
    by,
    observe,
    order,
)

LAMP = Part(category="lighting", grid=BUILDING)
TREE = Part(category="trees", grid=BUILDING, severity="urgent", mandatory=False)
ONE, TWO = (ticket_number("urn:fengge:ticket", f"A/{n}") for n in (1, 2))


@pytest.fixture
def house() -> House:
    """A ticket in progress with two parts: the lead waits for the lamp and not for the tree."""
    house = House()
    house.submit("A")
    for fact in (STARTED, TAKEN, CONTACTED):
        house.tell("A", observe(fact))
    house.tell("A", order(desk.SplitTicket, "supervisor", parts=[LAMP, TREE]))
    house.settle(NOW + DAY)
    return house


def published(house: House, number: str, kind: type[Event]) -> list[Any]:
    return [fact for fact in house.facts[number] if isinstance(fact, kind)]


def states_of_children(house: House) -> dict[str, str]:
    return {child.number: child.state for child in house.tickets["A"].more.children}


def test_each_part_is_a_ticket_with_a_number_a_clock_and_a_dispatch_of_its_own(house: House) -> None:
    lamp, tree = house.tickets[ONE], house.tickets[TWO]
    assert (lamp.state, lamp.severity, lamp.more.parent) == ("accepted", "general", "A")
    assert (tree.severity, tree.category) == ("urgent", "trees")
    assert lamp.since == lamp.received_at == NOW + DAY
    assert house.published(ONE) == ["TicketReceived", "TicketAccepted", "DeadlineSet"]
    (received,) = published(house, ONE, ticket.TicketReceived)
    assert (received.parent, received.external_id, received.requester_ref) == ("A", "A/1", None)


def test_an_emergency_part_goes_to_its_line_at_once(house: House) -> None:
    house.tell("A", order(desk.SplitTicket, "operator", parts=[Part(category="119", grid=BUILDING)]))
    house.settle()
    three = ticket_number("urn:fengge:ticket", "A/3")
    assert house.tickets[three].state == "transferred"
    assert states_of_children(house)[three] == "transferred"
    assert waited_for(house.tickets["A"]) == [ONE, three]


def test_row_15_what_the_lead_reports_is_kept_until_the_last_mandatory_part_is_done(house: House) -> None:
    house.tell("A", observe(DONE))
    house.settle()
    (kept,) = published(house, "A", ticket.OutcomeKept)
    assert kept.waits_for == [ONE]
    assert house.tickets["A"].state == "in_progress"
    work_on(house, ONE)
    assert house.tickets["A"].state == "awaiting_rating"
    (handled,) = published(house, "A", ticket.TicketHandled)
    assert (handled.assignee, handled.resolved, handled.reworks) == ("li", "yes", 0)
    assert house.tickets["A"].more.outcome is None
    assert states_of_children(house) == {ONE: "closed", TWO: "open"}


def test_a_part_that_is_done_first_holds_nobody_up(house: House) -> None:
    work_on(house, ONE)
    house.tell("A", observe(DONE))
    assert house.published("A")[-2:] == ["TicketHandled", "TicketVerified"]


def test_nobody_is_asked_about_a_part_and_it_is_closed_when_it_is_checked(house: House) -> None:
    work_on(house, ONE)
    (verified,) = published(house, ONE, ticket.TicketVerified)
    assert (verified.asked, house.tickets[ONE].state) == (False, "closed")
    for fact in (STARTED, TAKEN, CONTACTED, DONE):
        house.tell(TWO, observe(fact, rules=BY_DESK))
    house.settle()
    assert states_of_children(house) == {ONE: "closed", TWO: "handled"}
    house.tell(TWO, order(desk.RequestRework, "verifier"))
    house.settle()
    assert states_of_children(house)[TWO] == "open"
    house.tell(TWO, observe(DONE, rules=BY_DESK))
    house.tell(TWO, order(desk.VerifyOutcome, "verifier"))
    assert house.tickets[TWO].state == "closed"


def test_a_supervisor_waives_a_part_and_the_kept_report_counts(house: House) -> None:
    house.tell("A", observe(DONE))
    facts = house.tell("A", order(desk.WaiveChild, "supervisor", child=ONE, at=NOW + 2 * DAY))
    assert [type(fact).__name__ for fact in facts] == ["ChildWaived", "TicketHandled", "TicketVerified"]
    house.settle()
    assert house.tickets[ONE].state == "accepted"


def test_a_part_that_is_taken_back_is_not_done_and_has_to_be_waived(house: House) -> None:
    house.tell("A", observe(DONE))
    cancel = commands.CancelTicket(reason_code="double", confirmed=True, actor=by("operator"))
    house.tell(ONE, cancel)
    house.settle()
    assert states_of_children(house)[ONE] == "cancelled"
    assert house.tickets["A"].state == "in_progress"
    house.tell("A", order(desk.WaiveChild, "supervisor", child=ONE))
    assert house.tickets["A"].state == "awaiting_rating"


def test_a_report_in_a_pause_ends_it_and_is_kept(house: House) -> None:
    house.tell("A", order(desk.AskSuspension, "assignee"))
    house.tell("A", order(desk.ApproveSuspension, "supervisor"))
    house.tell("A", observe(DONE))
    assert house.published("A")[-2:] == ["TicketResumed", "OutcomeKept"]
    work_on(house, ONE)
    assert house.tickets["A"].state == "awaiting_rating"


@pytest.mark.parametrize("end", ["cancelled", "closed"])
def test_a_part_outlives_its_parent_and_both_say_so(house: House, end: Any) -> None:
    if end == "cancelled":
        house.tell("A", commands.CancelTicket(reason_code="solved", confirmed=True))
    else:
        work_on(house, ONE)
        house.tell("A", observe(DONE))
        house.tell("A", observe(HAPPY))
    house.settle()
    assert house.tickets[TWO].state == "accepted"
    released = [fact.child for fact in published(house, "A", ticket.ChildReleased)]
    assert released == ([ONE, TWO] if end == "cancelled" else [TWO])
    assert published(house, TWO, ticket.ParentEnded) == [ticket.ParentEnded(parent="A", state=end)]


def test_a_part_is_not_divided_and_who_has_parts_follows_nobody(house: House) -> None:
    (refusal,) = house.tell(ONE, order(desk.SplitTicket, "operator", parts=[LAMP]))
    assert isinstance(refusal, Refusal)
    assert refusal.detail == "it is a part of A"
    house.submit("B")
    house.submit("D")
    house.tell("D", order(desk.SplitTicket, "operator", parts=[LAMP]))
    merge = commands.MergeTicket(primary=house.primary("B"), at=NOW, rules=RULES, actor=by("operator"))
    (refusal,) = house.tell("D", merge)
    assert isinstance(refusal, Refusal)
    assert refusal.detail.startswith("it leads ")


def test_a_rework_of_the_whole_leaves_the_parts_alone(house: House) -> None:
    work_on(house, ONE)
    house.tell("A", observe(DONE))
    house.tell("A", observe(UNHAPPY))
    house.settle()
    assert house.tickets["A"].state == "in_progress"
    house.tell("A", observe(DONE))
    assert house.tickets["A"].state == "awaiting_rating"


@pytest.mark.parametrize("seed", range(60))
def test_whatever_people_do_no_report_and_no_part_is_lost(seed: int) -> None:
    """At rest a parent knows its children as they are, and none that waits for nobody keeps a report."""
    chance, house, at = random.Random(seed), House(), NOW
    house.submit("A", at=at)
    for _ in range(200):
        at += chance.choice(PAUSES)
        _something_happens(house, chance, chance.choice([*house.tickets]), at)
        if house.post and chance.random() < 0.5:
            house.deliver(at, chance.choice(house.post).ticket)
    house.settle(at)
    for state in house.tickets.values():
        _adds_up(house, state)


def _something_happens(house: House, chance: random.Random, number: str, at: Any) -> None:
    draw, state = chance.random(), house.tickets[number]
    if draw < 0.05 and len(house.tickets) < 6:
        house.tell(number, order(desk.SplitTicket, "operator", at=at, parts=[chance.choice([LAMP, TREE])]))
    elif draw < 0.12 and state.more.children:
        child = chance.choice(state.more.children).number
        house.tell(number, order(desk.WaiveChild, "supervisor", at=at, child=child))
    elif draw < 0.125:
        house.tell(number, commands.CancelTicket(reason_code="x", confirmed=True, actor=by("operator")))
    elif draw < 0.7 and state.state in ONWARD:
        fact = chance.choice(ONWARD[state.state])
        house.tell(number, observe(fact, at, chance.choice([RULES, BY_DESK])))
    else:
        command = sensible(state, chance.randrange(10_000))(at)
        if not isinstance(command, commands.ReadLetters | commands.MergeTicket | desk.SplitTicket):
            house.tell(number, command)


def _adds_up(house: House, state: Ticket) -> None:
    for child in state.more.children:
        there = house.tickets[child.number]
        known = child.state
        if known in ("open", "handled"):
            busy = ("declined", "transferred", "cancelled", "closed")
            assert there.state not in busy, (known, there.state)
        elif known != "waived":
            assert there.state == known
    if state.more.outcome and state.state in ("in_progress", "suspended"):
        assert waited_for(state)
    assert state.state != "handled" or not state.more.outcome
