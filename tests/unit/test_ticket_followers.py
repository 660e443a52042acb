"""Tickets about the same: what happens to one happens to all, each requester is asked, none is lost."""

import random
from typing import Any

import pytest
from msgspec.structs import replace

from contracts import ticket
from contracts.event import Event
from contracts.intake import RequestSubmitted
from services.ticket import commands, desk
from services.ticket.commands import Match
from services.ticket.domain import decide, evolve, initial
from services.ticket.moves import FOLLOWING, TABLE
from services.ticket.state import OPEN, Ticket
from tests.unit.house import House, work_on
from tests.unit.test_ticket_random_life import PAUSES, sensible
from tests.unit.ticketing import (
    BUILDING,
    BY_DESK,
    CALENDAR,
    CONTACTED,
    DAY,
    DONE,
    HAPPY,
    NOW,
    PRIMARY,
    RULES,
    STARTED,
    TAKEN,
    UNHAPPY,
    UNRATED,
    by,
    observe,
    order,
    ticket_in,
)


@pytest.fixture
def house() -> House:
    """A ticket, two followers of other people, and a repeat of the same person."""
    house = House()
    house.submit("A")
    house.submit("B", "A")
    house.submit("C", "A")
    house.submit("R", "A", repeat=True)
    house.settle()
    return house


def test_row_5_the_rule_merges_what_comes_and_the_primary_knows_who_follows(house: House) -> None:
    assert house.states("ABCR") == ["accepted", "merged", "merged", "merged"]
    assert house.tickets["A"].more.followers == ("B", "C", "R")
    assert house.published("B") == ["TicketReceived", "TicketMerged"]
    (merged,) = (fact for fact in house.facts["R"] if isinstance(fact, ticket.TicketMerged))
    assert (merged.primary, merged.repeat, merged.by) == ("A", True, None)
    assert house.tickets["B"].alarm_at is None


def test_followers_are_handled_and_asked_with_their_primary_and_a_repeat_only_ends(house: House) -> None:
    work_on(house, "A")
    assert house.states("ABCR") == ["awaiting_rating"] * 3 + ["merged"]
    assert house.published("B")[2:] == ["TicketHandled", "TicketVerified"]
    house.tell("A", observe(HAPPY))
    house.settle()
    assert house.states("ABCR") == ["closed", "awaiting_rating", "awaiting_rating", "closed"]
    house.tell("B", observe(HAPPY))
    house.tell("C", observe(UNRATED))
    assert house.states("ABCR") == ["closed"] * 4
    assert house.published("R")[2:] == ["TicketClosed"]


def test_an_unhappy_follower_reopens_the_primary_and_who_was_content_is_left_alone(house: House) -> None:
    work_on(house, "A")
    house.tell("A", observe(HAPPY))
    house.tell("C", observe(HAPPY))
    house.settle()
    house.tell("B", observe(UNHAPPY))
    assert house.states("AB") == ["closed", "awaiting_rating"]
    house.settle()
    assert house.states("ABCR") == ["in_progress", "in_progress", "closed", "closed"]
    assert house.tickets["A"].clock == "rework"
    house.tell("A", observe(CONTACTED))
    house.tell("A", observe(DONE))
    house.settle()
    assert house.states("AB") == ["awaiting_rating"] * 2
    assert house.tickets["B"].reworks == 1


def test_two_unhappy_followers_are_one_rework(house: House) -> None:
    work_on(house, "A")
    for number in "BC":
        house.tell(number, observe(UNHAPPY))
    house.settle()
    assert house.published("A").count("TicketReopened") == 1
    assert house.states("ABC") == ["in_progress"] * 3


def test_where_the_table_lets_nothing_be_done_again_the_rating_closes_the_follower(house: House) -> None:
    work_on(house, "A")
    house.tickets["A"] = replace(house.tickets["A"], reworks=2)
    house.tell("B", observe(UNHAPPY))
    house.settle()
    assert house.states("AB") == ["awaiting_rating", "closed"]
    assert house.published("B")[-3:] == ["RatingSubmitted", "ReopeningRefused", "TicketClosed"]
    assert (house.tickets["B"].resolved, house.tickets["B"].more.unhappy) == ("no", False)


def test_a_follower_that_was_closed_may_ask_for_more(house: House) -> None:
    work_on(house, "A")
    for number in "AB":
        house.tell(number, observe(HAPPY))
    house.tell("B", order(desk.ReopenTicket, "requester"))
    house.settle()
    assert house.states("AB") == ["in_progress"] * 2


def test_a_requester_takes_a_follower_back_and_the_others_go_on(house: House) -> None:
    house.tell("B", commands.CancelTicket(reason_code="moved_away", confirmed=False))
    house.settle()
    assert house.states("ABC") == ["accepted", "cancelled", "merged"]
    assert house.tickets["A"].more.followers == ("C", "R")


def test_when_the_primary_is_taken_back_what_others_want_goes_on(house: House) -> None:
    house.tell("A", commands.CancelTicket(reason_code="moved_away", confirmed=False))
    house.settle(NOW + 3 * DAY)
    assert house.states("ABCR") == ["cancelled", "accepted", "accepted", "cancelled"]
    parted = [fact for fact in house.facts["B"] if isinstance(fact, ticket.TicketUnmerged)]
    assert [fact.reason_code for fact in parted] == ["primary_cancelled"]
    assert (house.tickets["B"].since, house.tickets["B"].due_at) == (NOW, NOW + 15 * DAY)


@pytest.mark.parametrize("ended", ["declined", "transferred"])
def test_what_the_desk_says_of_the_primary_it_says_of_all(ended: str) -> None:
    house = House()
    house.tickets = {
        "A": replace(ticket_in("received", desk=None), id="A"),
        "B": replace(ticket_in("received", desk=None), id="B"),
    }
    house.tell("B", _merge(house, "B", "A"))
    house.settle()
    told: dict[str, Any] = {
        "category": "119",
        "severity": "urgent",
        "grid": BUILDING,
        "actor": by("operator"),
    }
    triage = commands.TriageTicket(at=NOW, rules=RULES, calendar=CALENDAR, **told)
    decline = commands.DeclineTicket(
        at=NOW, reason_code="court", statutory_path="go to court", actor=by("operator")
    )
    house.tell("A", decline if ended == "declined" else triage)
    house.settle()
    assert house.states("AB") == [ended, ended]


def test_unmerged_it_stands_for_itself_with_the_clock_of_its_own_beginning(house: House) -> None:
    later = NOW + 4 * DAY
    facts = house.tell("B", order(desk.UnmergeTicket, "operator", at=later))
    assert [type(fact).__name__ for fact in facts[:3]] == ["TicketUnmerged", "TicketAccepted", "DeadlineSet"]
    assert (facts[2].since, facts[2].due_at) == (NOW, NOW + 15 * DAY)
    house.settle(later)
    work_on(house, "A")
    assert house.states("ABC") == ["awaiting_rating", "accepted", "awaiting_rating"]
    assert house.tickets["A"].more.followers == ("C", "R")


def test_what_was_accepted_before_it_was_merged_goes_on_from_its_acceptance() -> None:
    house = House()
    house.submit("A")
    house.submit("B", at=NOW + DAY)
    house.tell("B", _merge(house, "B", "A", at=NOW + 2 * DAY))
    house.settle()
    assert house.states("AB") == ["accepted", "merged"]
    house.tell("B", order(desk.UnmergeTicket, "supervisor", at=NOW + 20 * DAY))
    assert (house.tickets["B"].since, house.tickets["B"].due_at) == (NOW + DAY, NOW + 16 * DAY)
    late = house.tickets["B"].alarm_at
    assert late
    assert late < NOW + 20 * DAY


def test_who_comes_when_the_primary_is_over_stands_for_itself() -> None:
    house = House()
    house.submit("A")
    house.submit("B", "A")
    for fact in (STARTED, TAKEN, CONTACTED, DONE):
        house.tell("A", observe(fact))
    house.settle()
    assert house.states("AB") == ["awaiting_rating", "accepted"]
    assert house.tickets["A"].more.followers == ()


def test_two_that_are_merged_into_each_other_at_once_both_stand_for_themselves() -> None:
    house = House()
    house.submit("A")
    house.submit("B")
    orders = {"A": _merge(house, "A", "B"), "B": _merge(house, "B", "A")}
    for number, command in orders.items():
        house.tell(number, command)
    house.settle()
    assert house.states("AB") == ["accepted"] * 2


def test_an_emergency_line_goes_before_a_merge() -> None:
    request = RequestSubmitted(external_id="7", channel="resident", title="着火", category="119")
    match = Match(replace(PRIMARY, category="119"), repeat=False)
    command = commands.RegisterRequest(
        source="urn:s", request=request, at=NOW, rules=RULES, calendar=CALENDAR, match=match
    )
    assert [type(fact).__name__ for fact in decide(initial("T"), command)[1:]] == [
        "TicketReceived",
        "TicketTransferred",
    ]


def test_what_is_graver_than_the_same_words_before_is_not_merged_by_the_rule() -> None:
    request = RequestSubmitted(
        external_id="7",
        channel="resident",
        title="灯",
        severity="emergency",
        category="lighting",
        grid=BUILDING,
    )
    command = commands.RegisterRequest(
        source="urn:s", request=request, at=NOW, rules=RULES, calendar=CALENDAR, match=Match(PRIMARY, True)
    )
    assert "TicketMerged" not in [type(fact).__name__ for fact in decide(initial("T"), command)]


def test_a_suspicion_is_said_while_somebody_may_still_merge_it() -> None:
    suspect = commands.SuspectDuplicate(ticket="T", alike=[ticket.Alike(ticket="P", likeness=83)])
    (suspected,) = decide(ticket_in("dispatching"), suspect)
    assert suspected.alike[0].likeness == 83
    assert evolve(ticket_in("received"), suspected).more.suspected == ("P",)
    assert decide(ticket_in("in_progress"), suspect) == []
    assert decide(initial("T"), suspect) == []


def _merge(house: House, number: str, into: str, at: Any = NOW) -> commands.MergeTicket:
    return commands.MergeTicket(primary=house.primary(into), at=at, rules=RULES, actor=by("operator"))


# Of a ticket in a state, where a follower that is asked itself may be once all post is read.
WITH: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(OPEN, ("merged", "in_progress", "closed")),
    "handled": ("handled", "closed"),
    "awaiting_rating": ("awaiting_rating", "closed"),
    "closed": ("awaiting_rating", "closed"),
    "declined": ("declined",),
    "transferred": ("transferred",),
    "cancelled": ("closed",),
}


@pytest.mark.parametrize("seed", range(60))
def test_whatever_people_do_no_follower_is_left_behind(seed: int) -> None:
    """Post arrives late and out of order between tickets; at rest everybody is where it belongs."""
    chance, house, at = random.Random(seed), House(), NOW
    numbers = "ABCDE"
    for number in numbers:
        house.submit(number, chance.choice([None, *house.tickets]) if house.tickets else None, at=at)
    for _ in range(150):
        at += chance.choice(PAUSES)
        _something_happens(house, chance, chance.choice(numbers), at)
        if chance.random() < 0.5:
            house.deliver(at, chance.choice(numbers))
    house.settle(at)
    for number, state in house.tickets.items():
        _belongs(house, number, state)


ONWARD: dict[str, list[Event]] = {
    "accepted": [STARTED], "dispatching": [TAKEN], "assigned": [CONTACTED], "in_progress": [DONE],
    "awaiting_rating": [HAPPY, UNHAPPY, UNRATED],
}  # fmt: skip


def _something_happens(house: House, chance: random.Random, number: str, at: Any) -> None:
    draw = chance.random()
    state = house.tickets[number]
    if draw < 0.08:
        house.tell(number, _merge(house, number, chance.choice("ABCDE"), at))
    elif draw < 0.09:
        house.tell(number, order(desk.UnmergeTicket, "operator", at=at))
    elif draw < 0.095:
        house.tell(number, commands.CancelTicket(reason_code="solved", confirmed=True))
    elif draw < 0.6 and state.state in ONWARD and not state.more.primary:
        house.tell(number, observe(chance.choice(ONWARD[state.state]), at, chance.choice([RULES, BY_DESK])))
    elif state.more.primary and state.state == "awaiting_rating":
        house.tell(number, observe(chance.choice([HAPPY, UNHAPPY, UNRATED]), at))
    elif not state.more.primary:
        make = sensible(state, chance.randrange(10_000))
        command = make(at)
        if not isinstance(command, commands.ReadLetters | commands.MergeTicket | desk.UnmergeTicket):
            house.tell(number, command)


def _belongs(house: House, number: str, state: Ticket) -> None:
    for follower in state.more.followers:
        assert house.tickets[follower].more.primary == number
    primary = state.more.primary
    if primary is None:
        assert state.state != "merged"
        return
    if state.state == "cancelled":
        return
    leader = house.tickets[primary]
    assert number in leader.more.followers
    assert leader.more.primary is None
    assert not state.more.unhappy
    assert state.state in WITH[leader.state], (number, state.state, primary, leader.state)


def test_the_table_names_where_followers_can_be() -> None:
    (row,) = (row for row in TABLE if desk.UnmergeTicket in row.on)
    assert {*row.states} == {*FOLLOWING, "closed"}
