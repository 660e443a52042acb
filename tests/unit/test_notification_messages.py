"""Who is told what, which way it takes, and what happens when a way is closed."""

import json
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from msgspec.structs import replace

from contracts import dispatch, evaluation, ticket
from contracts.actor import Actor
from contracts.cloudevent import CloudEvent
from contracts.event import Event, type_of
from contracts.notification import NotificationFailed, NotificationSent
from contracts.terms import NotificationChannel
from services.notification.channels import console
from services.notification.commands import (
    DeliveryMoved,
    MessageHanded,
    MessageQueued,
    PageShown,
    PassOn,
    PostsQueued,
    RecordOutcome,
    RecordReceipt,
    ShowOnConsole,
    Tell,
)
from services.notification.correspondence import Correspondence, Delivery, Outcome
from services.notification.domain import TicketNotKnownYet, decide, evolve, initial
from services.notification.wanting import Wanted, Wanting

NO = "7K3M-9QXR-2B4D-T8WZ"
NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
RETRIES = (5.0, 60.0, 600.0)
AGAIN = Outcome(error="unreachable", again=True)

RECEIVED = ticket.TicketReceived(
    source="urn:hotline:12345", external_id="1", channel="hotline_12345", severity="general",
    category="elderly_care", grid="C1", requester_ref=NO,
)  # fmt: skip
ACCEPTED = ticket.TicketAccepted(
    category="elderly_care",
    severity="general",
    grid="C1",
    channel="hotline_12345",
    source="urn:hotline:12345",
)
RATE = evaluation.RatingRequested(round=1, window_ends_at=NOON)
OFFER = dispatch.OfferMade(
    assignment="a1", assignee="officer-1", kind="grid_officer", hop=1,
    expires_at=NOON + timedelta(minutes=30),
    explanation=dispatch.Explanation(place="code", kinds=["grid_officer"], candidates=[]),
)  # fmt: skip


def told(fact: Event, event: str = "e1", mail: bool = True) -> Tell:
    channels: list[NotificationChannel] = ["smtp", "console"] if mail else ["console"]
    return Tell(event=event, fact=fact, channels=channels, page=console.page, at=NOON)


def wanted(fact: Event, *by: Wanting) -> Wanted:
    event = CloudEvent(
        specversion="1.0", id="e1", source="urn:fengge:ticket", type=type_of(type(fact)), time=NOON,
        data=fact, partitionkey=NO, sequence="1",
    )  # fmt: skip
    return Wanted(event, by)


def given(*commands: Any) -> Correspondence:
    """The correspondence after these facts and commands, in order."""
    as_commands = (
        told(item, f"e{n}") if isinstance(item, Event) else item for n, item in enumerate(commands)
    )
    return reduce(lambda state, item: reduce(evolve, decide(state, item), state), as_commands, initial(NO))


def queued(state: Correspondence, command: Tell) -> list[Delivery]:
    return [fact.delivery for fact in decide(state, command) if isinstance(fact, MessageQueued)]


def tried(delivery: Delivery, outcome: Outcome) -> RecordOutcome:
    return RecordOutcome(
        ticket=NO, key=delivery.key, channel=delivery.channel, attempt=delivery.attempt, outcome=outcome,
        retries=RETRIES, at=NOON,
    )  # fmt: skip


def the_delivery(state: Correspondence) -> Delivery:
    (delivery,) = state.deliveries.values()
    return delivery


def test_the_requester_is_told_of_acceptance_by_mail_and_else_on_the_console() -> None:
    (message,) = queued(given(RECEIVED), told(ACCEPTED, event=f"{NO}.ticket.2"))
    assert message.key == f"{NO}.ticket.2.requester"
    assert message.template == "ticket_accepted.requester.zh.v1"
    assert message.fields == {"number": NO, "category": "elderly_care"}
    assert (message.channel, message.channels) == ("smtp", ["smtp", "console"])


def test_without_a_mail_server_the_console_is_the_way() -> None:
    (message,) = queued(given(RECEIVED), told(ACCEPTED, mail=False))
    assert message.channels == ["console"]


def test_a_request_that_is_accepted_at_once_makes_one_message_and_not_two() -> None:
    assert queued(initial(NO), told(RECEIVED)) == []
    untriaged = ticket.TicketReceived(
        source="s", external_id="1", channel="resident", severity="general", requester_ref=NO, language="en"
    )
    (message,) = queued(initial(NO), told(untriaged))
    assert message.template == "ticket_received.requester.en.v1"


def test_behind_a_sensor_there_is_nobody_to_tell() -> None:
    sensor = ticket.TicketReceived(source="s", external_id="1", channel="sensor", severity="urgent")
    assert queued(given(sensor), told(ACCEPTED)) == []


def test_the_assignee_is_told_of_the_offer_with_place_and_time_on_the_console() -> None:
    (message,) = queued(given(RECEIVED, ACCEPTED), told(OFFER))
    assert (message.audience, message.destination, message.channels) == ("assignee", "officer-1", ["console"])
    assert message.fields["until"] == "2026-11-16 12:30"
    assert message.fields["grid"] == "C1"


def test_the_desk_is_told_when_dispatch_cannot_go_on() -> None:
    blocked = dispatch.DispatchBlocked(reason="no_candidate", detail="nobody is\non duty")
    (message,) = queued(given(RECEIVED, ACCEPTED), told(blocked))
    assert (message.audience, message.destination) == ("supervisor", "community_desk")
    assert message.fields["detail"] == "nobody is on duty"


def test_a_fact_that_overtakes_its_ticket_waits_for_it() -> None:
    with pytest.raises(TicketNotKnownYet):
        decide(initial(NO), told(RATE))


def test_what_is_sent_is_published_with_its_key_and_its_try() -> None:
    state = given(RECEIVED, ACCEPTED)
    message = the_delivery(state)
    assert decide(state, tried(message, Outcome())) == [
        NotificationSent(
            key=message.key, audience="requester", channel="smtp", template=message.template, attempt=1
        )
    ]


def test_a_try_that_was_recorded_before_is_not_recorded_twice() -> None:
    state = given(RECEIVED, ACCEPTED)
    retried = tried(the_delivery(state), AGAIN)
    state = reduce(evolve, decide(state, retried), state)
    assert decide(state, retried) == []
    assert decide(initial(NO), retried) == []


def test_a_server_that_is_down_is_tried_after_5_60_and_600_seconds_then_the_console_takes_over() -> None:
    state, waits = given(RECEIVED, ACCEPTED), []
    while the_delivery(state).channel == "smtp":
        (moved,) = decide(state, tried(the_delivery(state), AGAIN))
        assert isinstance(moved, DeliveryMoved)
        waits.append((moved.delivery.due_at - NOON).total_seconds())
        state = evolve(state, moved)
    assert waits == [5, 60, 600, 0]
    assert (the_delivery(state).attempt, the_delivery(state).error) == (0, "unreachable")


def test_a_message_postponed_through_no_fault_of_its_own_keeps_its_tries() -> None:
    state = given(RECEIVED, ACCEPTED)
    (moved,) = decide(
        state, tried(the_delivery(state), Outcome(error="postponed", again=True, counted=False))
    )
    assert (moved.delivery.attempt, moved.delivery.due_at) == (0, NOON)


def test_without_an_address_the_console_takes_over_at_once_and_for_good() -> None:
    state = given(RECEIVED, ACCEPTED)
    state = reduce(evolve, decide(state, tried(the_delivery(state), Outcome(error="no_address"))), state)
    assert the_delivery(state).channel == "console"
    (next_message,) = queued(state, told(RATE, event="e9"))
    assert next_message.channels == ["console"]


def test_a_channel_for_which_the_contact_has_no_address_is_never_tried() -> None:
    by_phone = replace(RECEIVED, reachable_by=["phone"])
    (message,) = queued(given(by_phone), told(ACCEPTED))
    assert message.channels == ["console"]
    (message,) = queued(given(replace(RECEIVED, reachable_by=["email"])), told(ACCEPTED))
    assert message.channels == ["smtp", "console"]


def test_a_message_no_channel_can_deliver_fails_openly() -> None:
    state = given(RECEIVED, ACCEPTED)
    state = reduce(evolve, decide(state, tried(the_delivery(state), Outcome(error="refused"))), state)
    command = ShowOnConsole(pages={the_delivery(state).key: Outcome(error="template")}, at=NOON)
    (fact,) = decide(state, command)
    assert isinstance(fact, NotificationFailed)
    assert (fact.channel, fact.error) == ("console", "template")
    assert the_delivery(evolve(state, fact)).state == "failed"


def test_a_message_for_the_console_is_queued_shown_and_recorded_at_once() -> None:
    queued_, shown, sent = decide(given(RECEIVED, ACCEPTED), told(OFFER))
    assert isinstance(queued_, MessageQueued)
    assert isinstance(shown, PageShown)
    assert NO in shown.page.subject
    assert isinstance(sent, NotificationSent)
    state = reduce(evolve, [queued_, shown, sent], given(RECEIVED, ACCEPTED))
    assert state.deliveries[queued_.delivery.key].state == "sent"


def test_what_the_mail_server_refused_is_shown_on_the_console() -> None:
    state = given(RECEIVED, ACCEPTED)
    state = reduce(evolve, decide(state, tried(the_delivery(state), Outcome(error="refused"))), state)
    letter = the_delivery(state)
    shown, sent = decide(state, ShowOnConsole(pages={letter.key: console.page(letter)}, at=NOON))
    assert isinstance(shown, PageShown)
    assert isinstance(sent, NotificationSent)


def test_one_refused_message_leaves_the_others_under_way() -> None:
    state = given(RECEIVED, ACCEPTED, RATE)
    first, second = state.deliveries.values()
    state = reduce(evolve, decide(state, tried(first, Outcome(error="refused"))), state)
    assert state.deliveries[first.key].channel == "console"
    assert state.deliveries[second.key] == second


def test_a_final_answer_is_told_once_and_not_as_a_closing_too() -> None:
    by = Actor(role="supervisor", id="s")
    given_ = ticket.FinalAnswerGiven(answer_code="all_means_used", proposed_by=by, by=by)
    (message,) = queued(given(RECEIVED), told(given_))
    assert message.template == "final_answer_given.requester.zh.v1"
    assert queued(given(RECEIVED), told(ticket.TicketClosed(rated=False, final=True))) == []
    assert queued(given(RECEIVED), told(ticket.TicketClosed(rated=False)))


@pytest.mark.parametrize(("assignee", "destination"), [("li", "li"), (None, "community_desk")])
def test_a_reminder_goes_to_whoever_holds_the_ticket_else_to_the_desk(
    assignee: str | None, destination: str
) -> None:
    by = Actor(role="supervisor", id="s")
    reminded = ticket.TicketReminded(by=by, at=NOON, number=1, assignee=assignee)
    (message,) = queued(given(RECEIVED), told(reminded))
    assert message.destination == destination


def test_who_asked_for_the_same_is_told_of_joining_and_parting_and_not_of_whom() -> None:
    merged = ticket.TicketMerged(primary="P", reason_code="same_words")
    parted = ticket.TicketUnmerged(primary="P", reason_code="another_lamp")
    for fact, name in ((merged, "ticket_merged"), (parted, "ticket_unmerged")):
        (message,) = queued(given(RECEIVED), told(fact))
        assert message.template == f"{name}.requester.zh.v1"
        assert message.fields == {"number": NO}


def test_the_desk_is_told_of_a_part_that_outlives_the_whole() -> None:
    (message,) = queued(initial(NO), told(ticket.ParentEnded(parent="P", state="cancelled")))
    assert (message.audience, message.fields) == (
        "supervisor",
        {"number": NO, "parent": "P", "state": "cancelled"},
    )


TEXTED: list[NotificationChannel] = ["sms", "callback"]


def handed() -> Correspondence:
    """A ticket whose message the SMS gateway has taken, for which it owes a receipt."""
    state = given(RECEIVED)
    told_ = Tell(event="e2", fact=ACCEPTED, channels=TEXTED, page=console.page, at=NOON)
    state = reduce(evolve, decide(state, told_), state)
    facts = decide(state, tried(the_delivery(state), Outcome(receipt=True)))
    assert [type(fact) for fact in facts] == [NotificationSent, MessageHanded]
    return reduce(evolve, facts, state)


def receipt(arrived: bool) -> RecordReceipt:
    return RecordReceipt(ticket=NO, key="e2.requester", channel="sms", arrived=arrived, at=NOON)


def test_a_message_whose_receipt_is_good_is_sent_and_said_so_once() -> None:
    state = handed()
    assert the_delivery(state).state == "handed"
    arrived = decide(state, receipt(arrived=True))
    assert not any(isinstance(fact, NotificationSent) for fact in arrived)
    state = reduce(evolve, arrived, state)
    assert the_delivery(state).state == "sent"
    assert decide(state, receipt(arrived=False)) == []


def test_a_message_that_did_not_arrive_takes_its_next_channel() -> None:
    state = handed()
    state = reduce(evolve, decide(state, receipt(arrived=False)), state)
    message = the_delivery(state)
    assert (message.channel, message.state, message.attempt) == ("callback", "queued", 0)
    assert message.error == "undelivered"


def test_a_call_that_reaches_nobody_three_times_fails_openly() -> None:
    state = handed()
    state = reduce(evolve, decide(state, receipt(arrived=False)), state)
    missed = Outcome(error="not_reached", again=True)
    waits = []
    for _ in range(2):
        command = replace(tried(the_delivery(state), missed), retries=[14400.0, 86400.0])
        state = reduce(evolve, decide(state, command), state)
        waits.append((the_delivery(state).due_at - NOON).total_seconds())
    assert waits == [14400, 86400]
    (failed,) = decide(state, replace(tried(the_delivery(state), missed), retries=[14400.0, 86400.0]))
    assert isinstance(failed, NotificationFailed)
    assert (failed.channel, failed.attempt, failed.error) == ("callback", 3, "not_reached")


def test_whoever_asks_for_patience_is_tried_no_earlier() -> None:
    state = given(RECEIVED, ACCEPTED)
    patient = Outcome(error="throttled", again=True, wait=90)
    (moved,) = decide(state, tried(the_delivery(state), patient))
    assert (moved.delivery.due_at - NOON).total_seconds() == 90


def test_the_night_costs_no_try() -> None:
    state = given(RECEIVED, ACCEPTED)
    (moved,) = decide(
        state, tried(the_delivery(state), Outcome(error="quiet_hours", again=True, counted=False, wait=3600))
    )
    assert (moved.delivery.attempt, (moved.delivery.due_at - NOON).total_seconds()) == (0, 3600)


def test_messages_about_urgent_tickets_are_urgent_until_the_severity_falls() -> None:
    by = Actor(role="supervisor", id="s")
    risen = ticket.SeverityChanged(before="general", severity="urgent", by=by)
    fallen = ticket.SeverityChanged(before="urgent", severity="general", by=by, reason_code="calm")
    state = given(RECEIVED, ACCEPTED)
    for fact, urgent in ((risen, True), (fallen, False)):
        state = reduce(evolve, decide(state, PassOn(fact=fact)), state)
        (message,) = queued(state, told(RATE, event="e9"))
        assert message.urgent == urgent


def test_what_systems_subscribe_to_waits_for_them_beside_the_message() -> None:
    (queued_,) = decide(given(RECEIVED), PassOn(fact=RATE, wanted=wanted(RATE, Wanting(id="city"))))
    assert [post.subscriber for post in queued_.posts] == ["city"]
    facts = decide(given(RECEIVED), replace(told(ACCEPTED), wanted=wanted(ACCEPTED, Wanting(id="city"))))
    assert {type(fact) for fact in facts} >= {PostsQueued, MessageQueued}


LIMITED: list[tuple[Event, Wanting, bool]] = [
    (RATE, Wanting(id="w", sources=["urn:hotline:12345"]), True),
    (RATE, Wanting(id="w", sources=["urn:other"]), False),
    (RATE, Wanting(id="w", sources=[]), False),
    (RATE, Wanting(id="w", grids=["C"]), True),
    (RATE, Wanting(id="w", grids=["D", "C1"]), True),
    (RATE, Wanting(id="w", grids=["C12"]), False),
    (ACCEPTED, Wanting(id="w", sources=["urn:hotline:12345"], grids=["C1"]), True),
    (ACCEPTED, Wanting(id="w", sources=["urn:other"], grids=["C1"]), False),
]


@pytest.mark.parametrize(("fact", "wanting", "hears"), LIMITED)
def test_a_system_hears_of_its_own_tickets_and_cells_and_of_no_others(
    fact: Event, wanting: Wanting, hears: bool
) -> None:
    command = replace(told(fact), wanted=wanted(fact, wanting)) if fact is ACCEPTED else PassOn(
        fact=fact, wanted=wanted(fact, wanting)
    )  # fmt: skip
    found = decide(given(RECEIVED), command)
    assert any(isinstance(each, PostsQueued) for each in found) == hears


def test_a_request_itself_is_told_to_whose_it_is() -> None:
    mine = replace(told(RECEIVED), wanted=wanted(RECEIVED, Wanting(id="w", sources=["urn:hotline:12345"])))
    assert any(isinstance(each, PostsQueued) for each in decide(initial(NO), mine))
    another = replace(told(RECEIVED), wanted=wanted(RECEIVED, Wanting(id="w", sources=["urn:other"])))
    assert not any(isinstance(each, PostsQueued) for each in decide(initial(NO), another))


def test_what_has_overtaken_its_ticket_waits_until_it_is_known_whose_that_is() -> None:
    early = PassOn(fact=RATE, wanted=wanted(RATE, Wanting(id="w", sources=["urn:hotline:12345"])))
    with pytest.raises(TicketNotKnownYet):
        decide(initial(NO), early)
    from_before = Correspondence(id=NO, received=True)  # heard of by a version that did not note whose it is
    assert decide(from_before, early) == []


def test_a_hotline_is_told_its_own_number_and_when_the_requester_was_reached() -> None:
    handled = ticket.TicketHandled(
        assignment="a1", assignee="officer-1", assignee_kind="grid_officer", resolved="partly", on_time=True,
        unresolved_reason="long_works",
    )  # fmt: skip
    reached = dispatch.FirstContactMade(assignment="a1", assignee="officer-1", in_time=True)
    hotline = Wanting(id="kangning/main", sources=["urn:hotline:12345"], hotline=True)
    state = given(RECEIVED, ACCEPTED, PassOn(fact=reached, wanted=wanted(reached)))
    (told_,) = decide(state, PassOn(fact=handled, wanted=wanted(handled, hotline)))
    (post,) = told_.posts
    assert json.loads(post.body)["data"] == {
        "ticket": NO, "number": "1", "time": "2026-11-16T04:00:00Z", "contacted_at": "2026-11-16T04:00:00Z",
        "resolved": "partly", "unresolved_reason": "long_works", "on_time": True, "reworks": 0,
        "follows": None,
    }  # fmt: skip


def test_an_order_that_follows_another_is_told_of_that_ones_outcome() -> None:
    other = "7K3M-9QXR-2B4D-T8W0"
    joined = ticket.TicketMerged(primary=other, reason_code="same_words")
    parted = ticket.TicketUnmerged(primary=other, reason_code="another")
    hotline = Wanting(id="kangning/main", sources=["urn:hotline:12345"], hotline=True)
    (told_,) = decide(given(RECEIVED, joined), PassOn(fact=RATE, wanted=wanted(RATE, hotline)))
    assert json.loads(told_.posts[0].body)["data"]["follows"] == other
    alone = given(RECEIVED, joined, PassOn(fact=parted))
    assert alone.follows is None


def test_the_newest_version_of_a_template_is_used() -> None:
    newest = {"ticket_accepted.requester.zh": 3}
    (message,) = queued(given(RECEIVED), replace(told(ACCEPTED), newest=newest))
    assert message.template == "ticket_accepted.requester.zh.v3"
