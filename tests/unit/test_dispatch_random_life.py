"""Anybody does anything at any time: one assignee at most, no unit of a contract is lost, rulings bind."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts import dispatch
from contracts.problem import Refusal
from services.dispatch import commands, desk
from services.dispatch.calls import next_due
from services.dispatch.case import Case
from services.dispatch.domain import decide, evolve, initial
from services.dispatch.guards import NOT_OURS
from services.dispatch.pool import ENDED, OPENED
from services.dispatch.records import ContractCommitted, ContractReleased, ContractReserved
from tests.unit.test_dispatch_desk import order as ordered
from tests.unit.test_dispatch_desk import take_back
from tests.unit.test_dispatch_domain import (
    ALL,
    BARBERS,
    DESK,
    ITEM,
    NOON,
    OFFICER,
    TICKET,
    WINDOWS,
    option,
    start,
)
from tests.unit.test_dispatch_objection import BUREAU, changed, dispute, returned, rule
from tests.unit.test_dispatch_whistle import arrive, blow

ORGANISATION = replace(BARBERS, unit="barbers")
EVERYBODY = replace(ALL, options=[ORGANISATION, option("RO-1", "rota"), OFFICER, DESK])
WAYS = [(mode, severity) for mode in ("direct", "claim") for severity in ("general", "emergency")]
NAMED = (ORGANISATION, OFFICER, DESK, BUREAU, option("SO-9", "social_organization"), None)
CODES = (*NOT_OURS, "capacity", "outside_contract", None)
LATER = st.sampled_from([timedelta(0), timedelta(hours=3), timedelta(days=2)])
KINDS = (
    "accept", "return", "dispute", "rule", "contact", "report", "reopen", "expire", "next", "severity",
    "withdraw", "claim", "hand over", "assign", "reassign", "take_back", "whistle", "arrive", "miss",
)  # fmt: skip
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS), LATER, st.sampled_from(CODES), st.sampled_from(NAMED), st.integers(0, 9)
    ),
    max_size=25,
)


def command(kind: str, state: Case, at: Any, code: str | None, named: Any, dice: int) -> Any:
    """What somebody says, mostly whoever has it."""
    hop, who = (state.hop, state.assignee or "nobody") if dice else (1, "stranger")
    held: dict[str, Any] = {"assignment": f"{TICKET}.{hop}", "assignee": who}
    simple: dict[str, Any] = {
        "accept": commands.AcceptAssignment(**held, windows=WINDOWS, at=at, on_duty=dice != 9),
        "return": returned(hop, who, code=code, at=at, pool=EVERYBODY),
        "dispute": dispute(hop, who, code=code or "not_our_duty", at=at),
        "rule": replace(rule(named), at=at),
        "contact": commands.LogFirstContact(**held, at=at),
        "report": commands.ReportWork(
            **held, resolved="yes", unresolved_reason=None, outcome="done", evidence=[], at=at
        ),
        "reopen": commands.ReopenAssignment(windows=WINDOWS, at=at),
        "expire": commands.ExpireOffer(pool=EVERYBODY, windows=WINDOWS, at=at),
        "next": commands.AskNext(pool=EVERYBODY, windows=WINDOWS, at=at),
        "hand over": commands.HandOver(pool=EVERYBODY, windows=WINDOWS, at=at),
        "severity": changed(("general", "urgent", "emergency")[dice % 3], at),
        "withdraw": commands.WithdrawAssignment(reason="ticket_cancelled"),
        "claim": commands.ClaimOffer(
            assignment=f"{TICKET}.{state.hop}",
            assignee="GO-1",
            option=named,
            open_claims=dice % 4,
            pool=EVERYBODY,
            windows=WINDOWS,
            at=at,
        ),
        "assign": ordered(desk.AssignTicket, named, at=at, pool=EVERYBODY),
        "reassign": ordered(desk.ReassignTicket, named, at=at, pool=EVERYBODY),
        "take_back": replace(take_back(pool=EVERYBODY), at=at),
        "whistle": blow("fire", "law", at=at, arrive_by=at + timedelta(hours=dice)),
        "arrive": arrive("fire" if dice % 2 else "law", at=at),
        "miss": desk.MissArrivals(at=at),
    }
    return simple[kind]


@settings(max_examples=300, deadline=None)
@given(STEPS, st.sampled_from(WAYS))
def test_no_order_of_commands_doubles_an_assignee_or_loses_a_contract(
    steps: list[Any], way: tuple[str, str]
) -> None:
    state, at, open_, units = initial(TICKET), NOON, Counter[str](), Counter[str]()
    item = replace(ITEM, mode=way[0], kinds=("rota", *ITEM.kinds))
    asked: Any = start(replace(EVERYBODY, item=item), severity=way[1])
    for kind, later, code, named, dice in [(None, timedelta(0), None, None, 0), *steps]:
        at += later
        told = asked if kind is None else command(kind, state, at, code, named, dice)
        for fact in decide(state, told):
            if isinstance(fact, Refusal):
                assert fact.detail
                continue
            _counted(fact, state, open_, units)
            state = evolve(state, fact)
        _holds_together(state, open_, units)


def _counted(fact: Any, state: Case, open_: Counter[str], units: Counter[str]) -> None:
    if isinstance(fact, dispatch.OfferMade):
        assert state.state != "objection_open", "nobody is asked while it is disputed"
    if isinstance(fact, dispatch.AssignmentReturned) and state.bound:
        assert fact.assignee != state.bound.assignee or fact.code not in NOT_OURS
    if isinstance(fact, OPENED):
        open_[fact.assignee] += 1
    elif isinstance(fact, ENDED):
        open_[fact.assignee] -= 1
    elif isinstance(fact, ContractReserved):
        units[fact.contract] += 1
    elif isinstance(fact, ContractReleased | ContractCommitted):
        units[fact.contract] -= 1


def _holds_together(state: Case, open_: Counter[str], units: Counter[str]) -> None:
    held = state.state in ("offered", "accepted", "contacted")
    together = [one.assignee for one in state.beside]
    assert not together or state.state == "offered"
    assert +open_ == Counter([*([state.assignee] if held and state.assignee else []), *together])
    assert +units == Counter([state.contract] if state.contract else [])
    awaited = state.state in ("offered", "blocked", "claimable") or (
        state.claimed and state.state == "accepted"
    )
    assert (state.expires_at is not None) == awaited
    assert not state.claimed or state.state in ("accepted", "contacted")
    assert state.arrive_by in (None, next_due(state.calls))
