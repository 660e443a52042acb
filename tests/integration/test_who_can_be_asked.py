"""The engine's question on real tables: hours, opting out, recent load, contracts that ended, rulings."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chassis.database import Database
from chassis.model import Stimulus
from chassis.settings import Settings
from contracts import dispatch
from contracts.cloudevent import BATCH, decode, opened
from contracts.numbering import ticket_number
from contracts.worktime import Calendar
from deploy.local.endpoints import Endpoints
from services.dispatch import candidate_store, rota_store
from services.dispatch.directory.importing import import_files
from services.dispatch.service import DispatchService
from services.ticket import domain as ticket_domain
from services.ticket.commands import Observe
from tests.integration.own_database import OFTEN, Tx, given, own_database, plan_is_kept, untouched
from tests.integration.test_rulings_are_kept import EFFECTS, NOON, SAMPLE, House

CELL, OTHER_CELL = "990101001002", "990101001003"


@pytest.fixture(scope="module")
def directory(servers: Endpoints) -> Iterator[str]:
    """A database of these tests alone with the sample directory."""
    with own_database(servers, "dispatch", "engine") as url:
        with psycopg.connect(url) as tx:
            import_files(tx, [path for path in SAMPLE if path.stem != "demo_requests"])
        yield url


@pytest.fixture
def tx(directory: str) -> Iterator[Tx]:
    """An open transaction of the dispatch service that leaves nothing behind."""
    with untouched(directory) as tx:
        yield tx


def number(n: int) -> str:
    return ticket_number("urn:engine", str(n))


def why_not(offer: dispatch.OfferMade) -> dict[str, str]:
    return {one.assignee: one.reason for one in offer.explanation.excluded}


def test_party_members_are_asked_in_their_hours_and_while_they_want_to_be(tx: Tx, tmp_path: Path) -> None:
    """NOON is a Monday, twelve o'clock in China."""
    house = House(tx)
    first = house.accept(number(1), category="noise_neighbour")
    assert first.kind == "party_member"
    tx.execute("UPDATE assignee SET available = '{[1080,1260)}' WHERE code = %s", [first.assignee])
    second = house.accept(number(2), category="noise_neighbour")
    assert second.assignee != first.assignee
    tx.execute("UPDATE assignee SET opted_out_until = %s WHERE code = %s",
               [NOON + timedelta(days=1), second.assignee])  # fmt: skip
    third = house.accept(number(3), category="noise_neighbour")
    told = why_not(third)
    assert (told[first.assignee], told[second.assignee]) == ("not_available", "opted_out")
    tx.execute("UPDATE assignee SET available = '{[700,800)}' WHERE code = %s", [first.assignee])
    asked = candidate_store.options(tx, NOON, 7, {(CELL, "noise_neighbour", "party_member")})
    assert all(one.available for one in asked[CELL, "noise_neighbour"])


def test_hours_come_from_the_file_of_people(tx: Tx, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    head = "code,kind,name,cell,available\nPM-X,party_member,某"
    people.write_text(f"{head},{CELL},周一 11:00-13:00;Sun 08:00-09:00\n")
    assert import_files(tx, [people]).ok
    kept = tx.execute("SELECT available::text FROM assignee WHERE code = 'PM-X'").fetchall()
    assert kept == [("{[660,780),[9120,9180)}",)]
    people.write_text(f"{head},{CELL},someday\n")
    (report,) = import_files(tx, [people]).files
    assert "write them as Mon-Fri 18:00-21:00" in report.errors[0].why


def test_equals_share_the_work_and_what_is_long_ago_no_longer_counts(tx: Tx) -> None:
    house, asked = House(tx), Counter[str]()
    codes = [f"OF-{n}" for n in range(4)]
    tx.execute("UPDATE assignee SET active = false WHERE kind = 'grid_officer'")
    for code in codes:
        tx.execute(
            "INSERT INTO assignee (code, kind, name, cell, skills, load_cap)"
            " VALUES (%s, 'grid_officer', '员', %s, '{environment,urban_management}', 999)",
            [code, CELL],
        )
        tx.execute("INSERT INTO assignee_load (assignee) VALUES (%s)", [code])
    for n in range(40):
        asked[house.accept(number(n), category="cooking_fumes").assignee] += 1
    assert asked == dict.fromkeys(codes, 10)
    tx.execute("UPDATE assignee_load SET recent = 100 WHERE assignee = 'OF-0'")
    loads = candidate_store.options(
        tx, NOON + timedelta(days=14), 7, {(CELL, "cooking_fumes", "grid_officer")}
    )
    recent = {one.assignee: one.recent for one in loads[CELL, "cooking_fumes"]}
    assert (recent["OF-0"], recent["OF-1"]) == (25.0, 2.5)


def test_a_contract_that_has_ended_is_told_and_somebody_else_is_asked(tx: Tx) -> None:
    house = House(tx)
    tx.execute("UPDATE contract SET valid_to = '2026-11-15'")
    facts = house.hear_accepted(number(1), "older_meals")
    (alarm,) = [one for one in facts if isinstance(one, dispatch.DispatchAlarmed)]
    (offer,) = [one for one in facts if isinstance(one, dispatch.OfferMade)]
    assert (alarm.reason, alarm.about[:3]) == ("contract_expired", "HT-")
    assert offer.kind == "volunteer_team"
    assert "contract_expired" in why_not(offer).values()


def test_what_was_ruled_is_asked_first_next_time_also_outside_the_lists(tx: Tx) -> None:
    house = House(tx)
    house.disputed(number(1))
    house.rule(number(1), "DEP-ZJ")
    again = house.accept(number(2))
    assert (again.unit, again.explanation.candidates[0].assignee) == ("DEP-ZJ", again.assignee)


def test_the_question_reads_people_through_the_index(tx: Tx) -> None:
    values = {"places": [CELL], "categories": ["garbage"], "kinds": ["grid_officer"],
              **candidate_store.moment(datetime.now(UTC), 7)}  # fmt: skip
    tx.execute("SET LOCAL enable_seqscan = off")
    plan = repr(tx.execute(f"EXPLAIN {candidate_store.OPTIONS}", values).fetchall())
    assert "assignee_by_cell" in plan
    assert "Seq Scan on assignee" not in plan


def test_the_question_for_one_ticket_is_not_planned_anew_each_time(tx: Tx) -> None:
    """To plan it takes twice as long as to answer it."""
    for _ in range(OFTEN):
        candidate_store.options(tx, NOON, 7, {(CELL, "garbage", "grid_officer")})
    assert plan_is_kept(tx, "FROM catalogue v")


def test_what_is_off_the_lists_is_blocked_with_what_they_had_and_whose_it_may_be(tx: Tx) -> None:
    """One is over since yesterday, a label that no list has is like another, a third is like nothing."""
    house = House(tx)
    tx.execute("UPDATE catalogue SET valid_to = '2026-11-15' WHERE category = 'noise_construction'")
    tx.execute(
        """INSERT INTO import_log (file, sha256, rows, added, changed, who) VALUES ('c', '', 1, 0, 1, 'x')"""
    )
    tx.execute("""INSERT INTO catalogue_change (edition, category, version, list, valid_from, changes)
                  SELECT max(id), 'noise_construction', 1, 'need', '2024-01-01', '{}' FROM import_log""")
    (edition,) = tx.execute("SELECT max(id) FROM import_log").fetchone() or (0,)
    over = blocked(house.hear_accepted(number(1), "工地噪声"))
    assert over.fence == dispatch.Fence(
        lists_version=edition, proposed_unit="DEP-CG", catalogue="need", catalogue_version=1,
        category="noise_construction", valid_to="2026-11-15",
    )  # fmt: skip
    facts = house.hear_accepted(number(2), "楼上噪音太大")
    (offer,) = [one for one in facts if isinstance(one, dispatch.OfferMade)]
    assert (offer.kind, offer.explanation.fence) == ("community_desk", blocked(facts).fence)
    assert blocked(facts).fence.category == "noise_neighbour"  # type: ignore[union-attr]
    unheard = blocked(house.hear_accepted(number(3), "外星人来访"))
    assert unheard.proposed_unit == offer.unit
    assert unheard.fence == dispatch.Fence(lists_version=edition, proposed_unit=offer.unit)


def blocked(facts: list[object]) -> dispatch.DispatchBlocked:
    (found,) = [one for one in facts if isinstance(one, dispatch.DispatchBlocked)]
    return found


def test_a_ruling_on_what_no_list_has_is_asked_first_next_time(tx: Tx) -> None:
    house = House(tx)
    house.hear_accepted(number(1), "外星人来访")
    tx.execute(
        """INSERT INTO ruling (ticket, at, category, grid, assignee, unit, reason_code, basis, by)
        SELECT 'T', '2026-11-01Z', '外星人来访', grid, a.code, a.organization, 'theirs', 'b', 'j'
        FROM "case" c, assignee a WHERE c.id = %s AND a.organization = 'DEP-ZJ'""",
        [number(1)],
    )
    facts = house.hear_accepted(number(2), "外星人来访")
    (offer,) = [one for one in facts if isinstance(one, dispatch.OfferMade)]
    assert (offer.unit, blocked(facts).proposed_unit) == ("DEP-ZJ", "DEP-ZJ")


DUTY = "990101001000"
GAS = "gas_alarm"
MIDNIGHT = NOON - timedelta(hours=12)


def rota(tx: Tx, *shifts: tuple[str, str, int, int]) -> None:
    """The only shifts of the street, daily from Monday the 16th: assignee, role, and hours since midnight."""
    tx.execute("DELETE FROM rota")
    for assignee, role, first, last in shifts:
        hours = [MIDNIGHT + timedelta(hours=hour) for hour in (first, last)]
        tx.execute("""INSERT INTO rota (cell, assignee, role, from_at, to_at, repeat_days)
            VALUES (%s, %s, %s, %s, %s, 1)""", [DUTY, assignee, role, *hours])  # fmt: skip


def test_a_member_who_stands_in_on_the_rota_is_asked_as_the_rota(tx: Tx) -> None:
    """Where he lives and what else he is does not matter; who is on duty comes first."""
    tx.execute("UPDATE assignee SET skills = '{gas}' WHERE code = 'PM-401'")
    rota(tx, ("RO-01", "duty", 12, 20), ("PM-401", "substitute", 0, 24))
    house = House(tx)
    first = house.accept(number(1), GAS)
    assert (first.assignee, first.kind) == ("RO-01", "rota")
    tx.execute("UPDATE assignee SET opted_out_until = %s WHERE code = 'RO-01'", [NOON + timedelta(days=1)])
    stand_in = house.accept(number(2), GAS)
    assert (stand_in.assignee, stand_in.kind) == ("PM-401", "rota")


def test_however_many_are_off_duty_nearby_who_is_on_duty_is_found(tx: Tx) -> None:
    tx.execute("UPDATE assignee SET skills = '{gas}' WHERE kind = 'party_member'")
    rota(tx, ("RO-01", "duty", 8, 16))
    tx.execute("""INSERT INTO rota (cell, assignee, role, from_at, to_at, repeat_days)
        SELECT %s, code, 'duty', %s, %s, 1 FROM assignee WHERE kind = 'party_member' LIMIT 15""",
               [CELL, MIDNIGHT, MIDNIGHT + timedelta(hours=1)])  # fmt: skip
    assert House(tx).accept(number(1), GAS).assignee == "RO-01"


def test_what_is_not_begun_passes_at_the_change_of_shift(tx: Tx) -> None:
    rota(tx, ("RO-01", "duty", 8, 16), ("RO-02", "duty", 16, 24))
    house = House(tx)
    offer = house.accept(number(1), GAS)
    evening = NOON + timedelta(hours=4, minutes=1)
    assert rota_store.changing_hands(tx, NOON, 10) == []
    assert rota_store.changing_hands(tx, evening, 10) == [number(1)]
    handler: Any = DispatchService.hand_over
    change = Stimulus(number(1), lambda known: handler(None, number(1), known))
    revoked, second = house.take(change, evening)
    assert (offer.assignee, revoked.assignee, revoked.reason_code) == ("RO-01", "RO-01", "shift_over")
    assert (second.assignee, second.hop) == ("RO-02", 2)
    assert rota_store.changing_hands(tx, evening, 10) == []
    assert rota_store.changing_hands(tx, evening + timedelta(hours=12), 10) == []


def test_a_gap_days_ahead_is_told_once_by_the_service(directory: str, servers: Endpoints) -> None:
    """Nobody has the nights of the street; the ticket service keeps the fact like any other."""
    settings = Settings(amqp_url=servers.amqp_url("dispatch"), database_url=directory)
    service, database = DispatchService(), Database(settings, "dispatch")
    service.begin(settings, database)
    with psycopg.connect(directory) as tx:
        kept = tx.execute("SELECT * FROM rota").fetchall()
        rota(tx, ("RO-01", "duty", 8, 24))
    try:
        found = service.look_ahead(NOON)
        assert [one.ticket for one in found] == [f"RT-{DUTY}"]
        with psycopg.connect(directory) as tx:
            bodies = given(EFFECTS, tx, [(one.ticket, one) for one in found], NOON)
        told: list[Any] = [opened(one).data for body in bodies for one in decode(BATCH, body.encode())]
        assert [(one.cell, one.starts_at) for one in told] == [
            (DUTY, MIDNIGHT + timedelta(days=day)) for day in (1, 2, 3)
        ]
        assert service.look_ahead(NOON + timedelta(minutes=1)) == []
        with psycopg.connect(directory) as tx:
            assert service.metrics(tx)[0].value == 3
    finally:
        with psycopg.connect(directory) as tx, tx.cursor() as cursor:
            cursor.execute("DELETE FROM rota")
            cursor.execute("DELETE FROM rota_watch")
            cursor.executemany("INSERT INTO rota VALUES (%s, %s, %s, %s, %s, %s, %s)", kept)
        database.close()
    state = ticket_domain.initial(f"RT-{DUTY}")
    noted = Observe(fact=told[0], at=NOON, rules={}, calendar=Calendar())
    assert ticket_domain.decide(state, noted) == [told[0]]
