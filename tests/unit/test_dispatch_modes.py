"""How people are asked: one by one, all at once, or two together; given what happened, when, then."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contracts import dispatch
from contracts.problem import Refusal
from services.dispatch import commands
from services.dispatch.case import Case
from services.dispatch.domain import decide, evolve, initial
from services.dispatch.engine import Pool
from services.dispatch.filters import Option
from services.dispatch.records import ContractReserved
from tests.unit.test_dispatch_domain import (
    DESK,
    ITEM,
    MONTH,
    NOON,
    TICKET,
    WINDOWS,
    accept,
    ask_next,
    contact,
    expire,
    give_back,
    given,
    names,
    option,
    report,
    start,
)

HOURS = timedelta(hours=1)
TIMES = replace(
    WINDOWS,
    by_mode={
        "sequential": {"emergency": 600, "urgent": 7200, "general": 86400},
        "claim": {"emergency": 300, "urgent": 600, "general": 7200},
    },
)
MEMBERS = [option(f"PM-{n}", "party_member") for n in range(3)]
ERRAND = replace(ITEM, category="shopping", mode="claim", kinds=("party_member",))
CLAIMABLE = Pool(place="990101001001", item=ERRAND, options=[*MEMBERS, DESK])
DUTY, OFFICER = option("RO-1", "rota"), option("GO-1", "grid_officer")
GAS = replace(ITEM, category="gas_alarm", mode="direct", kinds=("rota", "grid_officer", "department"))
ALARM = Pool(place="990101001001", item=GAS, options=[DUTY, OFFICER, option("DEP", "department"), DESK])


def opened(pool: Pool = CLAIMABLE, severity: str = "general") -> commands.StartDispatch:
    return replace(start(pool, severity), windows=TIMES)


def claim(who: Option | None = MEMBERS[1], hop: int = 1, **said: Any) -> commands.ClaimOffer:
    told: dict[str, Any] = {"open_claims": 0, "at": NOON, "pool": CLAIMABLE} | said
    return commands.ClaimOffer(
        assignment=f"{TICKET}.{hop}", assignee=who.assignee if who else "stranger", option=who,
        windows=TIMES, **told,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "severity", "span"),
    [
        ("direct", "emergency", 300), ("direct", "urgent", 1800), ("direct", "general", 86400),
        ("sequential", "emergency", 600), ("sequential", "urgent", 7200), ("sequential", "general", 86400),
    ],
)  # fmt: skip
def test_each_way_of_asking_has_its_time_and_then_the_next_is_asked(
    mode: str, severity: str, span: int
) -> None:
    pool = Pool(place="c", item=replace(GAS, mode=mode, kinds=("department",)), options=[
        option("A", "department"), option("B", "department"), DESK])  # fmt: skip
    offer = decide(initial(TICKET), opened(pool, severity))[-1]
    assert (offer.mode, offer.assignee, offer.expires_at) == (mode, "A", NOON + timedelta(seconds=span))
    state = given(opened(pool, severity))
    facts = decide(state, replace(expire(offer.expires_at, pool), windows=TIMES))
    assert names(facts) == ["OfferExpired", "OfferMade"]
    assert [one.assignee for one in facts] == ["A", "B"]


def test_what_all_may_claim_is_had_by_the_first_valid_claim_and_the_others_are_told() -> None:
    facts = decide(initial(TICKET), opened())
    assert names(facts) == ["Asked", "DispatchStarted", "ClaimOpened"]
    assert facts[2].expires_at == NOON + 2 * HOURS
    state = given(opened())
    taken = decide(state, claim())
    assert names(taken) == ["Claimed", "AssignmentAccepted", "Awaited"]
    state = given(opened(), claim())
    assert (state.state, state.assignee, state.claimed) == ("accepted", "PM-1", True)
    (late,) = decide(state, claim(MEMBERS[0]))
    assert isinstance(late, Refusal)
    assert late.detail == "somebody was faster"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (claim(None), "stranger does not cover this place"),
        (
            claim(option("GO", "grid_officer")),
            "GO cannot be asked: outside_fence (list service_item, shopping version 1: party_member)",
        ),
        (claim(replace(MEMBERS[0], opted_out=True)), "PM-0 cannot be asked: opted_out"),
        (claim(replace(MEMBERS[0], open=10)), "PM-0 cannot be asked: load_cap"),
        (claim(open_claims=3), "PM-1 has 3 open claims already; finish one first"),
        (claim(at=NOON + 3 * HOURS), "the time to claim it is over"),
        (claim(hop=2), "it is not to be claimed now"),
    ],
)
def test_a_claim_that_does_not_hold_is_refused_and_the_ticket_stays_claimable(
    said: commands.ClaimOffer, why: str
) -> None:
    (refused,) = decide(given(opened()), said)
    assert isinstance(refused, Refusal)
    assert refused.detail == why
    assert names(decide(given(opened()), claim(MEMBERS[2])))[0] == "Claimed"


def test_who_claims_and_does_not_call_loses_it_to_the_next() -> None:
    state = given(opened(), claim())
    due = state.expires_at
    assert due == NOON + 24 * HOURS
    assert decide(state, expire(NOON + HOURS, CLAIMABLE)) == []
    revoked, offer = decide(state, expire(due, CLAIMABLE))
    assert (type(revoked), revoked.reason_code) == (dispatch.AssignmentRevoked, "no_first_contact")
    assert (offer.assignee, offer.hop, offer.mode) == ("PM-0", 2, "sequential")
    called = given(opened(), claim(), contact(1, "PM-1"))
    assert called.expires_at is None
    done = given(opened(), claim(), contact(1, "PM-1"), report(1, "PM-1"))
    assert (done.state, done.claimed) == ("done", False)


def test_what_nobody_claims_is_offered_to_one_after_the_other() -> None:
    (offer,) = decide(given(opened()), expire(NOON + 2 * HOURS, CLAIMABLE))
    assert (offer.assignee, offer.hop) == ("PM-0", 2)


def test_a_claim_holds_a_unit_of_the_contract_and_a_graver_ticket_waits_less() -> None:
    advice = replace(ERRAND, kinds=("social_organization",))
    firm = option("SO-1", "social_organization", "HT-1")
    pool = replace(CLAIMABLE, item=advice, options=[firm, DESK])
    assert decide(given(opened(pool)), claim(firm, pool=pool))[-1] == ContractReserved("HT-1", MONTH)
    graver = commands.ChangeSeverity(severity="emergency", windows=TIMES, at=NOON)
    state = given(opened(), graver)
    assert state.expires_at == NOON + timedelta(minutes=5)


def test_a_withdrawn_ticket_can_no_longer_be_claimed() -> None:
    state = given(opened(), commands.WithdrawAssignment(reason="ticket_cancelled"))
    assert state.state == "ended"
    (refused,) = decide(state, claim())
    assert isinstance(refused, Refusal)


def emergency(*happened: Any) -> Case:
    return given(opened(ALARM, "emergency"), *happened)


def test_in_an_emergency_who_is_on_duty_and_the_officer_are_asked_at_once() -> None:
    facts = decide(initial(TICKET), opened(ALARM, "emergency"))
    assert [(one.assignee, one.hop) for one in facts if isinstance(one, dispatch.OfferMade)] == [
        ("RO-1", 1), ("GO-1", 2),
    ]  # fmt: skip
    urgent = decide(initial(TICKET), opened(ALARM, "urgent"))
    assert names(urgent).count("OfferMade") == 1


@pytest.mark.parametrize(("first", "hop", "other"), [("RO-1", 1, "GO-1"), ("GO-1", 2, "RO-1")])
def test_the_first_who_accepts_leads_and_the_other_is_told(first: str, hop: int, other: str) -> None:
    taken, _, withdrawn = decide(emergency(), accept(hop, first))
    assert (taken.assignee, withdrawn.assignee, withdrawn.reason) == (first, other, "somebody_else_leads")
    state = emergency(accept(hop, first))
    assert (state.state, state.assignee, state.beside) == ("accepted", first, ())
    (refused,) = decide(state, accept(3 - hop, other))
    assert isinstance(refused, Refusal)
    assert names(decide(state, contact(hop, first))) == ["FirstContactMade"]


@pytest.mark.parametrize(("who", "hop", "other"), [("RO-1", 1, "GO-1"), ("GO-1", 2, "RO-1")])
def test_who_returns_it_leaves_the_other_asked(who: str, hop: int, other: str) -> None:
    (returned,) = decide(emergency(), give_back(hop, who, ALARM))
    assert isinstance(returned, dispatch.AssignmentReturned)
    state = emergency(give_back(hop, who, ALARM))
    assert (state.state, state.assignee, state.beside) == ("offered", other, ())


@pytest.mark.parametrize("on", [expire(NOON + HOURS, ALARM), ask_next(NOON + HOURS, ALARM)])
def test_where_neither_answers_both_offers_end_and_the_next_is_asked(on: Any) -> None:
    facts = decide(emergency(), on)
    assert names(facts) == ["OfferExpired", "OfferExpired", "OfferMade"]
    assert (facts[2].assignee, facts[2].hop) == ("DEP", 3)


def test_a_cancelled_emergency_is_withdrawn_from_both() -> None:
    withdraw = commands.WithdrawAssignment(reason="ticket_cancelled")
    assert names(decide(emergency(), withdraw)) == ["AssignmentWithdrawn", "AssignmentWithdrawn"]
    state = emergency()
    for fact in decide(state, withdraw):
        state = evolve(state, fact)
    assert (state.state, state.beside) == ("ended", ())
