"""Returns, rulings and orders of the desk against a real PostgreSQL: what is kept, what binds, who may."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from msgspec.structs import replace

from chassis.effect import Effects
from chassis.model import Model, Stimulus
from chassis.tally import Tally
from contracts import dispatch, intake, ticket
from contracts.actor import Actor
from contracts.cloudevent import CloudEvent, decode, opened
from contracts.event import Event, type_of
from contracts.intake import EventRefused
from contracts.numbering import ticket_number
from deploy.local.accounts import OWNER
from deploy.local.endpoints import Endpoints
from services.dispatch import chain_store, desk_store, domain, hearing, objection_store, store
from services.dispatch.backtest import Trial
from services.dispatch.directory.importing import import_files
from services.dispatch.engine import choose
from services.dispatch.service import DispatchService
from services.dispatch.way import hops
from tests.integration.own_database import Tx, own_database, untouched

DATABASE = "rulings"
NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
SAMPLE = sorted((Path(__file__).parents[2] / "directory").glob("*.csv"))
NO, OTHER = ticket_number("urn:test", "1"), ticket_number("urn:test", "2")
GRID = "99010100100201001"
EFFECTS = Effects(Model(dispatch, domain, store), {}, shards=4, attempts=6)
HEARD: dict[type[Event], Any] = {
    ticket.TicketAccepted: DispatchService.start,
    intake.OfferAnswered: DispatchService.answer,
    intake.ObjectionRuled: DispatchService.rule,
    intake.OfferClaimed: DispatchService.claim,
    intake.FirstContactLogged: DispatchService.contact,
    intake.WorkReported: DispatchService.report,
    **dict.fromkeys(hearing.HEARD, DispatchService.order),
    intake.ArrivalReported: DispatchService.arrive,
}
BUREAU, JUDGE = "DEP-CG", Actor(role="adjudicator", id="judge")
OPERATOR = Actor(role="operator", id="desk-07")
WORDS = "不在清单内"


@pytest.fixture(scope="module")
def migrated(servers: Endpoints) -> Iterator[str]:
    """A database of these tests alone, with the sample directory, as the dispatch service sees it."""
    with own_database(servers, "dispatch", DATABASE) as url:
        with psycopg.connect(url) as tx:
            import_files(tx, [path for path in SAMPLE if path.stem != "demo_requests"])
        yield url


@pytest.fixture
def tx(migrated: str) -> Iterator[Tx]:
    """An open transaction of the dispatch service that leaves nothing behind."""
    with untouched(migrated) as tx:
        yield tx


class House:
    """The dispatch service in one transaction: events have their effect, one batch each."""

    def __init__(self, tx: Tx) -> None:
        self.tx, self.number = tx, 0

    def hear(self, key: str, fact: Event, at: datetime = NOON) -> list[Any]:
        """What the service publishes on an event, and what it answers."""
        self.number += 1
        event = CloudEvent(
            specversion="1.0", id=f"e{self.number}", source="urn:test", type=type_of(type(fact)), time=at,
            data=fact, partitionkey=key, correlationid=key,
        )  # fmt: skip
        handler = HEARD[type(fact)]
        return self.take(Stimulus(key, lambda known: handler(None, event, known), event, "intake"), at)

    def expire(self, key: str, at: datetime) -> list[Any]:
        """The timer looks at the ticket."""
        return self.take(Stimulus(key, lambda known: DispatchService.expire(None, key, known)), at)  # type: ignore[arg-type]

    def take(self, stimulus: Stimulus, at: datetime) -> list[Any]:
        """What is published and answered in a batch of one."""
        tally = Tally()
        EFFECTS.of_stimuli(self.tx, [stimulus], at, tally)
        return [
            opened(one).data for message in tally.messages
            for one in decode(message.content_type, message.body.encode())
        ]  # fmt: skip

    def accept(self, key: str, category: str = "garbage", severity: Any = "general") -> dispatch.OfferMade:
        """A ticket is accepted; returns the first offer."""
        facts = self.hear_accepted(key, category, severity)
        return next(one for one in facts if isinstance(one, dispatch.OfferMade))

    def hear_accepted(self, key: str, category: str, severity: Any = "general") -> list[Any]:
        """A ticket is accepted; returns what is published."""
        accepted = ticket.TicketAccepted(
            category=category, severity=severity, grid=GRID, channel="resident", source="urn:test"
        )
        return self.hear(key, accepted)

    def give_back(self, key: str, offer: dispatch.OfferMade) -> list[Any]:
        """Whoever was asked returns it."""
        said = intake.OfferAnswered(
            ticket=key, assignment=offer.assignment, assignee=offer.assignee, answer="return",
            return_code="not_our_duty", basis=WORDS, proposed_unit=BUREAU,
        )  # fmt: skip
        return self.hear(key, said)

    def disputed(self, key: str) -> None:
        """It is returned twice."""
        (_, second) = self.give_back(key, self.accept(key))
        assert isinstance(self.give_back(key, second)[-1], dispatch.ObjectionOpened)

    def rule(self, key: str, assignee: str, at: datetime = NOON) -> list[Any]:
        """The adjudicator names somebody."""
        said = intake.ObjectionRuled(
            ticket=key, actor=JUDGE, assignee=assignee, reason_code="in_their_list", basis=WORDS
        )
        return self.hear(key, said, at)


def test_words_stay_here_and_the_ruling_is_a_precedent_that_later_offers_show(tx: Tx) -> None:
    house = House(tx)
    assert house.accept(OTHER).explanation.precedent is None
    house.disputed(NO)
    ruled, taken = house.rule(NO, BUREAU)
    assert (ruled.assignee, ruled.unit, taken.assignee) == ("DEP-CG-1", BUREAU, "DEP-CG-1")
    grounds = tx.execute("SELECT assignment, code, basis, proposed_unit FROM ground ORDER BY 1").fetchall()
    assert grounds == [(f"{NO}.{hop}", "not_our_duty", WORDS, BUREAU) for hop in (1, 2)]
    rulings = tx.execute("SELECT ticket, category, assignee, unit, reason_code, basis, by, at FROM ruling")
    assert rulings.fetchall() == [(NO, "garbage", "DEP-CG-1", BUREAU, "in_their_list", WORDS, "judge", NOON)]
    third = ticket_number("urn:test", "3")
    shown = house.accept(third).explanation.precedent
    assert shown == dispatch.Precedent(
        assignee="DEP-CG-1", unit=BUREAU, reason_code="in_their_list", ruled_at=NOON
    )
    elsewhere = house.accept(ticket_number("urn:test", "4"), category="noise_construction")
    assert elsewhere.explanation.precedent is None


def test_what_was_ruled_is_known_in_the_next_transaction(tx: Tx) -> None:
    house = House(tx)
    house.disputed(NO)
    _, taken = house.rule(NO, BUREAU)
    (case,) = store.load(tx, [NO]).values()
    assert case.bound
    assert (case.returns, case.bound.assignee, case.bound.ruled_at) == (2, "DEP-CG-1", NOON)
    assert case.return_until == NOON + timedelta(days=1)
    (refused,) = house.give_back(NO, taken)
    assert isinstance(refused, EventRefused)
    assert "the ruling of 2026-11-16 12:00" in refused.detail


def test_loads_are_counted_as_with_an_offer(tx: Tx) -> None:
    house = House(tx)
    house.disputed(NO)
    house.rule(NO, BUREAU)
    loads = tx.execute("SELECT assignee, open FROM assignee_load WHERE open > 0").fetchall()
    assert loads == [("DEP-CG-1", 1)]


def test_a_ruling_for_somebody_the_directory_does_not_have_is_refused(tx: Tx) -> None:
    house = House(tx)
    house.disputed(NO)
    (refused,) = house.rule(NO, "nobody")
    assert isinstance(refused, EventRefused)
    assert "nobody" in refused.detail


def test_the_newest_ruling_counts_and_is_found_through_the_index(tx: Tx) -> None:
    house = House(tx)
    for number, (whom, at) in enumerate(((BUREAU, NOON), ("DEP-ZJ", NOON + timedelta(days=1)))):
        key = ticket_number("urn:ruled", str(number))
        house.disputed(key)
        house.rule(key, whom, at)
    shown = house.accept(NO).explanation.precedent
    assert shown
    assert shown.unit == "DEP-ZJ"
    tx.execute("SET LOCAL enable_seqscan = off")
    plan = tx.execute(f"EXPLAIN {objection_store.PRECEDENTS}", [[GRID], ["garbage"]]).fetchall()
    assert "ruling_precedent" in repr(plan)


def test_who_is_on_a_rota_takes_no_work_after_his_shift(tx: Tx) -> None:
    house = House(tx)
    offer = house.accept(NO, category="gas_alarm", severity="emergency")
    assert offer.kind == "rota"
    said = intake.OfferAnswered(
        ticket=NO, assignment=offer.assignment, assignee=offer.assignee, answer="accept"
    )
    tx.execute("SAVEPOINT here")
    taken, *_ = house.hear(NO, said)
    assert isinstance(taken, dispatch.AssignmentAccepted)
    tx.execute("ROLLBACK TO here")
    tx.execute("UPDATE rota SET valid_to = '2026-01-02' WHERE assignee = %s", [offer.assignee])
    (refused,) = house.hear(NO, said)
    assert refused.detail == f"{offer.assignee} is not on duty"


def loads(tx: Tx) -> list[Any]:
    """Who has how much open."""
    return tx.execute("SELECT assignee, open FROM assignee_load WHERE open > 0 ORDER BY 1").fetchall()


def test_whom_the_desk_names_is_asked_by_code_or_unit_and_loads_follow(tx: Tx) -> None:
    house = House(tx)
    first = house.accept(NO)
    order: dict[str, Any] = {"ticket": NO, "actor": OPERATOR, "reason_code": "knows_the_matter"}
    revoked, offer = house.hear(NO, intake.AssignmentOrdered(assignee="GO-202", **order))
    assert (revoked.assignee, revoked.by, offer.assignee) == (first.assignee, OPERATOR, "GO-202")
    assert offer.explanation.ordered == dispatch.Ordered(by=OPERATOR, reason_code="knows_the_matter")
    assert loads(tx) == [("GO-202", 1)]
    said = intake.OfferAnswered(
        ticket=NO, assignment=offer.assignment, assignee=offer.assignee, answer="accept"
    )
    house.hear(NO, said)
    _, second = house.hear(NO, intake.ReassignmentOrdered(assignee=BUREAU, **order))
    assert (second.assignee, second.unit, second.hop) == ("DEP-CG-1", BUREAU, 3)
    _, third = house.hear(NO, intake.WithdrawalOrdered(ticket=NO, actor=OPERATOR, reason_code="mistake"))
    assert third.explanation.ordered is None
    assert third.assignee not in (first.assignee, "GO-202", "DEP-CG-1")
    assert loads(tx) == [(third.assignee, 1)]


def test_a_way_is_kept_step_by_step_with_all_that_each_offer_was_chosen_from(tx: Tx) -> None:
    house, hour = House(tx), timedelta(hours=1)
    first = house.accept(NO)
    said = intake.OfferAnswered(
        ticket=NO, assignment=first.assignment, assignee=first.assignee, answer="return",
        return_code="capacity",
    )  # fmt: skip
    (_, second) = house.hear(NO, said, NOON + hour)
    ordered = intake.AssignmentOrdered(ticket=NO, actor=OPERATOR, assignee=BUREAU, reason_code="theirs")
    house.hear(NO, ordered, NOON + 3 * hour)
    way = hops(chain_store.steps(tx, NO), NOON + 7 * hour)
    assert [(hop.assignee, hop.ended, hop.dwell) for hop in way] == [
        (first.assignee, "returned", hour), (second.assignee, "revoked", 2 * hour),
        ("DEP-CG-1", None, 4 * hour),
    ]  # fmt: skip
    assert (way[2].by, way[2].note) == ("operator/desk-07", "theirs")
    for hop, offer in zip(way, (first, second), strict=False):
        pool = chain_store.pool_of(hop.weighed or "")
        chosen = choose(pool, hop.tried)
        assert chosen
        assert (chosen.option.assignee, chosen.explanation) == (offer.assignee, offer.explanation)
        assert pool.item
        assert (pool.item.list, pool.item.version, pool.rules.version) == ("need", 1, 1)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        tx.execute("DELETE FROM chain")


def test_whoever_tries_rules_can_change_nothing(migrated: str) -> None:
    with untouched(migrated) as looking:
        chain_store.read_only(looking)
        assert chain_store.ways(looking, NOON, NOON) == {}
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            looking.execute("INSERT INTO policy VALUES ('routing', 9, now(), '{}')")


def test_past_tickets_are_tried_by_other_rules(tx: Tx) -> None:
    house, numbers = House(tx), [ticket_number("urn:past", str(number)) for number in range(12)]
    for place, number in enumerate(numbers):
        at = NOON + timedelta(minutes=place)
        grid = (GRID, "99010100100201002")[place % 2]
        accepted = ticket.TicketAccepted(
            category="noise_construction", severity="general", grid=grid, channel="resident", source="urn:t"
        )
        (_, offer) = house.hear(number, accepted, at)
        if place % 3 == 0:
            house.give_back(number, offer)
    now, since = NOON + timedelta(hours=9), NOON + timedelta(minutes=2)
    rules = store.know(tx, NOON, [], {}).rules
    ways = chain_store.ways(tx, since, now)
    assert sorted(ways) == sorted(numbers[2:]), "what began before is left out"
    for other, moves in ((rules, False), (replace(rules, near=0, free=0, timely=0, half_life_days=1), True)):
        trial = Trial(other, ways, disputed_at=2)
        for choice in chain_store.choices(tx, since, NOON):
            trial.hear(*choice)
        assert trial.decisions >= 10
        assert bool(trial.moves) == moves


def test_an_order_outside_the_place_the_lists_or_the_directory_is_refused(tx: Tx) -> None:
    house = House(tx)
    house.accept(NO)
    before = (loads(tx), store.load(tx, [NO]))
    why = {
        "GO-302": "GO-302 does not cover this place",
        "PM-202": "list need, version 1 of garbage, allows no party_member; it allows property_company, "
                  "grid_officer, department; proposed: ",
        "nobody": "the directory has no assignee or unit nobody",
    }  # fmt: skip
    for whom, detail in why.items():
        (refused,) = house.hear(
            NO, intake.AssignmentOrdered(ticket=NO, actor=OPERATOR, assignee=whom, reason_code="r")
        )
        assert isinstance(refused, EventRefused)
        assert refused.detail
        assert refused.detail.startswith(detail)
    assert (loads(tx), store.load(tx, [NO])) == before


def test_departments_are_called_by_their_unit_and_missed_by_the_timer_and_their_words_stay_here(
    tx: Tx,
) -> None:
    house, hour = House(tx), timedelta(hours=1)
    house.accept(NO)
    blown = intake.WhistleBlown(
        ticket=NO, actor=OPERATOR, cause="joint_enforcement", departments=[BUREAU, "DEP-PCS"],
        arrive_by=NOON + hour, reason_code="blocked_exit", basis=WORDS,
    )  # fmt: skip
    called = house.hear(NO, blown)
    assert [(one.assignee, one.unit) for one in called] == [("DEP-CG-1", BUREAU), ("DEP-PCS-1", "DEP-PCS")]
    assert WORDS not in repr(called)
    assert tx.execute("SELECT ticket, whistle, cause, basis, by FROM whistle").fetchall() == [
        (NO, 1, "joint_enforcement", WORDS, "desk-07")
    ]
    there = intake.ArrivalReported(
        ticket=NO, actor=Actor(role="assignee", id="DEP-CG-1"), department=BUREAU, at=NOON + hour / 2
    )
    (came,) = house.hear(NO, there, NOON + hour / 2)
    assert came.in_time
    assert store.unarrived(tx, NOON + hour / 2, 9) == []
    assert store.unarrived(tx, NOON + hour, 9) == [NO]
    miss = Stimulus(NO, lambda known: DispatchService.miss(None, NO, known))  # type: ignore[arg-type]
    (missed,) = house.take(miss, NOON + hour)
    assert missed.unit == "DEP-PCS"
    assert store.unarrived(tx, NOON + 9 * hour, 9) == []
    (row,) = desk_store.calls(tx, False, 9)
    assert (row["ticket"], row["department"], row["missed"]) == (NO, "DEP-PCS-1", True)
    assert len(desk_store.calls(tx, True, 9)) == 2
    assert house.take(miss, NOON + hour) == []


def test_the_upgrade_has_a_way_back(servers: Endpoints, migrated: str) -> None:
    folder = Path("services/dispatch/migrations")
    owner = urlsplit(servers.database_url(OWNER))._replace(path=f"/{DATABASE}").geturl()
    with psycopg.connect(owner) as tx:
        tx.execute("SET search_path = dispatch")
        tx.execute((folder / "0003_objection.rollback.sql").read_bytes())
        tx.execute("""
            INSERT INTO "case" (id, sequence, state, category, grid, severity, hop, contact_due_at, tried)
            VALUES ('T', 2, 'accepted', 'garbage', 'g', 'general', 1, '2026-11-21Z', '{}')""")
        tx.execute((folder / "0003_objection.sql").read_bytes())
        kept = tx.execute('SELECT returns, return_until, bound FROM "case"').fetchall()
        assert kept == [(0, datetime(2026, 11, 21, tzinfo=UTC), None)]
        tx.rollback()


def test_ways_and_calls_have_a_way_back_and_leave_cases_as_they_were(
    servers: Endpoints, migrated: str
) -> None:
    folder = Path("services/dispatch/migrations")
    owner = urlsplit(servers.database_url(OWNER))._replace(path=f"/{DATABASE}").geturl()
    with psycopg.connect(owner) as tx:
        tx.execute("SET search_path = dispatch")
        for step in ("0012_chain.rollback", "0011_calls.rollback"):
            tx.execute((folder / f"{step}.sql").read_bytes())
        tx.execute("""
            INSERT INTO "case" (id, sequence, state, category, grid, severity, hop, tried)
            VALUES ('T', 2, 'open', 'garbage', 'g', 'general', 1, '{}')""")
        for step in ("0011_calls", "0012_chain"):
            tx.execute((folder / f"{step}.sql").read_bytes())
        assert tx.execute('SELECT calls, arrive_by FROM "case"').fetchall() == [([], None)]
        assert chain_store.steps(tx, "T") == []
        tx.rollback()
