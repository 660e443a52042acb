"""Two processes of the ticket service that meet with accidents, and a broker's queue that forgets nothing."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
from msgspec.structs import replace

from chassis.clock import now
from chassis.delivery import Arrival
from chassis.recovery import TransientFailure
from chassis.waiting import wake_missed
from contracts import dispatch, intake
from contracts.event import type_of
from deploy.local.endpoints import Endpoints
from tests.integration.ledger import Found, Ledger, ticket_handlers
from tests.integration.mortal import Death, Fate, MortalConfirmed, MortalDatabase
from tests.integration.process import SHARDS, patient, until

WELL, SHAKY, PASSING, POISON, KILLER = "well", "shaky", "passing", "poison", "killer"
"""How handling goes: well; fails once; fails once for a passing reason; fails always; kills the process."""
LATER = timedelta(hours=1)
BUG = RuntimeError("a bug")
ROUNDS = 300
"""More than enough to bring anything to rest."""


class Hearing:
    """A queue of one test alone that hears all that the ticket service publishes."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._connection = patient(endpoints.amqp_url("admin"))
        self._channel = self._connection.channel()
        self._queue = self._channel.queue_declare("", exclusive=True).method.queue
        self._channel.exchange_declare("ticket.events", "direct", durable=True)
        for shard in range(SHARDS):
            self._channel.queue_bind(self._queue, "ticket.events", str(shard))
        self._channel.queue_bind(self._queue, "gov.replies", "intake")

    def forget(self) -> None:
        """Nothing has been heard yet."""
        self._channel.queue_purge(self._queue)

    def listen(self) -> set[int]:
        """The outbox rows heard since the last time."""
        heard = set[int]()
        while True:
            method, properties, _ = self._channel.basic_get(self._queue, auto_ack=True)
            if method is None:
                return heard
            heard.add(int(properties.message_id))

    def close(self) -> None:
        """Takes the queue away."""
        self._connection.close()


class Crew:
    """The processes, the queue with what is not acknowledged yet, and the troubles of handling."""

    def __init__(self, root: Ledger) -> None:
        self._root = root
        self.accepted: set[tuple[str, str]] = set()
        self.queue: list[Found] = []
        self.withheld: list[Found] = []
        self.mended = False
        self._stumbled: set[str] = set()
        self.processes = [self._fresh(), self._fresh()]

    def send(self, found: Sequence[Found], *, withheld: bool = False) -> None:
        """The broker has it; what is withheld is still on its way."""
        self.accepted |= {each.ident for each in found}
        (self.withheld if withheld else self.queue).extend(found)

    def release(self) -> None:
        """What was on its way arrives."""
        self.queue += self.withheld
        self.withheld = []

    def deliver(self, index: int, size: int, fate: Fate | None = None) -> None:
        """One process takes a batch; the broker keeps it for the next one if it dies."""
        batch = self.queue[:size]
        survived = self._live(index, fate, lambda process: process.take(*batch))
        self.queue[: len(batch)] = [] if survived else [_redelivered(each) for each in batch]

    def deliver_twice(self, size: int, fates: Sequence[Fate | None]) -> None:
        """Both processes take the same batch at once, as when one is only believed to be dead."""
        batch = self.queue[:size]
        again = [_redelivered(each) for each in batch]
        survived: list[bool] = []
        zombie = self._meanwhile(0, fates[0], lambda process: process.take(*batch))
        successor = self._meanwhile(1, fates[1], lambda process: process.take(*again), survived)
        zombie.join()
        successor.join()
        self.queue[: len(batch)] = [] if survived == [True] else again

    def resume(self, index: int, fate: Fate | None = None) -> int:
        """The timers of one process, one hour later; returns how many events they tried (1 if they fail)."""
        tried = [1]

        def work(process: Ledger) -> None:
            with suppress(psycopg.OperationalError):  # a timer that fails runs again
                with process.database.transaction() as tx:
                    wake_missed(tx, now())
                tried[0] = process.resume(now() + LATER)

        self._live(index, fate, work)
        return tried[0]

    def publish(self, many: int, fate: Fate | None = None, spared: int | None = None) -> None:
        """Relays run until all is published or all of them are dead; their processes end, new ones start."""
        if self.quiet():
            return
        MortalConfirmed.spared = spared
        running = self.processes[:many]
        relays = [self._meanwhile(index, fate, lambda process: process.relay.run()) for index in range(many)]
        until(lambda: self.quiet() or not any(relay.is_alive() for relay in relays))
        for process in running:
            process.relay.stop()
        for index, relay in enumerate(relays):
            relay.join()
            self.kill(index)
        MortalConfirmed.spared = None

    def quiet(self) -> bool:
        """Whether all that is committed is published."""
        return self._root.rows("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(0,)]

    def kill(self, index: int) -> None:
        """What the process had in memory is gone; only its connections live on, for new ones take time."""
        connections = _mortal(self.processes[index]).left()
        self.processes[index] = self._fresh()
        _mortal(self.processes[index]).inherit(connections)

    def drain(self) -> None:
        """No more accidents: everything arrives, is tried as often as it takes, and is published."""
        self.release()
        for _ in range(ROUNDS):
            if self.queue:
                self.deliver(0, 50)
            elif not self.resume(0):
                break
        else:
            raise AssertionError("it does not come to rest")
        self.publish(1)
        assert self.quiet()

    def _fresh(self) -> Ledger:
        process = self._root.fellow()
        kinds = [type_of(intake.RequestSubmitted), type_of(dispatch.OfferExpired)]
        whole = ticket_handlers()
        for kind in kinds:
            process.handlers[kind] = self._troubled(whole[kind])
        return process

    def _troubled(self, whole: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def handler(event: Any, known: Any) -> Any:
            said = event.data
            self._trouble(said.assignee if isinstance(said, dispatch.OfferExpired) else said.title, event.id)
            return whole(event, known)

        return handler

    def _trouble(self, trouble: str, event: str) -> None:
        if trouble in (SHAKY, PASSING) and event not in self._stumbled:
            self._stumbled.add(event)
            raise BUG if trouble == SHAKY else TransientFailure("not now")
        if trouble in (POISON, KILLER) and not self.mended:
            raise BUG if trouble == POISON else Death

    def _live(self, index: int, fate: Fate | None, work: Callable[[Ledger], None]) -> bool:
        """Lets a process work; False if it dies of it, and another has taken its place."""
        process = self.processes[index]
        _mortal(process).meets(fate)
        try:
            work(process)
        except Death:
            self.kill(index)
            return False
        _mortal(process).meets(None)
        return True

    def _meanwhile(
        self,
        index: int,
        fate: Fate | None,
        work: Callable[[Ledger], None],
        survived: list[bool] | None = None,
    ) -> threading.Thread:
        outcome = [] if survived is None else survived
        thread = threading.Thread(target=lambda: outcome.append(self._live(index, fate, work)))
        thread.start()
        return thread


def _mortal(process: Ledger) -> MortalDatabase:
    assert isinstance(process.database, MortalDatabase)
    return process.database


def _redelivered(found: Found) -> Found:
    return replace(found, redelivered=True) if isinstance(found, Arrival) else found
