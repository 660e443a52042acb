"""The account of a demo finds what was lost and what was done twice."""

from typing import Any

import pytest

from cli.demo.account import Account
from cli.demo.audit import Ledger, judged
from cli.demo.outcome import document, text

TICKET, DISPATCH, EVALUATION = "urn:fengge:ticket", "urn:fengge:dispatch", "urn:fengge:evaluation"
PROMISED = """accepted closed open parked lost doubled by_assignee_kind returns reworks rated unrated
    response_rate resolution_rate satisfaction_rate coverage events seconds"""
REQUESTS = [("/a", "1"), ("/a", "2"), ("/a", "3")]


def row(number: str, id_: str, state: str = "closed", live: bool = True) -> tuple[Any, ...]:
    return (number, "/a", id_, state, "G1", "rota", live)


def fact(number: str, source: str, sequence: int, name: str, **data: Any) -> tuple[Any, ...]:
    return (number, source, sequence, f"cn.fengge.x.{name}.v1", data, "rota", "G1", "closed")


ROWS = [row("T1", "1"), row("T2", "2", "declined"), row("T3", "3", "in_progress")]
LIFE = [
    fact("T1", TICKET, 1, "TicketReceived"),
    fact("T1", DISPATCH, 1, "OfferMade", kind="department"),
    fact("T1", DISPATCH, 2, "AssignmentReturned", kind="department"),
    fact("T1", DISPATCH, 3, "FirstContactMade", in_time=True),
    fact("T1", TICKET, 2, "TicketReopened"),
    fact("T1", DISPATCH, 4, "FirstContactMade", in_time=False),
    fact("T1", TICKET, 3, "TicketClosed", rated=True, resolved="yes", satisfaction="satisfied"),
    fact("T2", TICKET, 1, "TicketReceived"),
    fact("T3", TICKET, 1, "TicketReceived"),
]
PUBLISHED = {each[:3]: 1 for each in LIFE}


def account(tickets: Any = ROWS, facts: Any = LIFE, parked: Any = (), published: Any = PUBLISHED) -> Account:
    return judged(
        Ledger(REQUESTS, tickets, facts, parked, published), len(REQUESTS), lambda grid: grid or "–"
    )


def test_an_account_without_faults_balances() -> None:
    found = account()
    assert (found.accepted, found.closed, found.open, found.parked) == (3, 2, 1, 0)
    assert found.balanced
    assert (found.lost, found.doubled) == ([], [])


def test_counts_go_to_who_returned_and_rates_to_the_first_contact() -> None:
    found = account()
    assert (found.by_kind["department"].returns, found.by_kind["rota"].returns) == (1, 0)
    assert (found.whole.response_rate, found.whole.coverage, found.whole.reworks) == (1.0, 1.0, 1)
    assert found.ratings == {"satisfied": 1}


@pytest.mark.parametrize(
    "changed",
    [
        {"tickets": ROWS[:2]},
        {"facts": [each for each in LIFE if each[:3] != ("T1", DISPATCH, 2)], "published": {}},
        {"facts": LIFE[:-1]},
    ],
    ids=["a request without a ticket", "a gap in a run of facts", "a published fact that nobody recorded"],
)
def test_what_is_missing_is_lost(changed: dict[str, Any]) -> None:
    found = account(**changed)
    assert len(found.lost) == 1
    assert not found.balanced


@pytest.mark.parametrize(
    "changed",
    [
        {"tickets": [*ROWS, row("T9", "1")]},
        {"facts": [*LIFE, LIFE[1]]},
        {"published": {**PUBLISHED, ("T1", DISPATCH, 2): 2}},
        {"facts": [*LIFE, *(fact("T1", EVALUATION, n, "NotificationSent", key="k") for n in (1, 2))]},
    ],
    ids=["two tickets", "a fact recorded twice", "a fact published twice", "a message sent twice"],
)
def test_what_happened_twice_is_doubled(changed: dict[str, Any]) -> None:
    found = account(**changed)
    assert len(found.doubled) == 1
    assert not found.balanced


def test_a_parked_request_and_an_open_ticket_with_a_parked_event_are_parked() -> None:
    parked = [("", "/a", "1", "data"), ("T3", "/b", "x", "failing")]
    found = account(tickets=ROWS[1:], facts=LIFE[-2:], published={}, parked=parked)
    assert (found.closed, found.open, found.parked) == (1, 0, 2)
    assert found.balanced
    assert found.parked_records == {"data": 1, "failing": 1}


def test_an_open_ticket_past_its_deadline_does_not_pass() -> None:
    found = account(tickets=[*ROWS[:2], row("T3", "3", "in_progress", live=False)])
    assert found.stale == 1
    assert not found.balanced


def test_the_outcome_is_told_to_scripts_and_people() -> None:
    found = account()
    told = document(found, 1.25, {"seed": 1})
    for key in PROMISED.split():
        assert key in told
    assert "接收 accepted 3 = 已结 closed 2 + 未结 open 1 + 搁置 parked 0" in text(found, 1.25, {})
