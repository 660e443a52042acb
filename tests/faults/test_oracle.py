"""The oracle itself: it passes what is whole and names what is lost, doubled, reordered or astray."""

from dataclasses import replace

from tests.faults.oracle import Evidence, Fact, Input, Parked, Verdict, judge

REQUEST = Input("urn:drill", "request-1", "T-1")
ANSWER = Input("urn:drill", "T-1.dispatch.1.answer", "T-1")
FACTS = [
    Fact("ticket", "T-1", 1, "TicketReceived", "request-1"),
    Fact("ticket", "T-1", 2, "TicketAccepted", "request-1"),
    Fact("dispatch", "T-1", 1, "OfferMade", "T-1.ticket.2"),
    Fact("dispatch", "T-1", 2, "AssignmentAccepted", "T-1.dispatch.1.answer"),
]
WHOLE = Evidence(
    inputs=[REQUEST, ANSWER],
    published=FACTS,
    history=FACTS,
    positions={
        ("dispatch", "ticket", "T-1"): 2,
        ("evaluation", "ticket", "T-1"): 2,
        ("notification", "ticket", "T-1"): 2,
        ("gateway", "ticket", "T-1"): 2,
        ("ticket", "dispatch", "T-1"): 2,
        ("evaluation", "dispatch", "T-1"): 2,
        ("notification", "dispatch", "T-1"): 2,
        ("gateway", "dispatch", "T-1"): 2,
    },
    letters_sent=["T-1.ticket.2.requester"],
    letters_received=["T-1.ticket.2.requester"],
    pages=["T-1.dispatch.1.assignee"],
)


def but(**changes: object) -> Verdict:
    return judge(replace(WHOLE, **changes))  # type: ignore[arg-type]


def test_what_is_whole_passes() -> None:
    verdict = judge(WHOLE)
    assert verdict.passed, str(verdict)
    assert (verdict.inputs, verdict.parked) == (2, 0)


def test_an_input_without_effect_is_lost() -> None:
    verdict = but(inputs=[*WHOLE.inputs, Input("urn:drill", "request-2", "T-2")])
    assert verdict.lost == ["request-2 has neither effect nor parked record"]
    assert "accepted 3 is not effected 2 + parked 0" in verdict.wrong


def test_an_input_that_is_parked_or_refused_is_accounted_for() -> None:
    more = [Input("urn:drill", "a"), Input("urn:drill", "b"), Input("", "", digest="d1")]
    parked = [Parked("ticket", "urn:drill", "a", "d0"), Parked("ticket", "unreadable:gov", "x", "d1")]
    verdict = but(inputs=[*WHOLE.inputs, *more], parked=parked, refused=["b"])
    assert verdict.passed, str(verdict)
    assert verdict.parked == 2


def test_an_input_with_two_outcomes_is_doubled() -> None:
    assert but(refused=["request-1"]).doubled
    assert but(parked=[Parked("ticket", "urn:drill", "request-1")]).doubled
    assert but(refused=["request-1", "request-1"]).doubled


def test_an_effect_that_happened_twice_is_doubled() -> None:
    again = Fact("ticket", "T-1", 3, "TicketReceived", "request-1")
    positions = {key: 3 if key[1] == "ticket" else end for key, end in WHOLE.positions.items()}
    verdict = but(published=[*FACTS, again], history=[*FACTS, again], positions=positions)
    assert not verdict.lost
    assert len(verdict.doubled) == 1


def test_a_fact_that_is_published_or_recorded_again_is_doubled() -> None:
    assert but(published=[*FACTS, FACTS[2]]).doubled == ["dispatch 1 of T-1 is in published again"]
    assert but(history=[*FACTS, FACTS[2]]).doubled == ["dispatch 1 of T-1 is in history again"]


def test_facts_out_of_order_are_reordered() -> None:
    assert but(published=[FACTS[1], FACTS[0], *FACTS[2:]]).reordered
    assert but(history=[FACTS[1], FACTS[0], *FACTS[2:]]).reordered


def test_a_gap_is_lost() -> None:
    assert "ticket 1 of T-1 is missing in history" in but(history=FACTS[1:]).lost
    assert "ticket 1 of T-1 is missing in published" in but(published=FACTS[1:]).lost


def test_a_fact_that_nobody_recorded_is_lost_unless_it_is_held() -> None:
    assert but(history=FACTS[:3]).lost == ["dispatch 2 of T-1 is not in the history"]
    positions = {**WHOLE.positions, ("ticket", "dispatch", "T-1"): 1}
    held = frozenset({("ticket", "dispatch", "T-1", 2)})
    assert but(history=FACTS[:3], positions=positions, held=held).passed


def test_a_service_that_stopped_listening_has_lost_what_came_after() -> None:
    positions = {**WHOLE.positions, ("evaluation", "dispatch", "T-1"): 1}
    assert but(positions=positions).lost == ["evaluation never heard dispatch 2 of T-1"]


def test_letters_arrive_once_unless_a_repeat_is_allowed() -> None:
    key = WHOLE.letters_sent[0]
    assert but(letters_received=[]).lost == [f"letter {key} never arrived"]
    twice = replace(WHOLE, letters_received=[key, key])
    assert judge(twice).doubled == [f"letter {key} arrived 2 times"]
    assert judge(twice, repeated_letters=1).passed


def test_a_page_is_shown_once() -> None:
    assert but(pages=[*WHOLE.pages, *WHOLE.pages]).doubled


def test_what_lies_about_and_a_broken_chain_do_not_pass() -> None:
    assert not but(stray=["3 messages lie in ticket.0"]).passed
    assert not but(chain="a row was removed").passed
