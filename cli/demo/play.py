"""Plays a day: requests from a file, simulated people, the account at the end."""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.audit import store as ledgers
from cli.demo import audit, ground, hurry, neighbourhood, store
from cli.demo.account import ENDED, Account
from cli.demo.crowd import Crowd
from cli.demo.progress import Progress
from cli.demo.stage import USER, Stage
from cli.demo.whim import World
from cli.directory import taken
from cli.place import Place
from cli.say import Failure
from cli.sheet import Submission, submissions
from contracts.numbering import ticket_number

QUIET = 20.0  # seconds without any new fact after which the day is over
SETTLING = 30.0  # seconds for what is under way at the end
LOOK = 0.5


@dataclass(frozen=True)
class Script:
    """What is to be played."""

    run: Path
    number: int = 200
    data: Path = neighbourhood.FOLDER / "demo_requests.csv"
    seed: int = 1
    keep: bool = False
    limit: float = 600.0


@dataclass(frozen=True)
class Ending:
    """The account of a demo and what else is told about it."""

    account: Account
    seconds: float
    told: Mapping[str, Any]


def play(script: Script) -> Ending:
    """Plays the script in the house of its run folder, which is started for it unless it is up."""
    around = neighbourhood.read()
    submissions(script.data, script.number)  # a file that cannot be read is told before anything starts
    with ground.prepared(script.run, keep=script.keep):
        place = Place(script.run)
        report = taken(place, [neighbourhood.FOLDER])
        if not report.ok:
            raise Failure(f"The directory was not taken:\n{report}")
        tag = _tag(place)
        requests = submissions(script.data, script.number, script.seed, around.homes, tag)
        world = World(
            script.seed,
            around.homes,
            around.categories,
            late=hurry.CONTACT + 2,
            names=_names(requests, tag),
        )
        with hurry.short_windows(place):
            return _perform(script, place, requests, world, around)


def _tag(place: Place) -> str:
    """What ends the external ids, so that a database that has tickets already gets new ones; else nothing."""
    with place.transaction("ticket") as tx:
        return f"~{int(time.time()):x}" if store.pulse(tx) else ""


def _names(requests: Sequence[Submission], tag: str) -> dict[str, str]:
    """What each ticket is called in the sheet, so that the same seed plays the same day under any tag."""
    ids = [(each.source, each.request.external_id) for each in requests]
    return {ticket_number(source, id_): f"{source} {id_.removesuffix(tag)}" for source, id_ in ids}


def _perform(
    script: Script,
    place: Place,
    requests: Sequence[Submission],
    world: World,
    around: neighbourhood.Neighbourhood,
) -> Ending:
    stage = Stage(place.amqp_url(USER), int(os.environ.get("SHARDS", "4")), world)
    crowd = Crowd(place.amqp_url("intake"), requests)
    began = time.monotonic()
    try:
        if not stage.open():
            raise Failure("The simulated people cannot reach the broker; see .run/log/rabbitmq.log")
        crowd.start()
        _watch(place, crowd, [(each.source, each.request.external_id) for each in requests], script.limit)
        found = _settled(place, crowd, around)
    finally:
        crowd.stop()
        stage.close()
    told = {
        "refused_answers": dict(stage.refused),
        "answers": dict(stage.answered),
        "not_sent": len(crowd.unsent),
        "seed": script.seed,
    }
    return Ending(found, time.monotonic() - began, told)


def _watch(place: Place, crowd: Crowd, requests: store.Requests, limit: float) -> None:
    """Shows progress until every request has ended, nothing moves any more, or the time is over."""
    progress = Progress(len(requests))
    tick = threading.Event()
    began = moved = time.monotonic()
    pulse = 0
    over = False
    while not over:
        tick.wait(LOOK)
        try:
            states, beat, parked = _look(place, requests)
        except Failure:
            continue  # the database is being started again
        now = time.monotonic()
        if beat != pulse or crowd.is_alive():
            pulse, moved = beat, now
        ended = sum(states.get(state, 0) for state in ENDED) + parked
        over = not crowd.is_alive() and (ended >= len(crowd.confirmed) or now - moved > QUIET)
        over = over or now - began > limit
        progress.tell(states, len(crowd.confirmed), last=over)
    if crowd.failure:
        raise Failure(f"Publishing failed: {crowd.failure}")


def _look(place: Place, requests: store.Requests) -> tuple[dict[str, int], int, int]:
    with place.transaction("ticket") as tx:
        ours = set(requests)
        parked = sum((source, id_) in ours for _, source, id_, _ in ledgers.parked(tx))
        return store.states(tx, requests), store.pulse(tx), parked


def _settled(place: Place, crowd: Crowd, around: neighbourhood.Neighbourhood) -> Account:
    """The account once it balances and nothing is under way, or when that has had its time."""
    requests = [(each.source, each.request.external_id) for each in crowd.confirmed]
    tick = threading.Event()
    deadline = time.monotonic() + SETTLING
    while True:
        found = audit.drawn_up(place, requests, len(requests), around.community)
        if (found.balanced and not found.under_way) or time.monotonic() > deadline:
            return found
        tick.wait(LOOK)
