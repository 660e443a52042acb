"""Simulated people decide by seed alone."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from cli.demo.stage import told
from cli.demo.whim import ANSWERS, World
from contracts import dispatch, evaluation, intake, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import Event, publisher_of, type_of
from contracts.numbering import ticket_number

NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
WORLD = World(1, ("G1", "G2"), ("noise", "trees"))
NUMBERS = [ticket_number("/hotline/12345", str(n)) for n in range(400)]
EXPLANATION = dispatch.Explanation(place="G1", kinds=["rota"], candidates=[])


def fact(event: Event, no: str = NUMBERS[0], number: int = 1) -> CloudEvent[Any]:
    publisher = publisher_of(type(event))
    return CloudEvent(
        specversion="1.0", id=f"{no}.{publisher}.{number}", source=f"urn:fengge:{publisher}",
        type=type_of(type(event)), time=NOON, data=event, partitionkey=no, sequence=str(number),
    )  # fmt: skip


def offer(kind: Any, hop: int = 1) -> dispatch.OfferMade:
    return dispatch.OfferMade(
        assignment=f"a.{hop}", assignee="P1", kind=kind, hop=hop, expires_at=NOON, explanation=EXPLANATION
    )


def received(**about: Any) -> ticket.TicketReceived:
    return ticket.TicketReceived(
        source="/x", external_id="1", channel="resident", severity="general", **about
    )


def test_the_same_fact_has_the_same_answers_at_any_time_in_any_order() -> None:
    facts = [fact(offer("party_member"), no) for no in NUMBERS]
    assert [WORLD.answers(each) for each in facts] == [
        *reversed([WORLD.answers(each) for each in reversed(facts)])
    ]


def test_another_seed_is_another_day() -> None:
    facts = [fact(offer("party_member"), no) for no in NUMBERS]
    other = World(2, WORLD.grids, WORLD.categories)
    assert [WORLD.answers(each) for each in facts] != [other.answers(each) for each in facts]


def test_a_second_telling_carries_the_same_id_and_time() -> None:
    asked = fact(offer("rota"))
    (answer,) = WORLD.answers(asked)
    assert told(asked, 0, answer) == told(asked, 0, answer)
    assert told(asked, 0, answer).id == f"{asked.id}.answer.0"


def test_tickets_of_others_are_left_alone_and_ours_keep_their_dice_under_any_number() -> None:
    asked = [fact(offer("property_company"), no) for no in NUMBERS[:2]]
    named = World(1, WORLD.grids, WORLD.categories, names={NUMBERS[0]: NUMBERS[5]})
    assert named.answers(asked[1]) == []
    assert [each.after for each in named.answers(asked[0])] == [
        each.after for each in WORLD.answers(fact(offer("property_company"), NUMBERS[5]))
    ]


def test_every_kind_accepts_most_offers_and_the_desk_all() -> None:
    for kind in ANSWERS:
        answers = [WORLD.answers(fact(offer(kind), no)) for no in NUMBERS]
        said = Counter(a[0].event.answer if a else "ignored" for a in answers)  # type: ignore[attr-defined]
        assert said["accept"] > len(NUMBERS) / 2
        assert kind != "community_desk" or said["accept"] == len(NUMBERS)


def test_a_return_names_its_code() -> None:
    answers = [WORLD.answers(fact(offer("property_company"), no)) for no in NUMBERS]
    said = [answer[0].event for answer in answers if answer]
    assert all(
        (each.return_code is not None) == (each.answer == "return")
        for each in said
        if isinstance(each, intake.OfferAnswered)
    )


def test_the_desk_finds_out_only_what_is_missing() -> None:
    assert WORLD.answers(fact(received(category="noise", grid="G9"))) == []
    assert WORLD.answers(fact(received(category="120"))) == []
    (answer,) = WORLD.answers(fact(received(category="noise")))
    assert isinstance(answer.event, intake.RequestTriaged)
    assert (answer.event.category, answer.event.grid in WORLD.grids) == ("noise", True)
    events = [type(WORLD.answers(fact(received(), no))[0].event) for no in NUMBERS]
    assert 0 < events.count(intake.RequestDeclined) < events.count(intake.RequestTriaged)


def test_who_takes_a_request_back_gets_no_call() -> None:
    held = dispatch.AssignmentAccepted(assignment="a", assignee="P1", kind="rota", hop=1, contact_due_at=NOON)
    cancelled = [no for no in NUMBERS if WORLD.cancels(no)]
    assert 0 < len(cancelled) < len(NUMBERS) / 10
    for no in NUMBERS:
        (answer,) = WORLD.answers(fact(held, no))
        expected = intake.RequestCancelled if no in cancelled else intake.FirstContactLogged
        assert isinstance(answer.event, expected)


def test_some_residents_stay_silent_and_the_unhappy_say_why() -> None:
    asked = [
        WORLD.answers(fact(evaluation.RatingRequested(round=1, window_ends_at=NOON), no)) for no in NUMBERS
    ]
    given = [answer[0].event for answer in asked if answer]
    assert 0 < len(asked) - len(given) < len(asked) / 2
    for each in given:
        assert isinstance(each, intake.RatingGiven)
        assert (each.reason is not None) == each.satisfaction.endswith("dissatisfied")
