"""How a ticket stands, from the facts about it."""

from datetime import UTC, datetime, timedelta
from typing import get_args

from chassis.model import Outgoing
from contracts import ticket
from contracts.actor import Actor
from contracts.gateway.tickets import TicketState
from services.gateway.domain import ENTERS, Follow, PassOn, Standing, decide, evolve, initial

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DESK = Actor(role="operator", id="d")
RECEIVED = ticket.TicketReceived(source="urn:s", external_id="7", channel="resident", severity="general")


def after(*facts: ticket.TicketReceived | object) -> Standing:
    state = initial("T")
    for number, fact in enumerate(facts):
        command = Follow(fact=fact, at=NOW + timedelta(minutes=number))  # type: ignore[arg-type]
        for moved in decide(state, command):
            state = evolve(state, moved)
    return state


def test_a_ticket_begins_with_its_sender() -> None:
    state = after(RECEIVED)
    assert (state.source, state.external_id, state.state, state.received_at) == (
        "urn:s",
        "7",
        "received",
        NOW,
    )


def test_a_pause_ends_where_it_began() -> None:
    asked = ticket.InfoRequested(missing=["where"], by=DESK, at=NOW, until=NOW)
    given = ticket.InfoProvided(by=DESK, paused_at=NOW, at=NOW, due_at=NOW + timedelta(days=3))
    assert after(RECEIVED, asked).state == "pending_info"
    assert after(RECEIVED, asked, given).state == "received"
    assert after(RECEIVED, asked, given).due_at == NOW + timedelta(days=3)


def test_what_is_done_again_has_no_rating_yet() -> None:
    closed = ticket.TicketClosed(rated=True, resolved="no", satisfaction="dissatisfied")
    again = ticket.TicketReopened(reworks=1, resolved="no", satisfaction="dissatisfied")
    assert (after(RECEIVED, closed).state, after(RECEIVED, closed).satisfaction) == ("closed", "dissatisfied")
    assert (after(RECEIVED, closed, again).state, after(RECEIVED, closed, again).satisfaction) == (
        "accepted",
        None,
    )


def test_of_a_ticket_whose_beginning_was_not_heard_nothing_is_known() -> None:
    assert after(ticket.TicketClosed(rated=False)) == initial("T")


def test_every_state_that_is_shown_can_be_reached_and_no_other() -> None:
    assert set(ENTERS.values()) == set(get_args(TicketState))


def test_a_fact_that_somebody_hears_goes_on_also_of_a_ticket_whose_beginning_was_not_heard() -> None:
    post = Outgoing("gov.facts", "x", "application/cloudevents+json", "{}")
    closed = ticket.TicketClosed(rated=False)
    assert decide(initial("T"), Follow(fact=closed, at=NOW, post=post)) == [post]
    assert decide(after(RECEIVED), Follow(fact=closed, at=NOW, post=post))[1:] == [closed, post]
    assert decide(initial("T"), PassOn(post=post)) == [post]
    assert evolve(after(RECEIVED), post) == after(RECEIVED)
