"""When the requester is asked, what is an answer, and what remains without one."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from msgspec.structs import replace

from contracts import dispatch, evaluation, ticket
from contracts.actor import Actor
from contracts.event import Event
from contracts.intake import RatingGiven
from contracts.problem import Refusal
from services.evaluation.case import Case, Proof
from services.evaluation.domain import ExpireRating, Observe, RequesterAsked, decide, evolve, initial
from services.evaluation.rating import Limits, TakeRating

NO = "7K3M-9QXR-2B4D-T8WZ"
NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
WEEK = 7 * 86_400.0

RECEIVED = ticket.TicketReceived(
    source="urn:hotline:12345", external_id="1", channel="hotline_12345", severity="general"
)
ACCEPTED = ticket.TicketAccepted(
    category="elderly_care", severity="urgent", grid="C1", channel="hotline_12345", source="urn:hotline:12345"
)
OFFERED = dispatch.OfferMade(
    assignment="a1", assignee="officer-1", kind="grid_officer", hop=1, expires_at=NOON,
    explanation=dispatch.Explanation(place="code", kinds=["grid_officer"], candidates=[]),
)  # fmt: skip
TAKEN = dispatch.AssignmentAccepted(
    assignment="a1", assignee="officer-1", kind="grid_officer", hop=1, unit="C1",
    contact_due_at=NOON + timedelta(hours=2),
)  # fmt: skip
HANDLED = ticket.TicketHandled(
    assignment="a1", assignee="officer-1", assignee_kind="grid_officer", resolved="yes", on_time=True
)
DONE = dispatch.AssignmentDone(assignment="a1", assignee="officer-1", kind="grid_officer", resolved="yes")
VERIFIED = ticket.TicketVerified(by="rule")
REOPENED = ticket.TicketReopened(reworks=1, resolved="no", satisfaction="dissatisfied")


def told(fact: Any, at: datetime = NOON) -> Observe:
    return Observe(fact=fact, happened_at=at, now=at, window=WEEK)


def rating(resolved: Any = "yes", satisfaction: Any = "satisfied", reason: str | None = None) -> TakeRating:
    said = RatingGiven(ticket=NO, resolved=resolved, satisfaction=satisfaction, reason=reason)
    limits = Limits(attempts=5, seconds=3600, locks=3)
    return TakeRating(said=said, at=NOON, limits=limits, proof=Proof(way="trusted"))


def after(case: Case, command: Any) -> Case:
    return reduce(evolve, (fact for fact in decide(case, command) if not isinstance(fact, Refusal)), case)


def given(*commands: Any) -> Case:
    """The case after these facts and commands, in order."""
    return reduce(after, (told(item) if isinstance(item, Event) else item for item in commands), initial(NO))


ASKED = (RECEIVED, ACCEPTED, OFFERED, TAKEN, HANDLED, VERIFIED)


def test_a_verified_ticket_is_asked_about_for_seven_days() -> None:
    case = given(RECEIVED, ACCEPTED, OFFERED, TAKEN, HANDLED)
    assert decide(case, told(VERIFIED)) == [
        RequesterAsked(NOON),
        evaluation.RatingRequested(round=1, window_ends_at=NOON + timedelta(days=7)),
    ]


def test_the_answer_says_whose_work_it_is_about() -> None:
    assert decide(given(*ASKED), rating("partly", "basically_satisfied")) == [
        evaluation.RatingSubmitted(
            round=1, resolved="partly", satisfaction="basically_satisfied", assignee="officer-1",
            assignee_kind="grid_officer",
        )
    ]  # fmt: skip


def test_a_dissatisfied_requester_need_not_give_a_reason() -> None:
    (fact,) = decide(given(*ASKED), rating("no", "very_dissatisfied"))
    assert isinstance(fact, evaluation.RatingSubmitted)
    assert fact.reason is None


def test_a_reason_is_passed_on() -> None:
    (fact,) = decide(given(*ASKED), rating("no", "dissatisfied", "came_late"))
    assert fact.reason == "came_late"


def test_a_rating_of_an_unknown_ticket_is_refused() -> None:
    (refusal,) = decide(initial(NO), rating())
    assert (refusal.problem, refusal.status) == ("unknown-ticket", 404)


@pytest.mark.parametrize(
    ("history", "state", "move"),
    [
        ((RECEIVED,), "none", "RatingRequested"),
        ((*ASKED, rating()), "rated", "TicketReopened"),
        ((*ASKED, ExpireRating()), "unrated", "TicketClosed"),
        ((*ASKED, rating(), ticket.TicketClosed(rated=True)), "closed", "TicketReopened"),
        ((RECEIVED, ticket.TicketCancelled(reason_code="solved")), "closed", "TicketReopened"),
    ],
)
def test_a_rating_that_nobody_asked_for_is_refused_with_the_allowed_moves(
    history: tuple[Any, ...], state: str, move: str
) -> None:
    case = given(*history)
    (refusal,) = decide(case, rating())
    assert (refusal.status, refusal.state) == (409, state)
    assert move in refusal.allowed
    assert after(case, rating()) == case


def test_a_window_without_an_answer_ends_unrated_and_with_no_default() -> None:
    case = given(*ASKED)
    assert decide(case, ExpireRating()) == [evaluation.RatingExpired(round=1)]
    unrated = after(case, ExpireRating())
    assert (unrated.state, unrated.satisfaction, unrated.resolved) == ("unrated", None, None)


def test_a_window_that_was_answered_in_time_does_not_end_once_more() -> None:
    assert decide(given(*ASKED, rating()), ExpireRating()) == []


def test_a_reopened_ticket_is_asked_about_in_a_second_round_that_starts_without_an_answer() -> None:
    case = given(*ASKED, rating("no", "dissatisfied"), REOPENED)
    assert (case.state, case.satisfaction, case.reworks) == ("none", None, 1)
    verified_again = told(ticket.TicketVerified(by="rule", reworks=1))
    _, asked = decide(case, verified_again)
    assert asked.round == 2
    (answer,) = decide(after(case, verified_again), rating())
    assert answer.round == 2


@pytest.mark.parametrize(
    ("end", "ended"),
    [
        (ticket.TicketCancelled(reason_code="solved"), "cancelled"),
        (ticket.TicketDeclined(reason_code="court", statutory_path="court", by="desk"), "declined"),
        (ticket.TicketTransferred(line="119", reason_code="fire"), "transferred"),
    ],
)
def test_a_ticket_that_ends_early_is_closed_without_a_rating(end: Event, ended: str) -> None:
    case = given(RECEIVED, end)
    assert (case.state, case.ended, case.satisfaction) == ("closed", ended, None)


def test_who_objects_to_a_decline_in_time_is_asked_in_the_end() -> None:
    declined = ticket.TicketDeclined(reason_code="court", statutory_path="court", by="desk")
    objected = ticket.DeclineObjected(by=Actor(role="requester", id="requester"), at=NOON)
    case = given(RECEIVED, declined, objected)
    assert (case.state, case.ended) == ("none", None)
    assert given(RECEIVED, declined, objected, ACCEPTED, TAKEN, HANDLED, VERIFIED).state == "asked"


def test_the_severity_is_the_last_one_and_the_contact_is_due_earlier_by_it() -> None:
    operator = Actor(role="operator", id="desk")
    graver = ticket.SeverityChanged(before="general", severity="emergency", by=operator)
    hastened = dispatch.ResponseHastened(
        assignment="a1", assignee="officer-1", kind="grid_officer", severity="emergency",
        contact_due_at=NOON + timedelta(minutes=1),
    )  # fmt: skip
    case = given(RECEIVED, ACCEPTED, TAKEN, graver, hastened)
    assert (case.severity, case.contact_due_at) == ("emergency", NOON + timedelta(minutes=1))
    offer_only = dispatch.ResponseHastened(
        assignment="a1", assignee="officer-1", kind="grid_officer", severity="emergency", expires_at=NOON
    )
    assert given(RECEIVED, ACCEPTED, TAKEN, offer_only).contact_due_at == TAKEN.contact_due_at


def test_facts_of_dispatch_may_come_before_those_of_the_ticket() -> None:
    case = given(TAKEN, RECEIVED, ACCEPTED, HANDLED, VERIFIED)
    assert (case.state, case.assignee, case.unit, case.severity) == ("asked", "officer-1", "C1", "urgent")


def test_returns_expiries_and_hops_are_counted() -> None:
    returned = dispatch.AssignmentReturned(
        assignment="a1", assignee="officer-1", kind="grid_officer", hop=1, code="capacity"
    )
    expired = dispatch.OfferExpired(assignment="a2", assignee="officer-2", kind="grid_officer", hop=2)
    third = dispatch.AssignmentAccepted(
        assignment="a3", assignee="desk", kind="community_desk", hop=3, contact_due_at=NOON
    )
    case = given(RECEIVED, ACCEPTED, OFFERED, returned, expired, third)
    assert (case.returns, case.expiries, case.hops, case.assignee) == (1, 1, 3, "desk")


@pytest.mark.parametrize(
    ("kind", "code", "counted"),
    [
        ("party_member", "capacity", 0),
        ("volunteer_team", "capacity", 0),
        ("party_member", "not_our_duty", 1),
        ("social_organization", "capacity", 1),
    ],
)
def test_volunteers_who_have_no_time_are_not_blamed(kind: Any, code: Any, counted: int) -> None:
    returned = dispatch.AssignmentReturned(assignment="a1", assignee="officer-1", kind=kind, hop=1, code=code)
    assert given(RECEIVED, ACCEPTED, OFFERED, returned).returns == counted


def test_the_first_contact_stays_the_first() -> None:
    late = dispatch.FirstContactMade(assignment="a1", assignee="officer-1", in_time=False)
    again = dispatch.FirstContactMade(assignment="a1", assignee="officer-1", in_time=True)
    assert given(RECEIVED, TAKEN, late, again).contacted_in_time is False


def test_a_contact_not_due_when_the_requester_cancels_never_will_be() -> None:
    cancelled = ticket.TicketCancelled(reason_code="solved")
    assert given(RECEIVED, TAKEN, cancelled).contact_due_at is None
    missed = given(RECEIVED, TAKEN, told(cancelled, NOON + timedelta(hours=3)))
    assert missed.contact_due_at == TAKEN.contact_due_at


def test_a_rework_in_time_does_not_wipe_out_the_old_breach() -> None:
    late = ticket.TicketHandled(
        assignment="a1", assignee="officer-1", assignee_kind="grid_officer", resolved="yes", on_time=False
    )
    assert given(RECEIVED, late, VERIFIED, rating("no"), REOPENED, HANDLED).on_time is False


def test_a_follower_is_asked_with_its_primary_and_no_more_when_it_is_parted() -> None:
    asked = given(RECEIVED, HANDLED, VERIFIED)
    assert (asked.state, asked.round) == ("asked", 1)
    parted = after(asked, told(ticket.TicketUnmerged(primary=NO, reason_code="another_lamp")))
    assert (parted.state, parted.assignee, parted.on_time, parted.ended) == ("none", None, None, None)
    assert given(RECEIVED, HANDLED, VERIFIED, rating("no"), REOPENED, HANDLED, VERIFIED).state == "asked"


def test_nobody_is_asked_about_a_part_of_another_ticket() -> None:
    part = given(
        RECEIVED, HANDLED, ticket.TicketVerified(by="rule", asked=False), ticket.TicketClosed(rated=False)
    )
    assert (part.state, part.round, part.on_time) == ("closed", 0, True)


def test_the_contract_of_the_work_done_is_known_until_somebody_else_takes_it() -> None:
    bought = replace(DONE, contract="HT-1")
    done = given(RECEIVED, TAKEN, bought, HANDLED, VERIFIED)
    assert done.contract == "HT-1"
    # a rework uses up no second unit, and so its fact names no contract
    assert (
        after(after(after(done, rating("no", "dissatisfied")), told(REOPENED)), told(DONE)).contract == "HT-1"
    )
    assert after(done, told(TAKEN)).contract is None
    assert after(done, told(ticket.TicketUnmerged(primary=NO, reason_code="another_lamp"))).contract is None
