"""What an operator pauses stands still within two seconds, loses nothing, and goes on when the pause ends."""

import signal
from datetime import timedelta
from functools import partial

import psycopg
import pytest

from chassis import pause
from chassis.clock import now
from deploy.local.accounts import OWNER
from tests.broker import count
from tests.integration.process import SHARDS, Stage, until
from tests.integration.test_shards import readers

PROMPT = 3.0
"""Seconds within which a pause is felt on a machine that has much else to do; alone it takes one."""


def paused(stage: Stage, **what: object) -> int:
    """Begins a pause of the ticket service."""
    with psycopg.connect(stage.endpoints.database_url(OWNER), options="-c search_path=ticket") as tx:
        return pause.begin(tx, **{"part": "consumer", "who": "chen", "reason": "drill"} | what)  # type: ignore[arg-type]


def resumed(stage: Stage, no: int) -> bool:
    """Ends it."""
    with psycopg.connect(stage.endpoints.database_url(OWNER), options="-c search_path=ticket") as tx:
        return pause.end(tx, no, "chen", "over")


def test_nothing_is_taken_in_while_it_lasts_and_nothing_is_lost(stage: Stage) -> None:
    process = stage.start()
    no = paused(stage)
    until(lambda: readers(stage) == [0] * SHARDS, PROMPT)
    stage.submit(range(40))
    assert process.ready()
    assert process.stop()[0] == 0

    process = stage.start()  # a restart does not end a pause
    assert readers(stage) == [0] * SHARDS
    assert stage.tickets() == 0
    assert resumed(stage, no)
    assert not resumed(stage, no)
    until(lambda: stage.tickets() == 40)
    assert process.stop()[0] == 0
    assert not stage.left()
    assert stage.query("SELECT count(*) FROM suspect") == [(0,)]


def test_a_service_says_that_it_lives_also_while_it_stands_still(stage: Stage) -> None:
    """Frozen it says nothing; an operator restarts it (docs/adr/0063)."""
    process = stage.start()
    paused(stage, part="all")
    signed = partial(stage.query, "SELECT instance, seen_at > now() - interval '3 seconds' FROM alive")
    until(lambda: signed() == [(1, True)])
    process.popen.send_signal(signal.SIGSTOP)
    until(lambda: signed() == [(1, False)])
    process.popen.send_signal(signal.SIGCONT)
    until(lambda: signed() == [(1, True)])
    assert process.stop()[0] == 0


def test_one_shard_is_held_and_its_neighbours_flow_also_with_a_fellow(stage: Stage) -> None:
    first, second = stage.start(INSTANCE="1/2"), stage.start(INSTANCE="2/2")
    no = paused(stage, shard=1)
    until(lambda: readers(stage) == [1, 0, 1, 1], PROMPT)
    stage.submit(range(60))
    with stage.channel() as channel:
        until(lambda: stage.tickets() + count(channel, "ticket.1") == 60)
        assert count(channel, "ticket.1") > 0
    resumed(stage, no)
    until(lambda: stage.tickets() == 60)
    assert [process.stop()[0] for process in (first, second)] == [0, 0]
    assert not stage.left()


def test_a_pause_with_an_end_ends_by_itself_and_the_same_is_not_paused_twice(stage: Stage) -> None:
    process = stage.start()
    paused(stage, part="all", until=now() + timedelta(seconds=3))
    with pytest.raises(pause.AlreadyPaused):
        paused(stage, part="all")
    until(lambda: readers(stage) == [0] * SHARDS, PROMPT)
    stage.submit(range(5))
    until(lambda: stage.tickets() == 5)
    paused(stage, part="all", until=now() + timedelta(seconds=1))
    assert stage.query("SELECT ended_why FROM pause ORDER BY no DESC LIMIT 1 OFFSET 1") == [
        ("its time was over",)
    ]
    assert process.stop()[0] == 0
