"""Whose it is, is disputed: returns, their guards, objections, rulings and what binds; told as cases."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chassis.policy import Policy
from contracts import dispatch
from contracts.actor import Actor
from contracts.problem import Refusal
from services.dispatch import commands, guards
from services.dispatch.case import Case
from services.dispatch.desk_guards import ARRIVING, ORDERING, TAKING_BACK, WHISTLING
from services.dispatch.domain import decide, evolve
from services.dispatch.engine import Pool, choose
from services.dispatch.filters import Option
from services.dispatch.guards import ACCEPTING, DISPUTING, REPORTING, RETURNING, RULING
from services.dispatch.lists import Lists
from services.dispatch.pool import Known, Place
from services.dispatch.records import ContractReleased, ContractReserved, GroundsRecorded, RulingRecorded
from services.ticket.moves import TABLE
from tests.unit.test_dispatch_domain import (
    ALL,
    BARBERS,
    ITEM,
    MONTH,
    NOON,
    OFFICER,
    TICKET,
    WINDOWS,
    accept,
    contact,
    expire,
    give_back,
    given,
    names,
    option,
    report,
    start,
)

DAY = timedelta(days=1)
ROUTING = {"routing": Policy("routing", 1, {})}
JUDGE = Actor(role="adjudicator", id="judge")
BUREAU = replace(option("DEP-1", "department"), unit="bureau")


def returned(hop: int, who: str, **said: Any) -> commands.ReturnAssignment:
    """A return with all it needs, unless `said` otherwise."""
    full = {"code": "not_our_duty", "basis": "不在清单内", "proposed_unit": "bureau"}
    command: commands.ReturnAssignment = replace(give_back(hop, who), **(full | said))
    return command


def dispute(hop: int, who: str, **said: Any) -> commands.DisputeAssignment:
    told: dict[str, Any] = {
        "code": "not_our_duty", "basis": "权责清单第三条", "basis_code": "duty-list/3", "at": NOON,
    }  # fmt: skip
    return commands.DisputeAssignment(
        assignment=f"{TICKET}.{hop}", assignee=who, proposed_unit="bureau", **(told | said)
    )


def rule(named: Option | None = BUREAU, actor: Actor = JUDGE) -> commands.RuleObjection:
    return commands.RuleObjection(
        actor=actor, said="bureau", named=named, reason_code="in_their_list", basis="清单写明", pool=ALL,
        windows=WINDOWS, at=NOON,
    )  # fmt: skip


def of_unit(state: Case) -> Case:
    return replace(state, unit="barbers")


TWICE = (start(), give_back(1, "SO-1"), give_back(2, "GO-1"))


def test_the_second_return_goes_to_an_adjudicator_and_nobody_else_is_asked() -> None:
    state = given(*TWICE[:2])
    facts = decide(state, TWICE[2])
    assert names(facts) == ["AssignmentReturned", "ObjectionOpened"]
    assert (facts[1].cause, facts[1].assignee, facts[1].code) == ("second_return", "GO-1", "capacity")
    disputed = given(*TWICE)
    assert (disputed.state, disputed.expires_at) == ("objection_open", None)
    assert decide(disputed, expire(NOON + 10 * DAY)) == []


def test_a_unit_that_disputes_has_it_ruled_at_once_and_its_words_stay_here() -> None:
    facts = decide(of_unit(given(start())), dispute(1, "SO-1"))
    assert names(facts) == ["GroundsRecorded", "AssignmentReturned", "ContractReleased", "ObjectionOpened"]
    assert facts[0].basis == "权责清单第三条"
    assert facts[2] == ContractReleased("HT-1", MONTH)
    assert (facts[3].cause, facts[3].unit, facts[3].proposed_unit) == ("dispute", "barbers", "bureau")
    assert facts[1].basis_code == facts[3].basis_code == "duty-list/3"
    published = [fact for fact in facts if not isinstance(fact, GroundsRecorded)]
    assert "权责清单" not in repr(published)


def test_an_accepted_assignment_is_disputed_as_well() -> None:
    state = of_unit(given(start(), accept(1, "SO-1")))
    assert names(decide(state, dispute(1, "SO-1")))[-1] == "ObjectionOpened"


def test_whom_the_ruling_names_has_it_at_once_and_calls_the_requester() -> None:
    state = given(*TWICE)
    facts = decide(state, rule())
    assert names(facts) == ["RulingRecorded", "ObjectionRuled", "AssignmentAccepted", "ReturnableUntil"]
    assert (facts[1].assignee, facts[1].unit, facts[1].hop, facts[1].by) == ("DEP-1", "bureau", 3, JUDGE)
    assert (facts[2].assignment, facts[2].contact_due_at) == (f"{TICKET}.3", NOON + DAY)
    bound = given(*TWICE, rule())
    assert (bound.state, bound.assignee, bound.expires_at) == ("accepted", "DEP-1", None)
    done = given(*TWICE, rule(), contact(3, "DEP-1"))
    assert names(decide(done, report(3, "DEP-1"))) == ["OutcomeRecorded", "AssignmentDone"]


def test_a_ruling_is_a_precedent_with_category_place_unit_and_basis() -> None:
    (recorded,) = (f for f in decide(given(*TWICE), rule()) if isinstance(f, RulingRecorded))
    assert (recorded.category, recorded.grid) == ("haircut", "990101001001")
    assert (recorded.assignee, recorded.unit, recorded.at) == ("DEP-1", "bureau", NOON)
    assert (recorded.basis, recorded.reason_code, recorded.by) == ("清单写明", "in_their_list", "judge")


def test_a_ruling_for_an_organisation_reserves_its_contract() -> None:
    facts = decide(given(*TWICE), rule(BARBERS))
    assert ContractReserved("HT-1", MONTH) in facts
    assert given(*TWICE, rule(BARBERS)).contract == "HT-1"


@pytest.mark.parametrize("code", guards.NOT_OURS)
def test_a_ruling_binds_and_the_refusal_says_so(code: str) -> None:
    state = given(*TWICE, rule())
    for command in (returned(3, "DEP-1", code=code), dispute(3, "DEP-1", code="outside_contract")):
        (refusal,) = decide(state, command)
        assert isinstance(refusal, Refusal)
        assert refusal.detail == "the ruling of 2026-11-21 20:00 (in_their_list) binds DEP-1"


def test_what_no_ruling_can_change_is_returned_all_the_same_and_ruled_again() -> None:
    state = given(*TWICE, rule())
    facts = decide(state, returned(3, "DEP-1", code="unsafe", basis=None))
    assert names(facts) == ["AssignmentReturned", "ObjectionOpened"]
    again = given(*TWICE, rule(), returned(3, "DEP-1", code="unsafe"), rule(OFFICER))
    assert (again.assignee, again.bound and again.bound.assignee) == ("GO-1", "GO-1")


def test_a_ruling_without_an_objection_is_refused() -> None:
    for state in (given(start()), given(*TWICE, rule())):
        (refusal,) = decide(state, rule())
        assert refusal.detail == "no objection is open"


def test_a_cancelled_ticket_is_ended_also_while_nobody_has_it() -> None:
    nobody = Pool(place="990101001001", item=ITEM, options=[])
    withdraw = commands.WithdrawAssignment(reason="ticket_cancelled")
    for state in (given(*TWICE), given(start(nobody))):
        assert names(decide(state, withdraw)) == ["CaseEnded"]
        ended = evolve(state, decide(state, withdraw)[0])
        assert (ended.state, ended.expires_at) == ("ended", None)
        assert isinstance(decide(ended, rule())[0], Refusal)
        assert decide(ended, expire(NOON + DAY)) == []


BROKEN: dict[str, tuple[Any, Case]] = {
    # guard: the command that it refuses, and the case in which it does
    "offer_live": (accept(1, "SO-1", NOON + 2 * DAY), given(start())),
    "on_duty": (replace(accept(1, "SO-1"), on_duty=False), given(start())),
    "in_return_window": (returned(1, "SO-1", at=NOON + 2 * DAY), given(start(), accept(1, "SO-1"))),
    "reason_told": (returned(1, "SO-1", code=None), given(start())),
    "basis_told": (returned(1, "SO-1", basis=None), given(start())),
    "unit_proposed": (returned(1, "SO-1", proposed_unit=None), given(start())),
    "no_ruling_against": (returned(3, "DEP-1"), given(*TWICE, rule())),
    "a_unit_speaks": (dispute(1, "SO-1"), given(start())),
    "an_adjudicator_speaks": (rule(actor=Actor(role="supervisor", id="judge")), given(*TWICE)),
    "ruled_assignee_known": (rule(None), given(*TWICE)),
    "contract_covers": (rule(option("SO-9", "social_organization")), given(*TWICE)),
    "outcome_told": (
        replace(report(1, "SO-1"), outcome=""), given(start(), accept(1, "SO-1"), contact(1, "SO-1"))
    ),
    "reason_if_unresolved": (
        replace(report(1, "SO-1"), resolved="partly"),
        given(start(), accept(1, "SO-1"), contact(1, "SO-1")),
    ),
}  # fmt: skip
GUARDS = {guard.__name__: guard for guard in (*ACCEPTING, *RETURNING, *DISPUTING, *RULING, *REPORTING)}


@pytest.mark.parametrize("name", GUARDS)
def test_every_guard_refuses_says_why_and_what_is_allowed(name: str) -> None:
    command, state = BROKEN[name]
    (refusal,) = decide(state, command)
    assert isinstance(refusal, Refusal)
    assert refusal.detail == GUARDS[name](state, command)
    assert (refusal.status, refusal.command) == (409, type(command).__name__)
    assert refusal.allowed


def test_the_tickets_table_names_the_guards_that_are_checked_here() -> None:
    named = {number: {name for row in TABLE if row.number == number for name in row.checked}
             for number in (0, 8, 9, 10, 15)}  # fmt: skip
    kept = {
        0: (*WHISTLING, *ARRIVING), 8: ACCEPTING, 9: (*RETURNING, *ORDERING, *TAKING_BACK),
        10: (*DISPUTING, *RULING), 15: REPORTING,
    }  # fmt: skip
    assert named == {number: {guard.__name__ for guard in found} for number, found in kept.items()}


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (dispute(1, "GO-1"), of_unit(given(start()))),
        (dispute(1, "SO-1"), of_unit(given(start(), accept(1, "SO-1"), contact(1, "SO-1")))),
        (returned(1, "SO-1"), given(start(), accept(1, "SO-1"), contact(1, "SO-1"))),
    ],
)
def test_who_does_not_hold_it_or_has_begun_is_refused(command: Any, state: Case) -> None:
    (refusal,) = decide(state, command)
    assert "does not hold" in refusal.detail


def test_what_is_done_again_is_not_returned() -> None:
    state = given(
        start(), accept(1, "SO-1"), contact(1, "SO-1"), report(1, "SO-1"),
        commands.ReopenAssignment(windows=WINDOWS, at=NOON),
    )  # fmt: skip
    (refusal,) = decide(state, returned(1, "SO-1"))
    assert refusal.detail == "the time to return it is over"


def changed(severity: Any, at: Any = NOON) -> commands.ChangeSeverity:
    return commands.ChangeSeverity(severity=severity, windows=WINDOWS, at=at)


def test_an_offer_stands_for_less_time_when_it_gets_graver_and_the_next_goes_by_it() -> None:
    state = given(start())
    _noted, hastened = decide(state, changed("emergency"))
    assert hastened == dispatch.ResponseHastened(
        assignment=f"{TICKET}.1", assignee="SO-1", kind="social_organization", severity="emergency",
        expires_at=NOON + timedelta(minutes=5),
    )  # fmt: skip
    graver = given(start(), changed("emergency"))
    assert graver.expires_at == NOON + timedelta(minutes=5)
    assert decide(graver, expire(NOON)) == []
    offer = decide(graver, give_back(1, "SO-1"))[-1]
    assert offer.expires_at == NOON + timedelta(minutes=5)


def test_the_first_contact_is_due_earlier_when_it_gets_graver() -> None:
    _, hastened = decide(given(start(), accept(1, "SO-1")), changed("emergency"))
    assert (hastened.expires_at, hastened.contact_due_at) == (None, NOON + timedelta(hours=2))


def test_no_time_gets_longer_and_none_begins_anew() -> None:
    assert names(decide(given(start(severity="urgent")), changed("general"))) == ["SeverityNoted"]
    late = NOON + DAY - timedelta(minutes=1)
    assert names(decide(given(start()), changed("emergency", late))) == ["SeverityNoted"]
    done = given(start(), accept(1, "SO-1"), contact(1, "SO-1"))
    assert names(decide(done, changed("urgent"))) == ["SeverityNoted"]
    assert decide(Case(id=TICKET), changed("urgent")) == []


def test_a_precedent_is_shown_with_the_next_offer_of_such_work_there() -> None:
    precedent = dispatch.Precedent(
        assignee="DEP-1", unit="bureau", reason_code="in_their_list", ruled_at=NOON
    )
    known = Known(
        NOON, ROUTING, Lists(1, {"理发": ITEM}, {}), {"g1": Place("990101001001", known=True)},
        {("990101001001", "haircut"): [OFFICER]}, {}, {("990101001001", "haircut"): precedent},
    )  # fmt: skip
    choice = choose(known.pool("g1", "理发"), ())
    assert choice
    assert choice.explanation.precedent == precedent


def test_a_ruling_means_the_option_with_its_contract_where_there_is_one() -> None:
    bare = option("SO-1", "social_organization")
    known = Known(
        NOON, ROUTING, Lists(1, {"haircut": ITEM}, {}), {"g1": Place("c", known=True)},
        {("c", "haircut"): [BARBERS]}, {TICKET: ("g1", "haircut")}, {}, {"barbers": bare, "bureau": BUREAU},
    )  # fmt: skip
    assert known.named_by("barbers", TICKET) == BARBERS
    assert known.named_by("bureau", TICKET) == BUREAU
    assert known.named_by("nobody", TICKET) is None
