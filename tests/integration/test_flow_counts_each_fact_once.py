"""Every fact counts once in *Flow*, whatever order the commits come in and whoever dies."""

import random
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from deploy.local.endpoints import Endpoints
from services.console.flow import reading, store
from services.console.flow.buckets import RESOLUTION
from services.console.flow.counting import NOWHERE, TOP
from services.console.flow.slots import window
from tests.integration.flowing import (
    ACCEPTED,
    OFFERED,
    RECEIVED,
    counted,
    counted_to_the_end,
    everything,
    moment,
    rolling,
    stands,
    there,
    told,
)
from tests.integration.mortal import Death, Fate, MortalDatabase

CELL = """
INSERT INTO dispatch.cell (code, parent, level, name, path) VALUES
    ('F1', NULL, 'subdistrict', '花园街道', '{F1}'), ('F2', 'F1', 'community', '七里塘', '{F1,F2}')
ON CONFLICT DO NOTHING
"""
HOUR, DAY = "hour", "day"


@pytest.fixture
def house(empty: Endpoints) -> Iterator[Endpoints]:
    """A house in which nothing has happened, and nothing is counted."""
    with psycopg.connect(empty.database_url("postgres")) as tx:
        tx.execute("TRUNCATE gateway.intake, console.flow_events, console.flow_waits, console.flow_open")
        tx.execute("TRUNCATE console.flow_heat")
        tx.execute("UPDATE console.flow_mark SET upto = 0, newest = 0")
        tx.execute(CELL)
    yield empty
    with psycopg.connect(empty.database_url("postgres")) as tx:
        tx.execute("DELETE FROM dispatch.cell WHERE code IN ('F2', 'F1')")


@pytest.fixture
def room(house: Endpoints) -> Iterator[psycopg.Connection[Any]]:
    """What the operators' room sees, statement by statement."""
    with psycopg.connect(house.database_url("console")) as tx:
        yield tx
        tx.rollback()


@pytest.fixture
def writer(house: Endpoints) -> Iterator[psycopg.Connection[Any]]:
    """The services, each statement committed."""
    with psycopg.connect(house.database_url("postgres"), autocommit=True) as connection:
        yield connection


def test_a_fact_that_commits_after_later_ones_is_waited_for_and_counted_with_them(
    house: Endpoints, room: psycopg.Connection[Any], writer: psycopg.Connection[Any]
) -> None:
    with rolling(house) as roller, psycopg.connect(house.database_url("ticket")) as slow:
        told(slow, "T-slow")
        told(writer, "T-quick")
        for _ in range(3):
            roller.step()
        assert counted(room) == {}
        slow.commit()
        counted_to_the_end(roller, room)
        assert counted(room) == {RECEIVED: 2}
        roller.step()
        assert counted(room) == {RECEIVED: 2}


def test_a_number_that_was_drawn_and_never_used_holds_nothing_up(
    house: Endpoints, room: psycopg.Connection[Any], writer: psycopg.Connection[Any]
) -> None:
    with rolling(house) as roller, psycopg.connect(house.database_url("ticket")) as given_up:
        told(given_up, "T-1")
        told(writer, "T-2")
        roller.step()
        given_up.rollback()
        counted_to_the_end(roller, room)
        assert counted(room) == {RECEIVED: 1}


def lives(tx: Any, tickets: int, seed: int = 1) -> None:
    """Tickets received, accepted, offered; some are done, some late, some in no place."""
    chance = random.Random(seed)
    for number in range(tickets):
        ticket, begun = f"L-{seed}-{number}", moment(minutes=chance.uniform(10, 300))
        told(tx, ticket, RECEIVED, begun)
        told(tx, ticket, ACCEPTED, begun + timedelta(seconds=1), 2)
        told(tx, ticket, OFFERED, begun + timedelta(seconds=chance.uniform(1, 9)), 1, f"{ticket}.ticket.2")
        state = chance.choice(["dispatching", "closed", "suspended", "awaiting_rating"])
        grid, category = chance.choice(["F1", "F2", "elsewhere", None]), chance.choice(["garbage", None])
        stands(
            tx, ticket, state, grid=grid, category=category, received_at=begun,
            due_at=begun + timedelta(hours=2),
        )  # fmt: skip


@pytest.mark.parametrize("moment_", ["before", "after"])
def test_a_process_that_dies_at_any_point_counts_nothing_twice_and_forgets_nothing(
    house: Endpoints, room: psycopg.Connection[Any], writer: psycopg.Connection[Any], moment_: Any
) -> None:
    lives(writer, 8)
    with rolling(house, rows_at_once=1000) as roller:
        counted_to_the_end(roller, room)
        whole = everything(room)
        with roller._database.transaction() as tx:
            store.empty(tx)
    for nth in range(1, 6):  # one row a piece, so that there is enough to die in
        with rolling(house, rows_at_once=1, kind=MortalDatabase) as mortal:
            mortal._database.meets(Fate(nth, moment_, "death"))  # type: ignore[attr-defined]
            with pytest.raises(Death):
                counted_to_the_end(mortal, room)
    with rolling(house, rows_at_once=5) as roller:
        counted_to_the_end(roller, room)
    assert counted(room) == there(room) == {RECEIVED: 8, ACCEPTED: 8, OFFERED: 8}
    assert everything(room) == whole


def write(house: Endpoints, seed: int) -> None:
    """Some transactions with a few facts each; some are given up."""
    chance = random.Random(seed)
    with psycopg.connect(house.database_url("ticket")) as tx:
        for number in range(60):
            for place in range(chance.randint(1, 4)):
                told(tx, f"W-{seed}-{number}", chance.choice([RECEIVED, ACCEPTED]), number=place)
            tx.rollback() if chance.random() < 0.2 else tx.commit()


def count(house: Endpoints, stop: threading.Event) -> None:
    """A process that counts."""
    with rolling(house, rows_at_once=7) as roller:
        while not stop.is_set():
            roller.step()


def test_writers_and_several_that_count_at_once_lose_and_double_nothing(
    house: Endpoints, room: psycopg.Connection[Any]
) -> None:
    stop = threading.Event()
    writers = [threading.Thread(target=write, args=[house, seed]) for seed in range(3)]
    counters = [threading.Thread(target=count, args=[house, stop]) for _ in range(2)]
    for thread in writers + counters:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in counters:
        thread.join()
    with rolling(house) as roller:
        counted_to_the_end(roller, room)
    assert counted(room) == counted(room, HOUR) == counted(room, DAY) == there(room)


def test_times_are_counted_from_the_cause_by_pair_and_by_what_came_of_it(
    house: Endpoints, room: psycopg.Connection[Any], writer: psycopg.Connection[Any]
) -> None:
    begun, by_http, at_broker = moment(minutes=5), uuid4().hex, uuid4().hex
    writer.execute(
        "INSERT INTO gateway.intake (source, id, type, ticket, time, client, digest, received_at) "
        "VALUES ('/city', %s, 'x', 'T', %s, 'c', '', %s)",
        [by_http, begun - timedelta(days=1), begun],
    )  # fmt: skip
    for hearer, id_ in (("ticket", by_http), ("dispatch", at_broker)):
        taken = f"INSERT INTO {hearer}.inbox (source, id, time) VALUES ('/city', %s, %s)"
        writer.execute(taken.encode(), [id_, begun])
    told(writer, "T", RECEIVED, begun + timedelta(seconds=1), 1, by_http)
    told(writer, "T", ACCEPTED, begun + timedelta(seconds=1), 2, by_http)
    told(writer, "T", OFFERED, begun + timedelta(seconds=3), 1, "T.ticket.2")
    accepted = "cn.fengge.dispatch.AssignmentAccepted.v1"
    told(writer, "T", accepted, begun + timedelta(seconds=8), 2, at_broker)
    sent = "cn.fengge.notification.NotificationSent.v1"
    key = '{"key": "T.dispatch.1.assignee", "attempt": 1}'
    told(writer, "T", sent, begun + timedelta(seconds=4), 1, "", key)
    told(writer, "T", "cn.fengge.ticket.TicketDueSoon.v1", begun, 3)
    with rolling(house, rows_at_once=2) as roller:
        counted_to_the_end(roller, room)
    found = reading.times(room, window("hour", moment()))
    assert {(one.giver, one.taker): one.events for one in found.pairs} == {
        ("gateway", "ticket"): 2, ("ticket", "dispatch"): 1, ("outside", "dispatch"): 1,
        ("dispatch", "notification"): 1,
    }  # fmt: skip
    medians = {(one.giver, one.taker): one.p50 for one in found.pairs}
    for pair, seconds in (
        (("gateway", "ticket"), 1),
        (("ticket", "dispatch"), 2),
        (("outside", "dispatch"), 8),
    ):
        assert seconds <= medians[pair] <= seconds * (1 + RESOLUTION)
    assert {one.type for one in found.types} == {RECEIVED, ACCEPTED, OFFERED, accepted, sent}


def heat_of(room: psycopg.Connection[Any], cell: str = TOP) -> dict[str, tuple[int, int, int, int]]:
    found = reading.heat(room, window("day", moment()), cell, moment())
    return {spot.cell: (spot.received, spot.done, spot.waiting, spot.late) for spot in found.places}


def test_heat_follows_a_ticket_to_its_place_and_out(
    house: Endpoints, room: psycopg.Connection[Any], writer: psycopg.Connection[Any]
) -> None:
    with rolling(house) as roller:
        stands(writer, "T")
        told(writer, "T")
        counted_to_the_end(roller, room)
        assert heat_of(room) == {NOWHERE: (1, 0, 1, 0)}
        stands(writer, "T", "dispatching", grid="F2", category="garbage", due_at=moment(hours=1))
        told(writer, "T", ACCEPTED, None, 2)
        counted_to_the_end(roller, room)
        assert heat_of(room) == {"F1": (1, 0, 1, 1)}
        assert heat_of(room, "F1") == heat_of(room, "F2") == {"F2": (1, 0, 1, 1)}
        stands(writer, "T", "suspended", grid="F2", category="garbage", due_at=moment(hours=1))
        told(writer, "T", ACCEPTED, None, 3)
        counted_to_the_end(roller, room)
        assert heat_of(room) == {"F1": (1, 0, 1, 0)}
        stands(writer, "T", "closed", grid="F2", category="garbage")
        told(writer, "T", ACCEPTED, None, 4)
        told(writer, "T", ACCEPTED, None, 5)
        counted_to_the_end(roller, room)
        assert heat_of(room) == {"F1": (1, 1, 0, 0)}
        stands(writer, "T", "accepted", grid="F1", category="garbage")
        told(writer, "T", ACCEPTED, None, 6)
        counted_to_the_end(roller, room)
        assert heat_of(room, "F1") == {"F1": (0, 0, 1, 0), "F2": (1, 1, 0, 0)}


def test_a_deadline_that_passes_unsaid_makes_a_ticket_late(
    house: Endpoints, room: psycopg.Connection[Any], writer: psycopg.Connection[Any]
) -> None:
    with rolling(house) as roller:
        stands(writer, "T", "dispatching", grid="F2", due_at=moment(seconds=-0.5))
        told(writer, "T")
        counted_to_the_end(roller, room)
        assert heat_of(room) == {"F1": (1, 0, 1, 0)}
        stop = moment(seconds=-5)
        while heat_of(room) != {"F1": (1, 0, 1, 1)}:
            roller.step()
            room.rollback()
            assert moment() < stop


def test_counted_anew_it_comes_to_the_same(
    house: Endpoints, room: psycopg.Connection[Any], writer: psycopg.Connection[Any]
) -> None:
    lives(writer, 20, seed=2)
    with rolling(house, rows_at_once=7) as roller:
        counted_to_the_end(roller, room)
        before = everything(room)
        with roller._database.transaction() as tx:
            store.empty(tx)
        room.rollback()
        assert everything(room) == {table: [] for table in before}
        counted_to_the_end(roller, room)
        assert everything(room) == before


def test_it_says_how_far_it_is_and_minds_only_what_is_missing_for_long(
    house: Endpoints, room: psycopg.Connection[Any], writer: psycopg.Connection[Any]
) -> None:
    told(writer, "T")
    for minutes, stale in ((0, False), (2, True)):
        writer.execute("UPDATE console.flow_mark SET settled_at = %s", [moment(minutes=minutes)])
        found = reading.standing(room, moment())
        assert (found.behind > 0, found.stale) == (True, stale)
        room.rollback()
    with rolling(house) as roller:
        counted_to_the_end(roller, room)
    found = reading.standing(room, moment())
    assert (found.behind, found.stale) == (0, False)
