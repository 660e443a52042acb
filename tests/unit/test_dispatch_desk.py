"""The desk names who is asked and takes work back: what follows, and what is refused; told as cases."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contracts import dispatch
from contracts.actor import Actor
from contracts.problem import Refusal
from services.dispatch import desk
from services.dispatch.case import Case
from services.dispatch.desk_guards import ORDERING
from services.dispatch.domain import decide
from services.dispatch.engine import Pool
from services.dispatch.filters import BINDING, FILTERS, OF_ORDERED, Option
from services.dispatch.records import ContractReleased, ContractReserved
from tests.unit.test_dispatch_domain import (
    ALL,
    BARBERS,
    DESK,
    ITEM,
    MONTH,
    NOON,
    OFFICER,
    TICKET,
    WINDOWS,
    accept,
    contact,
    expire,
    given,
    names,
    option,
    report,
    start,
)
from tests.unit.test_dispatch_objection import TWICE

OPERATOR = Actor(role="operator", id="desk-07")
OTHER = option("GO-2", "grid_officer")
CLAIMS = replace(ALL, item=replace(ITEM, mode="claim"))
NOBODY = Pool(place="990101001001", item=ITEM, options=[])


def order(
    kind: type[desk.AssignTicket], whom: Option | None, covers: bool = True, **said: Any
) -> desk.AssignTicket:
    told: dict[str, Any] = {
        "actor": OPERATOR, "reason_code": "knows_the_matter", "pool": ALL, "windows": WINDOWS, "at": NOON,
        "said": whom.assignee if whom else "nobody", "named": whom, "option": whom if covers else None,
    }  # fmt: skip
    return kind(**told | said)


def assign(whom: Option | None = OTHER, covers: bool = True, **said: Any) -> desk.AssignTicket:
    return order(desk.AssignTicket, whom, covers, **said)


def reassign(whom: Option | None = OTHER, covers: bool = True, **said: Any) -> desk.AssignTicket:
    return order(desk.ReassignTicket, whom, covers, **said)


def take_back(actor: Actor = OPERATOR, pool: Pool = ALL) -> desk.TakeBack:
    return desk.TakeBack(actor=actor, reason_code="sent_by_mistake", pool=pool, windows=WINDOWS, at=NOON)


HELD = (start(), accept(1, "SO-1"))
BEGUN = (*HELD, contact(1, "SO-1"))


def test_whom_the_desk_names_is_asked_instead_of_who_was_and_the_contract_is_free() -> None:
    facts = decide(given(start()), assign())
    assert names(facts) == ["AssignmentRevoked", "ContractReleased", "OfferMade"]
    revoked, freed, offer = facts
    assert (revoked.assignee, revoked.by, revoked.reason_code) == ("SO-1", OPERATOR, "knows_the_matter")
    assert freed == ContractReleased("HT-1", MONTH)
    assert (offer.assignee, offer.hop, offer.assignment) == ("GO-2", 2, f"{TICKET}.2")
    assert offer.expires_at == NOON + timedelta(days=1)


def test_the_offer_shows_who_named_him_and_whom_the_engine_would_have_asked() -> None:
    (*_, offer) = decide(given(start()), assign())
    told = offer.explanation
    assert told.ordered == dispatch.Ordered(by=OPERATOR, reason_code="knows_the_matter")
    assert [one.assignee for one in told.candidates] == ["GO-1", "CD-1"]
    assert ("SO-1", "asked_before") in [(one.assignee, one.reason) for one in told.excluded]


@pytest.mark.parametrize("pool", [CLAIMS, NOBODY])
def test_what_may_be_claimed_or_waits_for_anybody_is_assigned_as_well(pool: Pool) -> None:
    (offer,) = decide(given(start(pool)), assign())
    assert (type(offer), offer.assignee) == (dispatch.OfferMade, "GO-2")


def test_both_who_were_asked_in_an_emergency_are_told_that_it_is_another_s() -> None:
    rota = option("RO-1", "rota")
    pool = replace(
        ALL, item=replace(ITEM, kinds=("rota", "grid_officer")), options=[rota, OFFICER, OTHER, DESK]
    )
    together = given(start(pool, severity="emergency"))
    assert len(together.beside) == 1
    facts = decide(together, assign(pool=pool, whom=replace(OTHER, assignee="GO-3")))
    assert names(facts) == ["AssignmentRevoked", "AssignmentRevoked", "OfferMade"]
    state = given(start(pool, severity="emergency"), assign(pool=pool, whom=replace(OTHER, assignee="GO-3")))
    assert (state.assignee, state.beside, state.state) == ("GO-3", (), "offered")


@pytest.mark.parametrize("happened", [HELD, BEGUN])
def test_who_has_it_loses_it_to_whom_the_desk_names(happened: Any) -> None:
    facts = decide(given(*happened), reassign())
    assert names(facts) == ["AssignmentRevoked", "ContractReleased", "OfferMade"]
    state = given(*happened, reassign())
    assert (state.state, state.assignee, state.contract) == ("offered", "GO-2", None)


def test_an_organisation_that_is_named_holds_a_unit_of_its_contract() -> None:
    other = replace(BARBERS, assignee="SO-2", contract="HT-2")
    facts = decide(given(*HELD), reassign(other))
    assert facts[-2:] == [facts[-2], ContractReserved("HT-2", MONTH)]
    assert given(*HELD, reassign(other)).contract == "HT-2"


@pytest.mark.parametrize("happened", [(start(),), HELD, BEGUN])
def test_what_is_taken_back_goes_to_the_next_candidate_and_never_back(happened: Any) -> None:
    facts = decide(given(*happened), take_back())
    assert names(facts) == ["AssignmentRevoked", "ContractReleased", "OfferMade"]
    assert (facts[0].by, facts[0].reason_code) == (OPERATOR, "sent_by_mistake")
    assert facts[2].assignee == "GO-1"
    assert facts[2].explanation.ordered is None


def test_what_is_taken_back_from_the_last_candidate_goes_to_the_desk_with_an_alarm() -> None:
    only = replace(ALL, options=[BARBERS, DESK])
    facts = decide(given(start(only)), take_back(pool=only))
    assert names(facts) == ["AssignmentRevoked", "ContractReleased", "DispatchBlocked", "OfferMade"]
    assert (facts[2].reason, facts[3].assignee) == ("no_candidate", "CD-1")


def test_whom_a_desk_names_may_give_it_back_and_the_engine_goes_on() -> None:
    state = given(start(), assign(), expire(NOON + timedelta(days=1)))
    assert (state.assignee, state.hop) == ("GO-1", 3)


@pytest.mark.parametrize("name", ["lacks_skill", "not_available", "load_cap"])
def test_a_desk_may_know_better_than_a_filter_and_that_is_shown(name: str) -> None:
    changes: dict[str, Any] = {"not_available": {"available": False}, "load_cap": {"open": 10}}
    pool = replace(ALL, item=replace(ITEM, skills=frozenset(["scissors"])))
    whom = replace(
        OTHER,
        skills=frozenset() if name == "lacks_skill" else frozenset(["scissors"]),
        **changes.get(name, {}),
    )
    (*_, offer) = decide(given(start()), assign(whom, pool=pool))
    assert offer.explanation.ordered.waived == [name]


def test_a_filter_is_binding_or_may_be_waived_and_nothing_else() -> None:
    assert set(OF_ORDERED) >= set(BINDING)
    assert set(FILTERS) - set(OF_ORDERED) == {"lacks_skill", "not_available", "load_cap"}


AGAINST: dict[str, Any] = {
    "off_duty": (option("GO-2", "grid_officer"), {"on_duty": False}),
    "opted_out": (OTHER, {"opted_out": True}),
    "no_contract": (option("SO-2", "social_organization"), {}),
    "contract_expired": (BARBERS, {"assignee": "SO-2", "contract_expired": True}),
    "quota_used_up": (BARBERS, {"assignee": "SO-2", "quota_left": 0}),
}


@pytest.mark.parametrize("name", AGAINST)
def test_what_binds_the_engine_binds_the_desk(name: str) -> None:
    whom, change = AGAINST[name]
    (refusal,) = decide(given(start()), assign(replace(whom, **change)))
    assert isinstance(refusal, Refusal)
    assert (
        refusal.detail == f"{whom.assignee if not change.get('assignee') else 'SO-2'} cannot be asked: {name}"
    )


def test_the_work_fence_refuses_with_list_version_and_who_may() -> None:
    (refusal,) = decide(given(start()), assign(option("DEP-1", "department")))
    assert refusal.detail == (
        "list service_item, version 1 of haircut, allows no department; "
        "it allows social_organization, grid_officer; proposed: SO-1"
    )


def test_what_no_list_has_only_a_desk_can_have() -> None:
    fence = dispatch.Fence(lists_version=7, proposed_unit="bureau")
    unknown = replace(ALL, item=None, fence=fence)
    (refusal,) = decide(given(start(unknown)), assign(pool=unknown))
    assert "only the community desk" in refusal.detail
    assert refusal.detail.endswith("(lists version 7, proposed: bureau)")
    second = replace(DESK, assignee="CD-2")
    (*_, offer) = decide(given(start(unknown)), assign(second, pool=unknown))
    assert offer.assignee == "CD-2"


REFUSED: dict[str, tuple[Any, Case]] = {
    # guard: the order that it refuses, and the case in which it does
    "a_desk_speaks": (assign(actor=Actor(role="requester", id="r")), given(start())),
    "ordered_assignee_known": (assign(None), given(start())),
    "somebody_else": (assign(BARBERS), given(start())),
    "covers_the_place": (assign(covers=False), given(start())),
    "within_the_lists": (assign(option("DEP-1", "department")), given(start())),
    "nothing_binding": (assign(replace(OTHER, opted_out=True)), given(start())),
}
GUARDS = {guard.__name__: guard for guard in ORDERING}


@pytest.mark.parametrize("name", GUARDS)
def test_every_guard_refuses_says_why_and_what_is_allowed(name: str) -> None:
    command, state = REFUSED[name]
    (refusal,) = decide(state, command)
    assert isinstance(refusal, Refusal)
    assert refusal.detail == GUARDS[name](state, command)
    assert (refusal.status, refusal.command, refusal.state) == (409, "AssignTicket", "offered")
    assert "AssignTicket" in refusal.allowed


@pytest.mark.parametrize(
    ("command", "happened", "why"),
    [
        (assign(), HELD, "SO-1 has it already; reassign it"),
        (assign(), BEGUN, "SO-1 has it already; reassign it"),
        (reassign(), (start(),), "nobody has accepted it; assign it"),
        (reassign(), (start(CLAIMS),), "nobody has accepted it; assign it"),
        (assign(), TWICE, "whose it is, is disputed: the adjudicator rules"),
        (reassign(), TWICE, "whose it is, is disputed: the adjudicator rules"),
        (take_back(), TWICE, "whose it is, is disputed: the adjudicator rules"),
        (take_back(), (start(NOBODY),), "the dispatch is blocked: nobody has or awaits it"),
        (take_back(), (*BEGUN, report(1, "SO-1")), "the dispatch is done: nobody has or awaits it"),
        (assign(), (*BEGUN, report(1, "SO-1")), "the dispatch is done: nobody has or awaits it"),
        (
            take_back(Actor(role="assignee", id="SO-1")),
            HELD,
            "this is not for a assignee; it is for: operator, supervisor",
        ),
    ],
)
def test_an_order_that_does_not_fit_is_refused_and_changes_nothing(
    command: Any, happened: Any, why: str
) -> None:
    (refusal,) = decide(given(*happened), command)
    assert isinstance(refusal, Refusal)
    assert refusal.detail == why


@pytest.mark.parametrize("command", [assign(), reassign(), take_back()])
def test_an_order_about_a_ticket_that_nobody_knows_is_refused(command: Any) -> None:
    (refusal,) = decide(Case(id=TICKET), command)
    assert (refusal.status, refusal.problem) == (404, "unknown-ticket")
