"""Sends a period again to the queues of one subscriber, chunk by chunk; a death at it costs a chunk."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import psycopg

from chassis.database import Tx
from chassis.line import BROKEN, Line, reason
from chassis.meter import Meter
from chassis.recovery import TransientFailure
from chassis.relay import Confirmed
from chassis.settings import Settings
from services.console.control import replay_store
from services.console.control.replay_store import Replay

log = logging.getLogger(__name__)

CHUNK = 200
"""Messages that are sent in one transaction: as many are sent twice at most when a process dies."""


class Ledgers(Protocol):
    """Hands out transactions in which all schemas can be read."""

    def transaction(self) -> AbstractContextManager[Tx]: ...


def work(
    ledgers: Ledgers, settings: Settings, pause: Callable[[float], object], no: int | None = None
) -> int:
    """Sends chunk after chunk of what is under way until nothing is; returns how many messages were sent.

    `pause` waits between chunks, so that nobody else is kept waiting by it; it may say that all is to stop.
    """
    sent = 0
    with Line(settings, "console replay") as line:
        publisher = Confirmed(line, settings.confirm_timeout, Meter())
        while True:
            with ledgers.transaction() as tx:
                replay = replay_store.next_under_way(tx, no)
                if replay is None:
                    return sent
                done = _chunk(tx, replay, publisher)
            sent += done
            if pause(done / replay.rate):
                return sent


def work_patiently(ledgers: Ledgers, settings: Settings, pause: Callable[[float], object]) -> None:
    """The same where a broker or database that is away is no reason to end; it connects only for work."""
    try:
        with ledgers.transaction() as tx:
            if replay_store.next_under_way(tx) is None:
                return
        work(ledgers, settings, pause)
    except (*BROKEN, TransientFailure) as error:
        log.warning("replay interrupted", extra=reason(error))
    except psycopg.Error as error:
        log.warning("replay interrupted", extra={"cause": type(error).__name__})


def _chunk(tx: Tx, replay: Replay, publisher: Confirmed) -> int:
    """Sends what comes next of one publisher, and notes it."""
    at = dict(replay.at)
    for name in replay.publishers:
        messages = replay_store.messages(tx, replay, name, at.get(name), CHUNK)
        if messages:
            publisher.publish(messages)
            at[name] = messages[-1].id
            replay_store.move(tx, replay, at, len(messages), done=False)
            return len(messages)
    replay_store.move(tx, replay, at, 0, done=True)
    return 0
