"""Whatever becomes of offers, and whenever the process dies: no unit of a contract is lost or spent twice."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import dispatch, intake
from contracts.numbering import ticket_number
from deploy.local.endpoints import Endpoints
from services.dispatch import contract_store, member_store, quota_store, store
from services.dispatch.case import Case
from services.dispatch.directory.importing import import_files
from services.dispatch.records import ContractReserved
from tests.integration.own_database import Tx, own_database, untouched
from tests.integration.process import until
from tests.integration.test_rulings_are_kept import NOON, SAMPLE, House

QUOTA, MONTHLY = 4, 3
CONTRACT = "HT-2026-002"
NOVEMBER = NOON.astimezone().date().replace(day=1)


@pytest.fixture(scope="module")
def directory(servers: Endpoints) -> Iterator[str]:
    """The sample directory, with one contract for meals of few units and nobody but the desk beside it."""
    with own_database(servers, "dispatch", "contracts") as url:
        with psycopg.connect(url) as tx:
            import_files(tx, [path for path in SAMPLE if path.stem != "demo_requests"])
            tx.execute("UPDATE contract SET quota = %s, quota_month = %s WHERE code = %s",
                       [QUOTA, MONTHLY, CONTRACT])  # fmt: skip
            tx.execute("UPDATE catalogue SET kinds = '{social_organization}' WHERE category = 'older_meals'")
        yield url


@pytest.fixture
def tx(directory: str) -> Iterator[Tx]:
    """An open transaction of the dispatch service that leaves nothing behind."""
    with untouched(directory) as tx:
        yield tx


def number(n: int) -> str:
    return ticket_number("urn:meals", str(n))


def counters(tx: Tx) -> tuple[int, int, int, int]:
    """Reserved and committed in total, and of the months together."""
    return tx.execute(
        """SELECT q.reserved, q.committed, coalesce(sum(m.reserved), 0)::int,
               coalesce(sum(m.committed), 0)::int
           FROM contract_quota q LEFT JOIN contract_month m USING (contract) WHERE q.contract = %s
           GROUP BY q.contract""",
        [CONTRACT],
    ).fetchall()[0]


def holding(tx: Tx) -> int:
    """How many tickets hold a unit now."""
    return int(tx.execute('SELECT count(*) FROM "case" WHERE contract = %s', [CONTRACT]).fetchall()[0][0])


def say(house: House, key: str, kind: str, at: Any) -> None:
    """Whoever has the ticket says something that fits, or that does not."""
    case = store.load(house.tx, [key]).get(key)
    if case is None or kind == "start":
        house.hear_accepted(key, "older_meals")
        return
    held: dict[str, Any] = {
        "ticket": key,
        "assignment": case.assignment or "none",
        "assignee": case.assignee or "none",
    }
    told: dict[str, Any] = {
        "accept": lambda: intake.OfferAnswered(**held, answer="accept"),
        "return": lambda: intake.OfferAnswered(**held, answer="return", return_code="capacity"),
        "contact": lambda: intake.FirstContactLogged(**held),
        "report": lambda: intake.WorkReported(**held, resolved="yes", outcome="已送"),
    }
    if kind == "expire":
        house.expire(key, at)
    else:
        house.hear(key, told[kind](), at)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from(["start", "accept", "return", "contact", "report", "expire"]),
        st.booleans(),
    ),
    min_size=20, max_size=40,
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_no_unit_is_lost_doubled_or_below_nothing(directory: str, steps: list[tuple[int, str, bool]]) -> None:
    """A crash takes back the whole transaction; the same is then said again."""
    with untouched(directory) as tx:
        house, done = House(tx), set[str]()
        for turn, (which, kind, crash) in enumerate(steps):
            key, at = number(which), NOON + timedelta(minutes=turn, days=2 if kind == "expire" else 0)
            if crash:
                tx.execute("SAVEPOINT crash")
                say(house, key, kind, at)
                tx.execute("ROLLBACK TO SAVEPOINT crash")
            say(house, key, kind, at)
            done |= {row for (row,) in tx.execute("SELECT id FROM \"case\" WHERE state = 'done' AND kind = "
                                                  "'social_organization'")}  # fmt: skip
            reserved, committed, month_reserved, month_committed = counters(tx)
            assert reserved + committed <= QUOTA
            assert month_reserved + month_committed <= MONTHLY
            assert (reserved, committed) == (month_reserved, month_committed) == (holding(tx), len(done))
        assert [row["contract"] for row in contract_store.settlement(tx, None, None) if row["differs"]] == []


def test_little_left_is_a_warning_and_nothing_left_goes_to_the_desk_until_more_is_allowed(tx: Tx) -> None:
    house = House(tx)
    kinds = []
    for n in range(MONTHLY + 1):
        facts = house.hear_accepted(number(n), "older_meals")
        kinds.append([
            one.reason if isinstance(one, dispatch.DispatchAlarmed) else one.kind
            for one in facts if isinstance(one, dispatch.DispatchAlarmed | dispatch.OfferMade)
        ])  # fmt: skip
    offered = ["social_organization"]
    assert kinds == [offered, offered, [*offered, "quota_low"], ["quota_used_up", "community_desk"]]
    contract_store.approve(tx, CONTRACT, NOVEMBER, 1, "winter", "chief")
    assert house.accept(number(9), "older_meals").kind == "social_organization"
    assert house.accept(number(10), "older_meals").kind == "community_desk"
    (row,) = contract_store.settlement(tx, CONTRACT, NOVEMBER)
    assert (row["approved"], row["open"], row["committed"], row["differs"]) == (1, 4, 0, False)
    with pytest.raises(contract_store.NotPossible, match="used or reserved"), tx.transaction():
        contract_store.approve(tx, CONTRACT, NOVEMBER, -1, "back", "chief")
    with pytest.raises(contract_store.NotPossible, match="no contract"):
        contract_store.approve(tx, "HT-0", None, 1, "x", "chief")
    states = {row["code"]: row["state"] for row in contract_store.contracts(tx, NOON.date())}
    assert (states[CONTRACT], states["HT-2024-011"]) == ("used up", "expired")


def test_hours_of_volunteers_are_kept_and_opting_out_is_on_record(tx: Tx) -> None:
    house = House(tx)
    offer = house.accept(number(1), "noise_neighbour")
    held: dict[str, Any] = {"ticket": number(1), "assignment": offer.assignment, "assignee": offer.assignee}
    house.hear(number(1), intake.OfferAnswered(**held, answer="accept"))
    house.hear(number(1), intake.FirstContactLogged(**held))
    house.hear(number(1), intake.WorkReported(**held, resolved="yes", outcome="劝和", minutes=90))
    (row,) = member_store.hours(tx, None, NOVEMBER)
    assert (row["assignee"], row["assignments"], row["minutes"]) == (offer.assignee, 1, 90)
    assert member_store.opt_out(tx, offer.assignee, NOON + timedelta(days=9), "ill", "desk")
    assert not member_store.opt_out(tx, "nobody", None, "ill", "desk")
    assert house.accept(number(2), "noise_neighbour").assignee != offer.assignee
    assert tx.execute("SELECT assignee, reason, by FROM opt_out").fetchall() == [
        (offer.assignee, "ill", "desk")
    ]


@pytest.mark.parametrize("of_the_month", ["first", "next"])
def test_two_processes_that_take_a_unit_at_once_both_count(directory: str, of_the_month: str) -> None:
    """Who waits for the other has looked before a month began; the other's unit must not be lost."""
    contract, month = "HT-2026-003", "2031-01-01" if of_the_month == "first" else "2031-02-01"
    cases = [Case(id=number(n), units=(ContractReserved(contract, month),)) for n in (101, 102, 103)]
    with psycopg.connect(directory) as one, psycopg.connect(directory) as other:
        if of_the_month == "next":
            quota_store.save(one, cases[2:], NOON)
            one.commit()
        (before,) = one.execute("SELECT reserved FROM contract_quota WHERE contract = %s", [contract])
        quota_store.save(one, cases[:1], NOON)
        thread = threading.Thread(target=lambda: quota_store.save(other, cases[1:2], NOON))
        thread.start()
        waits = "SELECT cardinality(pg_blocking_pids(%s))"
        until(lambda: one.execute(waits, [other.info.backend_pid]).fetchone() == (1,))
        one.commit()
        thread.join()
        other.commit()
        (after,) = one.execute("SELECT reserved FROM contract_quota WHERE contract = %s", [contract])
        (row,) = contract_store.settlement(one, contract, NOON.date().replace(2031, int(month[5:7]), 1))
        assert after[0] == before[0] + 2
        assert (row["open"], row["differs"]) == (2 if of_the_month == "first" else 3, False)
