"""The life of a ticket: given what it has been through, when a command comes, then these facts follow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts import dispatch, evaluation, ticket
from contracts.actor import Actor
from contracts.event import Event, publisher_of
from contracts.intake import Requester, RequestSubmitted
from contracts.problem import Refusal
from contracts.worktime import Calendar
from services.ticket.commands import (
    CancelTicket,
    DeclineTicket,
    Observe,
    RegisterRequest,
    RingAlarm,
    Rule,
    TriageTicket,
)
from services.ticket.domain import decide
from services.ticket.life import MOVES, RequestRecorded, Ticket, evolve, initial
from services.ticket.moves import allowed

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
BY_SEVERITY = {"emergency": "10min", "urgent": "20min", "general": "30min"}
RULES = {
    **{name: Rule(name, 3, BY_SEVERITY) for name in ("triage", "handling", "rework")},
    "emergency_lines": Rule("emergency_lines", 1, {"119": "119"}),
    "reworks_at_most": Rule("reworks_at_most", 1, {"reworks": 2}),
    "escalation": Rule("escalation", 1, {"emergency": "30min", "urgent": "1h", "general": "2h"}),
    "verifier": Rule("verifier", 1, dict.fromkeys(BY_SEVERITY, "rule")),
    "supervision": Rule("supervision", 1, {"returns": 3, "reworks": 3}),
    "objection": Rule("objection", 1, {"emergency": "4h", "urgent": "4h", "general": "1wd"}),
}
PLAIN = Calendar()
WHO: dict[str, Any] = {"assignment": "a1", "assignee": "li", "kind": "grid_officer"}
ACCEPTED = dispatch.AssignmentAccepted(**WHO, hop=1, contact_due_at=NOW)
CONTACTED = dispatch.FirstContactMade(assignment="a1", assignee="li", in_time=True)
DONE = dispatch.AssignmentDone(**WHO, resolved="yes")
STARTED = dispatch.DispatchStarted(
    category="lighting", grid="g1", catalogue="duty", catalogue_version=1, mode="direct"
)
RETURNED = dispatch.AssignmentReturned(**WHO, hop=1, code="capacity")
EXPIRED = dispatch.OfferExpired(**WHO, hop=1)
HAPPY = evaluation.RatingSubmitted(round=1, resolved="yes", satisfaction="satisfied")
UNHAPPY = evaluation.RatingSubmitted(round=1, resolved="yes", satisfaction="dissatisfied")
UNRESOLVED = evaluation.RatingSubmitted(round=1, resolved="no", satisfaction="satisfied")
UNRATED = evaluation.RatingExpired(round=1)
OPERATOR = Actor(role="operator", id="desk")
TRIAGE = TriageTicket(
    actor=OPERATOR, category="lighting", severity="urgent", grid="g1", at=NOW, rules=RULES, calendar=PLAIN
)
DECLINE = DeclineTicket(
    reason_code="court", statutory_path="go to court", actor=Actor(role="operator", id="chen"), at=NOW
)
CANCEL = CancelTicket(reason_code="solved", confirmed=False)


def register(**said: Any) -> RegisterRequest:
    request = RequestSubmitted(
        **{"external_id": "7", "channel": "hotline_12345", "title": "路灯不亮", **said}
    )
    return RegisterRequest(source="urn:hotline", request=request, at=NOW, rules=RULES, calendar=PLAIN)


def observe(fact: Event, at: datetime = NOW) -> Observe:
    return Observe(fact=fact, at=at, rules=RULES, calendar=PLAIN)


def after(*commands: Any, state: Ticket | None = None) -> Ticket:
    state = state or initial("T")
    for command in commands:
        for fact in decide(state, command):
            assert not isinstance(fact, Refusal), fact
            state = evolve(state, fact)
    return state


def names(facts: list[Any]) -> list[str]:
    return [type(fact).__name__ for fact in facts]


RECEIVED = [register()]
TRIAGED = [*RECEIVED, TRIAGE]
DISPATCHING = [*TRIAGED, observe(STARTED)]
ASSIGNED = [*DISPATCHING, observe(ACCEPTED)]
IN_PROGRESS = [*ASSIGNED, observe(CONTACTED)]
AWAITING = [*IN_PROGRESS, observe(DONE)]
CLOSED = [*AWAITING, observe(HAPPY)]
STATES: dict[str, list[Any]] = {
    "new": [], "received": RECEIVED, "accepted": TRIAGED, "dispatching": DISPATCHING, "assigned": ASSIGNED,
    "in_progress": IN_PROGRESS, "awaiting_rating": AWAITING, "closed": CLOSED,
    "declined": [*RECEIVED, DECLINE], "cancelled": [*RECEIVED, CANCEL],
    "transferred": [register(category="119")],
}  # fmt: skip

ENDED = ("closed", "declined", "cancelled", "transferred")


@pytest.mark.parametrize("state", STATES)
def test_the_main_path_reaches_every_state(state: str) -> None:
    assert after(*STATES[state]).state == state


def test_row_1_a_request_is_received_and_has_a_deadline_for_triage() -> None:
    recorded, received, deadline = decide(initial("T"), register(requester=Requester(phone="1")))
    assert recorded.intake.requester.phone == "1"
    assert (received.external_id, received.requester_ref) == ("7", "T")
    assert received.reachable_by == ["phone"]
    assert (deadline.kind, deadline.due_at) == ("triage", NOW + timedelta(minutes=30))
    assert (deadline.policy, deadline.policy_version) == ("triage", 3)


def test_what_was_said_and_by_whom_is_in_no_published_fact() -> None:
    said = register(
        title="标题", body="正文", address="地址", requester=Requester(name="王", phone="138", email="a@b")
    )
    published = [fact for fact in decide(initial("T"), said) if not isinstance(fact, RequestRecorded)]
    assert not [word for word in ("标题", "正文", "地址", "王", "138", "a@b") if word in repr(published)]


def test_a_nameless_request_has_no_requester() -> None:
    assert decide(initial("T"), register())[1].requester_ref is None


def test_row_2_an_emergency_goes_to_its_line_at_once() -> None:
    facts = decide(initial("T"), register(category="119", grid="g1"))
    assert names(facts) == ["RequestRecorded", "TicketReceived", "TicketTransferred"]
    assert facts[-1].line == "119"


def test_row_3_a_declined_request_is_told_the_statutory_path() -> None:
    assert decide(after(*RECEIVED), DECLINE) == [
        ticket.TicketDeclined(reason_code="court", statutory_path="go to court", by="chen", at=NOW)
    ]


def test_row_6_triage_accepts_and_starts_the_clock_at_the_severity_found() -> None:
    accepted, deadline = decide(after(*RECEIVED), TRIAGE)
    assert (accepted.category, accepted.severity, accepted.grid) == ("lighting", "urgent", "g1")
    assert (deadline.kind, deadline.due_at) == ("handling", NOW + timedelta(minutes=20))


def test_row_6_a_request_that_says_all_is_accepted_as_it_comes() -> None:
    state = after(register(category="lighting", grid="g1", severity="urgent"))
    assert (state.state, state.due_at) == ("accepted", NOW + timedelta(minutes=20))


def test_rows_7_8_11_follow_the_assignment() -> None:
    state = after(*IN_PROGRESS)
    assert (state.assignment, state.assignee, state.assignee_kind) == ("a1", "li", "grid_officer")


@pytest.mark.parametrize("fact", [RETURNED, EXPIRED])
def test_row_9_a_return_is_on_record_and_the_clock_runs_on(fact: Event) -> None:
    before = after(*DISPATCHING)
    assert decide(before, observe(fact)) == [fact]
    then = evolve(before, fact)
    assert (then.state, clocks(then)) == (before.state, clocks(before))
    assert then.more.returns == (fact is RETURNED)


@pytest.mark.parametrize(("minutes", "on_time"), [(0, True), (20, True), (21, False)])
def test_rows_15_and_17_done_work_is_handled_and_verified(minutes: int, on_time: bool) -> None:
    fact, handled, verified = decide(after(*IN_PROGRESS), observe(DONE, NOW + timedelta(minutes=minutes)))
    assert fact is DONE
    assert (handled.assignee, handled.resolved, handled.on_time) == ("li", "yes", on_time)
    assert verified == ticket.TicketVerified(by="rule", reworks=0)


def test_row_18_a_happy_rating_closes() -> None:
    assert decide(after(*AWAITING), observe(HAPPY))[1:] == [
        ticket.TicketClosed(rated=True, resolved="yes", satisfaction="satisfied", at=NOW)
    ]


def test_row_18_no_rating_closes_unrated() -> None:
    assert decide(after(*AWAITING), observe(UNRATED))[1:] == [ticket.TicketClosed(rated=False, at=NOW)]


@pytest.mark.parametrize("rating", [UNHAPPY, UNRESOLVED])
def test_row_19_an_unhappy_or_unresolved_rating_reopens_twice_and_then_closes(
    rating: evaluation.RatingSubmitted,
) -> None:
    state = after(*AWAITING)
    for rework in (1, 2):
        _, reopened, deadline = decide(state, observe(rating))
        assert reopened.reworks == rework
        assert (deadline.kind, deadline.due_at) == ("rework", NOW + timedelta(minutes=20))
        state = after(observe(rating), observe(DONE), state=state)
        assert (state.state, state.reworks) == ("awaiting_rating", rework)
    assert names(decide(state, observe(rating)))[1:] == ["TicketClosed"]


def ring(minutes: float) -> RingAlarm:
    return RingAlarm(at=NOW + timedelta(minutes=minutes), rules=RULES, calendar=PLAIN)


@pytest.mark.parametrize("state", ["accepted", "dispatching", "assigned", "in_progress"])
def test_row_14_a_deadline_warns_and_is_over_once_each_whoever_holds_the_ticket(state: str) -> None:
    ticket_ = after(*STATES[state])
    assert decide(ticket_, ring(15.9)) == []
    (soon,) = decide(ticket_, ring(16))
    assert (type(soon), soon.kind, soon.due_at) == (ticket.TicketDueSoon, "handling", ticket_.due_at)
    assert soon.assignee == ticket_.assignee
    warned = evolve(ticket_, soon)
    assert decide(warned, ring(16)) == []
    over, watched = decide(warned, ring(20))
    assert isinstance(over, ticket.TicketOverdue)
    assert (watched.level, watched.reason_code) == (1, "overdue")
    assert decide(evolve(evolve(warned, over), watched), ring(1000)) == []


def test_row_14_who_looks_only_when_it_is_too_late_says_so_and_does_not_warn() -> None:
    assert names(decide(after(*RECEIVED), ring(31))) == ["TicketOverdue", "TicketSupervised"]


@pytest.mark.parametrize("state", ["awaiting_rating", *ENDED])
def test_row_14_nothing_rings_where_nothing_is_left_to_do(state: str) -> None:
    assert decide(after(*STATES[state]), ring(1000)) == []


def test_row_14_a_reopened_ticket_rings_by_its_own_deadline_only() -> None:
    later = NOW + timedelta(days=1)
    state = after(observe(UNHAPPY, later), state=after(*AWAITING))
    assert decide(state, ring(1000)) == []
    assert names(decide(state, RingAlarm(at=later + timedelta(minutes=16), rules=RULES, calendar=PLAIN))) == [
        "TicketDueSoon"
    ]


@pytest.mark.parametrize(
    "command", [CANCEL, TRIAGE, DECLINE, register(), observe(RETURNED), observe(EXPIRED)]
)
def test_no_refusal_and_no_return_sets_a_clock_anew(command: Any) -> None:
    before = replace(after(*ASSIGNED), severity="emergency")
    for fact in decide(before, command):
        if not isinstance(fact, Refusal):
            assert clocks(evolve(before, fact)) == clocks(before)


def clocks(state: Ticket) -> tuple[Any, ...]:
    return state.clock, state.due_at, state.alarm_at


@pytest.mark.parametrize("state", ["received", "accepted", "dispatching", "assigned", "in_progress"])
def test_row_21_an_open_ticket_can_be_cancelled(state: str) -> None:
    assert decide(after(*STATES[state]), CANCEL) == [ticket.TicketCancelled(reason_code="solved")]


def test_row_21_a_safety_matter_is_cancelled_only_when_confirmed() -> None:
    state = after(register(severity="emergency"))
    (refusal,) = decide(state, CANCEL)
    assert "confirmed" in refusal.detail
    assert names(decide(state, replace(CANCEL, confirmed=True))) == ["TicketCancelled"]


@pytest.mark.parametrize(
    ("state", "command"),
    [
        *((state, command) for command in (TRIAGE, DECLINE) for state in STATES if state != "received"),
        *((state, CANCEL) for state in ("new", "awaiting_rating", *ENDED)),
    ],
)  # fmt: skip
def test_an_illegal_move_is_refused_with_state_command_and_allowed_moves(state: str, command: Any) -> None:
    (refusal,) = decide(after(*STATES[state]), command)
    assert isinstance(refusal, Refusal)
    assert (refusal.state, refusal.command) == (state, type(command).__name__)
    if state == "new":
        assert (refusal.problem, refusal.status) == ("unknown-ticket", 404)
    else:
        assert refusal.allowed == allowed(state)


def test_a_resubmission_is_a_duplicate_and_a_clash_of_numbers_is_an_error() -> None:
    (refusal,) = decide(after(*RECEIVED), register())
    assert (refusal.problem, refusal.state) == ("duplicate", "received")
    with pytest.raises(ValueError, match="two requests"):
        decide(after(*RECEIVED), register(external_id="8"))


def test_what_others_publish_late_is_on_record_and_moves_nothing() -> None:
    for state in ENDED:
        for fact in (STARTED, ACCEPTED, CONTACTED, DONE, HAPPY, UNHAPPY, UNRATED):
            before = after(*STATES[state])
            assert decide(before, observe(fact)) == [fact]
            assert after(observe(fact), state=before).state == state


COMMANDS = st.sampled_from(
    [
        register(), register(category="lighting", grid="g1"), register(category="119"),
        register(severity="emergency"), TRIAGE, DECLINE, CANCEL, replace(CANCEL, confirmed=True),
        *(observe(fact) for fact in (STARTED, ACCEPTED, CONTACTED, DONE, RETURNED, EXPIRED)),
        *(observe(fact) for fact in (HAPPY, UNHAPPY, UNRESOLVED, UNRATED)),
        *(ring(minutes) for minutes in (10, 25, 40)),
    ]
)  # fmt: skip


@given(st.lists(COMMANDS, max_size=40))
def test_no_sequence_of_commands_leaves_the_table_of_moves(commands: list[Any]) -> None:
    state = initial("T")
    for command in commands:
        facts = decide(state, command)
        assert len([fact for fact in facts if isinstance(fact, Refusal)]) in (0, len(facts))
        for fact in facts:
            if isinstance(fact, Refusal):
                continue
            before, state = state, evolve(state, fact)
            legal = MOVES.get((before.state, type(fact)), before.state)
            assert state.state == legal
            if isinstance(fact, Event) and publisher_of(type(fact)) == "ticket":
                moving = type(fact) in {move for _, move in MOVES}
                assert not moving or (before.state, type(fact)) in MOVES, "our own fact was no legal move"
        assert state.reworks <= 2
        assert state.state == "new" or state.received_at is not None or isinstance(command, Observe)
