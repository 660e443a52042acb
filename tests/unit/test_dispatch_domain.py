"""The dispatch of one ticket: given what has happened, when somebody acts, then these facts follow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts import dispatch
from contracts.problem import Refusal
from services.dispatch import commands
from services.dispatch.case import Case
from services.dispatch.domain import decide, evolve, initial
from services.dispatch.engine import Pool
from services.dispatch.filters import Item, Option
from services.dispatch.records import ContractCommitted, ContractReleased, ContractReserved

TICKET = "7K3M-9QXR-2B4D-T8WZ"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MONTH = "2026-11-01"
WINDOWS = commands.Windows(
    offer={"emergency": 300, "urgent": 1800, "general": 86400},
    contact={"emergency": 7200, "urgent": 86400, "general": 86400},
    give_back={"emergency": 300, "urgent": 1800, "general": 86400},
)
ITEM = Item(
    category="haircut", version=1, list="service_item", mode="sequential",
    kinds=("social_organization", "grid_officer"), skills=frozenset(),
)  # fmt: skip


def option(assignee: str, kind: str, contract: str | None = None) -> Option:
    return Option(
        assignee=assignee, kind=kind, unit=None, skills=frozenset(), closeness=3, load_cap=10, open=0,
        taken=0,
        contract=contract, quota_left=5 if contract else None,
    )  # fmt: skip


BARBERS, OFFICER, DESK = (
    option("SO-1", "social_organization", "HT-1"),
    option("GO-1", "grid_officer"),
    option("CD-1", "community_desk"),
)
ALL = Pool(place="990101001001", item=ITEM, options=[BARBERS, OFFICER, DESK])


def start(pool: Pool = ALL, severity: str = "general") -> commands.StartDispatch:
    return commands.StartDispatch(
        category="haircut", grid="990101001001", severity=severity, pool=pool, windows=WINDOWS, at=NOON
    )


def accept(hop: int, who: str, at: datetime = NOON) -> commands.AcceptAssignment:
    return commands.AcceptAssignment(assignment=f"{TICKET}.{hop}", assignee=who, windows=WINDOWS, at=at)


def give_back(hop: int, who: str, pool: Pool = ALL) -> commands.ReturnAssignment:
    return commands.ReturnAssignment(
        assignment=f"{TICKET}.{hop}", assignee=who, code="capacity", proposed_unit=None, basis=None,
        basis_code=None, disputed_at=2, pool=pool, windows=WINDOWS, at=NOON,
    )  # fmt: skip


def contact(hop: int, who: str, at: datetime = NOON) -> commands.LogFirstContact:
    return commands.LogFirstContact(assignment=f"{TICKET}.{hop}", assignee=who, at=at)


def report(hop: int, who: str) -> commands.ReportWork:
    return commands.ReportWork(
        assignment=f"{TICKET}.{hop}", assignee=who, resolved="yes", unresolved_reason=None, outcome="done",
        evidence=[], at=NOON,
    )  # fmt: skip


def expire(at: datetime, pool: Pool = ALL) -> commands.ExpireOffer:
    return commands.ExpireOffer(pool=pool, windows=WINDOWS, at=at)


def given(*happened: Any) -> Case:
    state: Case = initial(TICKET)
    for command in happened:
        for fact in decide(state, command):
            assert not isinstance(fact, Refusal), fact
            state = evolve(state, fact)
    return state


def names(facts: list[Any]) -> list[str]:
    return [type(fact).__name__ for fact in facts]


def test_an_accepted_ticket_is_offered_to_the_first_kind_and_its_contract_is_reserved() -> None:
    facts = decide(initial(TICKET), start())
    assert names(facts) == ["Asked", "DispatchStarted", "OfferMade", "ContractReserved"]
    assert facts[2].assignee == "SO-1"
    assert facts[2].hop == 1
    assert facts[3] == ContractReserved("HT-1", MONTH)


@pytest.mark.parametrize(("severity", "seconds"), [("emergency", 300), ("urgent", 1800), ("general", 86400)])
def test_the_offer_stands_as_long_as_the_policy_for_its_severity_says(severity: str, seconds: int) -> None:
    offer = decide(initial(TICKET), start(severity=severity))[2]
    assert offer.expires_at == NOON + timedelta(seconds=seconds)


def test_the_assignee_accepts_contacts_and_reports() -> None:
    state = given(start())
    assert names(decide(state, accept(1, "SO-1"))) == ["AssignmentAccepted", "ReturnableUntil"]
    state = given(start(), accept(1, "SO-1"))
    assert names(decide(state, contact(1, "SO-1"))) == ["FirstContactMade"]
    state = given(start(), accept(1, "SO-1"), contact(1, "SO-1"))
    assert names(decide(state, report(1, "SO-1"))) == [
        "OutcomeRecorded",
        "AssignmentDone",
        "ContractCommitted",
    ]
    _, done, committed = decide(state, report(1, "SO-1"))
    assert (done.contract, committed) == ("HT-1", ContractCommitted("HT-1", MONTH))


def test_a_contact_after_its_deadline_is_made_but_not_in_time() -> None:
    state = given(start(), accept(1, "SO-1"))
    (fact,) = decide(state, contact(1, "SO-1", at=NOON + timedelta(days=2)))
    assert not fact.in_time


def test_a_returned_offer_releases_the_contract_and_goes_to_the_next_candidate() -> None:
    facts = decide(given(start()), give_back(1, "SO-1"))
    assert names(facts) == ["AssignmentReturned", "ContractReleased", "OfferMade"]
    assert facts[1] == ContractReleased("HT-1", MONTH)
    assert (facts[2].assignee, facts[2].hop) == ("GO-1", 2)


def test_an_unanswered_offer_expires_and_goes_to_the_next_candidate() -> None:
    facts = decide(given(start()), expire(NOON + timedelta(days=1)))
    assert names(facts) == ["OfferExpired", "ContractReleased", "OfferMade"]
    assert facts[2].assignee == "GO-1"


def test_an_offer_that_still_stands_does_not_expire() -> None:
    assert decide(given(start()), expire(NOON)) == []


def test_when_all_candidates_are_through_an_alarm_is_raised_and_the_desk_is_asked() -> None:
    facts = decide(given(start(), give_back(1, "SO-1")), expire(NOON + timedelta(days=1)))
    assert names(facts) == ["OfferExpired", "DispatchBlocked", "OfferMade"]
    assert facts[1].reason == "no_candidate"
    assert facts[2].kind == "community_desk"


@pytest.mark.parametrize(
    ("pool", "reason"),
    [
        (Pool(place="990101001001", item=None, options=[DESK]), "unknown_category"),
        (Pool(place=None, item=ITEM, options=[DESK]), "unknown_grid"),
    ],
)
def test_what_no_list_or_map_knows_raises_an_alarm_and_goes_to_the_desk(pool: Pool, reason: str) -> None:
    facts = decide(initial(TICKET), start(pool))
    assert names(facts) == ["Asked", "DispatchBlocked", "OfferMade"]
    assert (facts[1].reason, facts[2].kind) == (reason, "community_desk")


def test_without_any_desk_the_alarm_is_raised_once_and_the_ticket_is_looked_at_again() -> None:
    nobody = Pool(place="990101001001", item=ITEM, options=[])
    state = given(start(nobody))
    assert state.state == "blocked"
    later = NOON + timedelta(minutes=1)
    assert names(decide(state, expire(later, nobody))) == ["Postponed"]
    assert names(decide(state, expire(later, ALL))) == ["OfferMade", "ContractReserved"]


@pytest.mark.parametrize(
    ("happened", "command"),
    [
        ([start()], accept(1, "GO-1")),
        ([start()], accept(2, "SO-1")),
        ([start()], accept(1, "SO-1", at=NOON + timedelta(days=2))),
        ([start()], contact(1, "SO-1")),
        ([start(), accept(1, "SO-1")], report(1, "SO-1")),
        ([start(), accept(1, "SO-1")], accept(1, "SO-1")),
        ([start(), give_back(1, "SO-1")], give_back(1, "SO-1")),
    ],
)
def test_who_does_not_hold_the_assignment_is_refused_and_told_what_is_allowed(
    happened: list[Any], command: Any
) -> None:
    state = given(*happened)
    (refusal,) = decide(state, command)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.state, refusal.command) == (409, state.state, type(command).__name__)
    assert refusal.allowed


def test_a_ticket_nobody_knows_is_refused_as_unknown() -> None:
    (refusal,) = decide(initial(TICKET), accept(1, "SO-1"))
    assert (refusal.status, refusal.problem) == (404, "unknown-ticket")


def test_a_cancelled_ticket_is_withdrawn_from_whoever_holds_it() -> None:
    withdraw = commands.WithdrawAssignment(reason="ticket_cancelled")
    assert names(decide(given(start()), withdraw)) == ["AssignmentWithdrawn", "ContractReleased"]
    assert decide(initial(TICKET), withdraw) == []
    assert evolve(given(start()), decide(given(start()), withdraw)[0]).state == "ended"


def test_a_reopened_ticket_goes_back_to_the_same_lead() -> None:
    state = given(start(), accept(1, "SO-1"), contact(1, "SO-1"), report(1, "SO-1"))
    (fact,) = decide(state, commands.ReopenAssignment(windows=WINDOWS, at=NOON))
    assert isinstance(fact, dispatch.AssignmentReopened)
    assert fact.assignee == "SO-1"
    assert evolve(state, fact).state == "accepted"


def test_a_ticket_that_follows_another_asks_nobody_and_begins_anew_when_it_is_parted() -> None:
    blocked = given(start(Pool(place="990101001001", item=ITEM, options=[])))
    assert blocked.state == "blocked"
    follows = commands.WithdrawAssignment(reason="ticket_merged")
    ended = evolve(blocked, decide(blocked, follows)[0])
    assert (ended.state, ended.expires_at) == ("ended", None)
    again = given(start(), follows, start())
    assert (again.state, again.assignee, again.hop, again.tried) == ("offered", "SO-1", 2, ["SO-1"])


def ask_next(at: datetime, pool: Pool = ALL) -> commands.AskNext:
    return commands.AskNext(pool=pool, windows=WINDOWS, at=at)


def test_an_alarm_that_is_raised_again_takes_the_offer_from_who_does_not_look() -> None:
    urgent = given(start(severity="urgent"))
    expired, released, offer = decide(urgent, ask_next(NOON + timedelta(minutes=5)))
    assert (type(expired), expired.assignee) == (dispatch.OfferExpired, "SO-1")
    assert isinstance(released, ContractReleased)
    assert (offer.assignee, offer.hop) == ("GO-1", 2)


def test_who_has_had_the_offer_for_a_moment_keeps_it() -> None:
    assert decide(given(start(severity="urgent")), ask_next(NOON + timedelta(seconds=59))) == []


def test_at_last_the_desk_is_asked_again_and_again() -> None:
    state = given(start(severity="urgent"))
    for minutes in (5, 10, 15):
        for fact in decide(state, ask_next(NOON + timedelta(minutes=minutes))):
            state = evolve(state, fact)
    assert (state.state, state.assignee, state.hop) == ("offered", "CD-1", 4)


def test_who_has_accepted_is_left_in_peace_and_where_nobody_could_be_asked_it_is_tried_at_once() -> None:
    assert decide(given(start(), accept(1, "SO-1")), ask_next(NOON + timedelta(hours=1))) == []
    assert decide(initial(TICKET), ask_next(NOON)) == []
    nobody = Pool(place="990101001001", item=ITEM, options=[])
    blocked = given(start(pool=nobody))
    assert blocked.state == "blocked"
    (offer,) = [fact for fact in decide(blocked, ask_next(NOON)) if isinstance(fact, dispatch.OfferMade)]
    assert offer.assignee == "SO-1"
